"""What says that it is from the future is not believed: no session lives longer for it."""

from __future__ import annotations

import pytest
from abroad_app import (
    serving,
)
from tornado_state.cookies.signing import Signer
from tornado_state.sessions.sealing import Contents


# Row 21
@pytest.mark.parametrize(
    ("ahead", "lives"), [(0, True), (299, True), (302, False), (86_400, False)]
)
async def test_a_record_from_the_future_is_not_believed(ahead: int, lives: bool) -> None:
    """A host whose clock is ahead makes no session that lives longer: five minutes at most."""
    async with (
        serving() as browser,
        serving(session_store=browser.store, state_clock=lambda: clock() + ahead) as fast,
    ):
        clock = browser.application.settings["state_clock"]
        await fast.fetch("/fill", "POST")
        browser.jar = {"state-session-id": fast.jar["state-session-id"]}
        assert (await browser.values())["visits"] == lives
        clock.pass_(43_200 + 300)
        assert (await browser.values())["visits"] == 0


# Row 21
async def test_a_cookie_from_the_future_is_not_believed() -> None:
    """The same for what is in signed cookies."""
    async with (
        serving() as browser,
        serving(state_clock=lambda: browser.application.settings["state_clock"]() + 302) as fast,
    ):
        await fast.fetch("/fill", "POST")
        browser.jar = fast.jar
        assert (await browser.values())["theme"] == "system"


# Row 21
async def test_a_stored_time_that_was_moved_ahead_ends_the_session() -> None:
    """A record that says it is from tomorrow is no session, and is counted."""
    async with serving() as browser:
        await browser.fetch("/fill", "POST")
        signer = Signer({0: browser.application.settings["cookie_secret"]}, "state")
        signed = signer.verify("state-session-id", browser.jar["state-session-id"])
        assert signed is not None
        session_id = signed.value.decode()
        sealer = browser.application.composition.sessions.records.sealer

        def tomorrow(sealed: bytes) -> bytes:
            contents = sealer.unseal(session_id, sealed)
            assert isinstance(contents, Contents)
            ahead = contents._replace(created_at=contents.created_at + 86_400)
            return sealer.seal(session_id, ahead)

        browser.store.tamper(tomorrow)
        assert (await browser.values())["visits"] == 0
        assert browser.application.state_events.counts["unreadable"] == 1

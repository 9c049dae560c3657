"""A stream whose answer begins a session, or has it go on under another ID, ends with that one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from abroad_app import ANN, ROUTES, Everything, serving
from commanded_store import fails


class Streams(Everything):
    """Streams until it is let go on, and says whether it was told of the session's end."""

    async def post(self, what: str, flushes: str) -> None:
        match what:
            case "begin":
                self.visits = 1
            case "sign-in":
                self.state.sign_in(ANN)
            case "renew":
                self.state.renew_id()
            case "anew":
                self.state.destroy()
                self.visits = 1
            case "sign-out":
                self.state.destroy()
        if flushes:
            self.flush()
        ended, events = asyncio.Event(), self.application.settings["events"]
        with self.state.when_ended(ended.set):
            await self.flush()
            events["begun"].set()
            await events["go_on"].wait()
        self.write(str(ended.is_set()))


async def said(browser: Any, path: str, *, ends: bool) -> str:
    """Return what a stream says, while which all sessions end that there are then."""
    events = browser.application.settings["events"]
    asking = asyncio.ensure_future(browser.fetch(path, "POST"))
    await events["begun"].wait()
    if ends:
        await browser.application.composition.sessions.end(browser.store.keys)
    events["go_on"].set()
    return str((await asking).body.decode())


@pytest.mark.parametrize("flushes", ["", "flushes"])
@pytest.mark.parametrize(
    ("before", "what"),
    [
        *((before, what) for before in (False, True) for what in ("begin", "sign-in", "anew")),
        (True, "renew"),
    ],
)
async def test_a_stream_is_told_of_the_end_of_what_it_began(
    before: bool, what: str, flushes: str
) -> None:
    """And of no other: that the old ID is over is what it has asked for."""
    for ends in (True, False):
        events = {"begun": asyncio.Event(), "go_on": asyncio.Event()}
        routes = ROUTES | {"/([a-z-]+)/([a-z]*)": Streams}
        async with asyncio.timeout(5), serving(routes, events=events) as browser:
            if before:
                await browser.fetch("/login", "POST")
            assert await said(browser, f"/{what}/{flushes}", ends=ends) == str(ends)
            assert not browser.application.composition.sessions.watches._by_key


async def test_a_stream_that_signs_out_is_told_at_once() -> None:
    """It is over with the answer's head."""
    events = {"begun": asyncio.Event(), "go_on": asyncio.Event()}
    routes = ROUTES | {"/([a-z-]+)/([a-z]*)": Streams}
    async with asyncio.timeout(5), serving(routes, events=events) as browser:
        await browser.fetch("/login", "POST")
        assert await said(browser, "/sign-out/", ends=False) == "True"


async def test_a_stream_whose_session_does_not_begin_watches_nothing() -> None:
    """Its commit fails, and another answer goes out."""
    events = {"begun": asyncio.Event(), "go_on": asyncio.Event()}
    routes = ROUTES | {"/([a-z-]+)/([a-z]*)": Streams}
    async with asyncio.timeout(5), serving(routes, events=events) as browser:
        browser.store.tell("add", fails)
        assert (await browser.fetch("/begin/", "POST")).code == 503
        assert not browser.application.composition.sessions.watches._by_key

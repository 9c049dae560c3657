"""Who is signed in, where a cookie says it: from each sign-in on, until there is a sign-out."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from abroad_app import application
from test_abroad_interrupted import INTERRUPTIONS, interrupted
from tornado_state import CompositionError, Kind, StateHandler
from without_sockets import ask

HOUR = 3600.0


class Page(StateHandler):
    user, draft = Kind("user", str, identity=True), Kind("draft", str, default="", inherited=True)
    count = Kind("count", int, default=0, fresh=True)

    def get(self) -> None:
        self.write({"user": self.user, "draft": self.draft, "count": self.count})

    def post(self) -> None:
        self.state.sign_in("ann")

    def put(self) -> None:
        self.draft, self.count = "mine", 1

    async def delete(self) -> None:
        await self.flush()
        async with self.open_state() as state:
            state.destroy()

    async def patch(self) -> None:
        """Sign somebody else in whom somebody else refuses."""
        self.state.sign_in("ben")
        with suppress(LookupError):
            await self.state.commit(refuse)


async def refuse(store_key: str) -> None:
    raise LookupError(store_key)


async def values(made: Any, jar: dict[str, str]) -> dict[str, Any]:
    return dict(json.loads((await ask(made, "/", jar, "GET")).body))


async def test_who_signs_in_once_more_is_so_for_as_long_again() -> None:
    """The cookie is the one that came, but for the time that it was signed at."""
    made, jar = application({"/": Page}), dict[str, str]()
    for _ in range(2):
        assert (await ask(made, "/", jar)).code == 200
        made.settings["state_clock"].pass_(11 * HOUR)
    assert (await values(made, jar))["user"] == "ann"


async def test_a_sign_out_that_takes_a_cookie_is_refused_once_none_can_go_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not half done: neither who is signed in is dropped then, nor is the session."""
    made, jar = application({"/": Page}), dict[str, str]()
    for method in ("POST", "PUT", "DELETE"):
        assert (await ask(made, "/", jar, method)).code == 200
    assert await values(made, jar) == {"user": "ann", "draft": "mine", "count": 1}
    assert "CookieNeeded: a sign-out of whom a cookie names needs a cookie" in caplog.text


async def test_a_sign_in_that_was_refused_leaves_who_was_there() -> None:
    """The answer is one of 200, and keeps nothing of it."""
    made, jar = application({"/": Page}), dict[str, str]()
    for method in ("POST", "PUT", "PATCH"):
        assert (await ask(made, "/", jar, method)).code == 200
    assert await values(made, jar) == {"user": "ann", "draft": "mine", "count": 1}


def test_who_is_signed_in_does_not_outlive_a_sign_out() -> None:
    """Such a kind would make ``destroy`` no sign-out."""
    with pytest.raises(
        CompositionError, match=r"^user: who is signed in does not outlive sign-out"
    ):
        Kind("user", str, identity=True, outlives_logout=True)


class Told(StateHandler):
    """What is kept in the session says whose it is."""

    user = Kind("user", str, identity=True)
    secret = Kind("secret", str, default="", confidential=True)

    def get(self) -> None:
        self.write({"user": self.user, "secret": self.secret})

    def post(self) -> None:
        self.state.sign_in("ann")
        self.secret = "of ann"

    async def put(self) -> None:
        """Sign Ben in, have that written ``how``, and do ``then``."""
        how, write, then = self.get_query_arguments("of")
        self.state.sign_in("ben")
        writes = {
            "commit": self.state.commit,
            "update": lambda: self.state.update(Told.secret, lambda _: "of ben"),
        }
        if write == "commit":
            self.secret = "of ben"
        if how == "heard":
            await writes[write]()
        else:
            await interrupted(self, how, writes[write])
        if then == "reloads":
            await self.state.reload()
        elif then == "fails":
            raise LookupError


@pytest.mark.parametrize("then", ["answers", "reloads", "fails"])
@pytest.mark.parametrize("write", ["commit", "update"])
@pytest.mark.parametrize("how", ["heard", *INTERRUPTIONS])
async def test_nobody_has_the_session_of_whoever_signed_in(how: str, write: str, then: str) -> None:
    """Whatever became of a sign-in: the cookie names the person that the session is of."""
    made, jar = application({"/": Told}), dict[str, str]()
    assert (await ask(made, "/", jar)).code == 200
    answer = await ask(made, f"/?of={how.replace(' ', '+')}&of={write}&of={then}", jar, "PUT")
    assert answer.code == (500 if then == "fails" else 200)
    found = await values(made, jar)
    is_done = INTERRUPTIONS.get(how, True) or then == "answers"
    assert found["user"] == ("ben" if is_done else "ann")
    assert found["secret"] in {f"of {found['user']}", "" if found["user"] == "ben" else None}

"""Cookies go along with whom the store has signed in or out, whatever is forgotten after that."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from abroad_app import SECRET
from commanded_store import Clock, CommandedStore, loses_its_answer
from tornado_state import Kind, StateApplication, StateHandler, StoreUnavailable
from without_sockets import ask

USER = Kind("user", str, identity=True, confidential=True, revocable=True)
COUNT = Kind("count", int, default=0, concurrent=True, fresh=True)
#: For one person, and inherited; for anybody, and not inherited.
DRAFT = Kind("draft", list[str], default=[], inherited=True)
HINT = Kind("hint", str, default="", outlives_logout=True)


class Page(StateHandler):
    user, count, draft, hint = USER, COUNT, DRAFT, HINT

    def get(self) -> None:
        self.write({"user": self.user, "draft": self.draft, "hint": self.hint})

    async def put(self) -> None:
        if who := self.application.settings["who"]:
            self.state.sign_in(who)
        self.count, self.draft, self.hint = 1, ["mine"], "seen"

    async def post(self) -> None:
        await self.application.settings["post"](self)


async def after(
    jar: dict[str, str], post: Callable[[Any], Awaitable[None]], who: str = ""
) -> tuple[int, dict[str, Any]]:
    """Have a visitor with a draft post; return the status, and what he sees next."""
    clock = Clock()
    store = CommandedStore(clock)
    made = StateApplication(
        [("/", Page)],
        cookie_secret=SECRET,
        cookie_secure=False,
        session_store=store,
        state_clock=clock,
        log_function=lambda handler: None,
        post=post,
        store=store,
    )
    made.settings["who"] = who
    assert (await ask(made, "/", jar, "PUT")).code == 200
    answer = await ask(made, "/", jar)
    store.commands.clear()
    return answer.code, json.loads((await ask(made, "/", jar, "GET")).body)


async def counted(h: Any) -> None:
    await h.state.update(COUNT, lambda n: n + 1)


async def counted_unheard(h: Any) -> None:
    """As it was done, and nobody heard of it."""
    h.application.settings["store"].tell("cas", loses_its_answer)
    with suppress(StoreUnavailable):
        await counted(h)


async def reloaded(h: Any) -> None:
    await h.state.reload()


async def failed(h: Any) -> None:
    h.set_status(500)


async def raised(h: Any) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("then", [reloaded, failed, raised])
@pytest.mark.parametrize("done", [counted, counted_unheard])
async def test_who_was_signed_in_by_an_update_has_his_draft(done: Any, then: Any) -> None:
    """It is signed for whoever the store has signed in, and what is not inherited is gone."""

    async def post(h: Any) -> None:
        h.state.sign_in("ann")
        await done(h)
        await then(h)

    code, seen = await after({}, post)
    assert code == (200 if then is reloaded else 500)
    assert seen == {"user": "ann", "draft": ["mine"], "hint": ""}


@pytest.mark.parametrize("then", [reloaded, failed, raised])
async def test_who_was_signed_out_by_an_update_leaves_no_cookie(then: Any) -> None:
    """What ends with sign-out is cleared in the browser, though the request failed."""

    async def post(h: Any) -> None:
        h.state.destroy()
        await counted(h)
        await then(h)

    jar: dict[str, str] = {}
    _, seen = await after(jar, post, "ann")
    assert seen == {"user": None, "draft": [], "hint": "seen"}
    assert not any("draft" in name for name in jar)


@pytest.mark.parametrize("then", [reloaded, failed, raised])
async def test_who_was_not_signed_in_after_all_keeps_what_he_had(then: Any) -> None:
    """Nothing was confirmed, so nothing has changed hands."""

    async def post(h: Any) -> None:
        h.state.sign_in("ann")
        await then(h)

    _, seen = await after({}, post)
    assert seen == {"user": None, "draft": ["mine"], "hint": "seen"}


async def test_what_came_after_a_sign_in_is_kept() -> None:
    """A commit has the cookies go along: what is assigned after it is not taken for older."""

    async def post(h: Any) -> None:
        h.state.sign_in("ann")
        await counted(h)
        h.hint = "mine"
        await h.state.commit()
        await h.state.reload()

    assert (await after({}, post))[1] == {"user": "ann", "draft": ["mine"], "hint": "mine"}


async def test_who_is_signed_out_elsewhere_sees_nothing_of_what_was_his() -> None:
    """After a reload that finds no session, a draft that was read before it is there no more."""
    seen: list[Any] = []

    async def post(h: Any) -> None:
        assert h.draft == ["mine"]
        store = h.application.settings["store"]
        await store.delete(h.state.store_key)
        h.hint = "kept"
        await h.state.commit()
        await h.state.reload()
        seen.extend((h.user, h.draft, h.hint))
        h.draft.append("anybody's")

    code, then = await after({}, post, "ann")
    assert (code, seen[:1], seen[2:]) == (200, [None], ["kept"])
    assert then == {"user": None, "draft": ["anybody's"], "hint": "kept"}

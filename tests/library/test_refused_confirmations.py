"""What becomes of a new session ID when somebody else refuses it, or nobody can tell."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from state_app import ADA, BASKET, WHO, Visitor, World, handler, serving, with_session
from tornado.web import HTTPError
from tornado_state import StateHandler
from visitor_with_draft import after


class Refused(Exception):
    """What a database says of an account that was disabled meanwhile."""


async def refuse(_store_key: str) -> None:
    raise Refused


async def sign_in(self: StateHandler) -> None:
    self.state.sign_in(ADA)
    try:
        await self.state.commit(refuse)
    except Refused:
        raise HTTPError(401) from None


async def renew(self: StateHandler) -> None:
    self.state.renew_id(grace=False)
    try:
        await self.state.commit(refuse)
    except Refused:
        self.write("not renewed")


@pytest.mark.parametrize("method", [sign_in, renew])
@pytest.mark.parametrize("known", [True, False], ids=["session", "anonymous"])
async def test_what_was_refused_is_not_made_with_the_answer(method: Any, known: bool) -> None:
    """An answer below 500 keeps what was changed, but not what a confirmation has refused."""
    world = World()
    async with serving(world, {"/": handler(BASKET, WHO, post=method)}) as browser:
        if known:
            visitor = await with_session(world, basket=3)
            browser.jar = dict(visitor.cookies)
        before = dict(browser.jar)
        await browser.get("/", "POST")
        assert browser.jar == before
        assert world.store.records() == known
        assert await Visitor(world, browser.jar).data() == ({"basket": 3} if known else {})


async def interrupted(store_key: str) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


@pytest.mark.parametrize("confirm", [refuse, interrupted])
async def test_nor_is_any_cookie_that_was_to_go_along_with_it(confirm: Any) -> None:
    """Nor a sign-in that nobody else has come to know of, because that was interrupted."""

    async def post(h: Any) -> None:
        h.state.sign_in("ben")
        commit = asyncio.ensure_future(h.state.commit(confirm))
        await asyncio.gather(commit, return_exceptions=True)

    answered = await after({}, post, "ann")
    assert answered == (200, {"user": "ann", "draft": ["mine"], "hint": "seen"})


def change_id(self: StateHandler) -> None:
    if self.get_argument("sign_in", ""):
        self.state.sign_in(ADA)
    else:
        self.state.renew_id()


@pytest.mark.parametrize("query", ["", "?sign_in=1"])
async def test_a_new_record_that_nobody_gets_the_id_of_does_not_stay(query: str) -> None:
    """Where the store takes no renewal, and can say nothing of it, it still deletes."""
    world = World()
    async with serving(world, {"/": handler(BASKET, WHO, post=change_id)}) as browser:
        visitor = await with_session(world, basket=3)
        browser.jar = dict(visitor.cookies)
        world.store.fail("cas")
        assert (await browser.get(f"/{query}", "POST")).code == 503
        assert world.store.records() == 1
        assert await visitor.data() == {"basket": 3}


async def test_a_cookie_that_breaks_its_reader_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong before the handler begins, the client gets an answer: 500."""
    world = World()
    async with serving(
        world, {"/": handler(BASKET, get=lambda self: self.write(str(self.basket)))}
    ) as browser:
        visitor = await with_session(world, basket=3)
        browser.jar = dict(visitor.cookies)
        monkeypatch.setattr("tornado_state.sessions.id_cookie.is_session_id", lambda _text: 1 / 0)
        assert (await browser.get("/")).code == 500


CALLS: dict[str, Any] = {
    "commit": lambda state: state.commit(),
    "update": lambda state: state.update(BASKET, lambda number: number + 1),
    "reload": lambda state: state.reload(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_confirmation_that_waits_for_its_commit_is_refused(call: Any) -> None:
    """Both would wait for ever, and so would whoever asked; nobody is signed in."""

    async def post(self: StateHandler) -> None:
        self.state.sign_in(ADA)
        await self.state.commit(lambda store_key: call(self.state))

    world = World()
    async with (
        asyncio.timeout(2),
        serving(world, {"/": handler(BASKET, WHO, post=post)}) as browser,
    ):
        assert (await browser.get("/", "POST")).code == 500
        assert (browser.jar, world.store.records()) == ({}, 0)

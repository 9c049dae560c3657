"""A visitor's state opened anew while the answer still waits for the store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from abroad_app import ANN, ROUTES, Everything, handler, serving
from commanded_store import fails
from tornado_state import SessionEnded

BOB = {"id": "bob"}


def begin(h: Any) -> None:
    h.visits = 1


def sign_in(h: Any) -> None:
    h.state.sign_in(BOB)
    h.visits = 1


def renew(h: Any) -> None:
    h.state.renew_id()
    h.visits = 1


def sign_out(h: Any) -> None:
    h.state.destroy()


def by_finishing(h: Any) -> None:
    h.finish()
    h.go_on()


def by_flushing(h: Any) -> None:
    h.flush()
    h.go_on()


def by_giving_up(h: Any) -> None:
    """Whoever is tired of waiting until the answer has left gives up nothing else."""
    h.finish().cancel()
    h.go_on()


def by_returning(h: Any) -> None:
    h.go_on()


class Begins(Everything):
    """Answers, and goes on twice at once in the visitor's state."""

    async def post(self, what: str, how: str) -> None:
        globals()[what](self)
        globals()[how](self)

    def go_on(self) -> None:
        jobs = [asyncio.create_task(self.job()) for _ in range(2)]
        self.application.settings["jobs"].extend(jobs)

    async def job(self) -> Any:
        async with self.open_state() as state:
            await state.update(Everything.visits, lambda visits: visits + 1)
            return state.identity


WAYS = ["by_finishing", "by_flushing", "by_giving_up", "by_returning"]


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(
    ("before", "what", "who"),
    [(None, "begin", None), (None, "sign_in", BOB), (ANN, "sign_in", BOB), (ANN, "renew", ANN)],
)
async def test_it_is_what_the_visitor_has_after_the_answer(
    before: Any, what: str, who: Any, how: str
) -> None:
    """Nobody is told that a session has ended which is about to begin, or goes on in an old one."""
    jobs: list[asyncio.Task[Any]] = []
    async with serving(ROUTES | {"/(.*)/(.*)": Begins}, jobs=jobs) as browser:
        if before is not None:
            await browser.fetch("/login", "POST")
        assert (await browser.fetch(f"/{what}/{how}", "POST")).code == 200
        assert await asyncio.gather(*jobs) == [who, who]
        assert (await browser.values())["visits"] == 3


@pytest.mark.parametrize("how", WAYS)
async def test_it_is_over_with_a_sign_out(how: str) -> None:
    """Though that waits for the store as the block is opened."""
    jobs: list[asyncio.Task[Any]] = []
    async with serving(ROUTES | {"/(.*)/(.*)": Begins}, jobs=jobs) as browser:
        await browser.fetch("/login", "POST")
        assert (await browser.fetch(f"/sign_out/{how}", "POST")).code == 200
        ended = await asyncio.gather(*jobs, return_exceptions=True)
        assert [type(each) for each in ended] == [SessionEnded, SessionEnded]


@pytest.mark.parametrize("how", WAYS)
async def test_where_the_commit_fails_it_is_what_the_visitor_had(how: str) -> None:
    """Another answer went out, and the session goes on without what the request changed."""
    jobs: list[asyncio.Task[Any]] = []
    async with serving(ROUTES | {"/(.*)/(.*)": Begins}, jobs=jobs) as browser:
        await browser.fetch("/login", "POST")
        browser.store.tell("add", fails)
        assert (await browser.fetch(f"/sign_in/{how}", "POST")).code == 503
        assert await asyncio.gather(*jobs) == [ANN, ANN]
        assert (await browser.values())["visits"] == 2


async def test_a_block_that_is_given_up_keeps_no_other_waiting() -> None:
    """Of two that wait for one answer."""
    jobs: list[asyncio.Task[Any]] = []

    def post(h: Any) -> None:
        begin(h)
        by_finishing(h)
        asyncio.get_running_loop().call_soon(jobs[0].cancel)

    async with serving(ROUTES | {"/go": handler(Begins, post=post)}, jobs=jobs) as browser:
        assert (await browser.fetch("/go", "POST")).code == 200
        given_up, done = await asyncio.gather(*jobs, return_exceptions=True)
        assert (type(given_up), done) == (asyncio.CancelledError, None)
        assert (await browser.values())["visits"] == 2

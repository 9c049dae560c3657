"""A change that is one compare-and-swap is committed without a task, and as truly as any other."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from state_app import BASKET, LINES, SEEN, STEP, Visitor, World, handler, serving, with_session
from tornado.simple_httpclient import HTTPStreamClosedError
from tornado_state import RequestState, StateHandler, StoreUnavailable
from watched_store import WatchedStore


def count(self: StateHandler) -> None:
    self.state[BASKET] += 1
    self.write(str(self.state[BASKET]))


def read(self: StateHandler) -> None:
    self.write(str(self.state[BASKET]))


ROUTES = {"/": handler(BASKET, get=read, post=count)}


class Answering(WatchedStore):
    """A store whose next compare-and-swaps are answered with ``answers``, first to last.

    A future is what the caller gets, an exception is raised at once, and None asks the store.
    """

    def __init__(self, world: World, *answers: object) -> None:
        super().__init__(world.clock)
        self._kept = world.store._kept
        self.answers = [*answers]

    def cas_soon(self, *asked: Any) -> asyncio.Future[bool | None]:
        """Answer as is to be."""
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, asyncio.Future):
            return answer
        if isinstance(answer, Exception):
            raise answer
        return super().cas_soon(*asked)


async def answered(*answers: object) -> tuple[Visitor, World, Answering]:
    """Return somebody with a session, and a world whose store answers so."""
    visitor = await with_session()
    store = Answering(visitor.world, *answers)
    return visitor, visitor.world.like(store=store), store


def future(outcome: object) -> asyncio.Future[Any]:
    """Return a future that is done."""
    made: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    if isinstance(outcome, Exception):
        made.set_exception(outcome)
    else:
        made.set_result(outcome)
    return made


async def test_a_change_is_one_compare_and_swap() -> None:
    """A look-up and a compare-and-swap for each request, and nothing lost or written twice."""
    visitor, world, store = await answered()
    async with serving(world, ROUTES) as browser:
        browser.jar = visitor.cookies
        for number in (2, 3, 4):
            assert (await browser.get("/", "POST")).body == str(number).encode()
        assert store.operations == {"load": 3, "cas": 3}


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_store_that_does_not_answer_is_told(at_once: bool) -> None:
    """Whether it says so at once or later: 503, asked once, and the old value stands."""
    away = StoreUnavailable("away")
    visitor, world, store = await answered(away if at_once else future(away))
    async with serving(world, ROUTES) as browser:
        browser.jar = visitor.cookies
        answer = await browser.get("/", "POST")
        assert (answer.code, answer.headers["Retry-After"]) == (503, "1")
        assert "cas" not in store.operations
        assert (await browser.get("/")).body == b"1"
        assert (await browser.get("/", "POST")).body == b"2"


async def test_what_nobody_foresaw_is_answered_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A store that breaks its contract leaves nobody without an answer."""
    visitor, world, _ = await answered(future(ZeroDivisionError()))
    async with serving(world, ROUTES) as browser:
        browser.jar = visitor.cookies
        with caplog.at_level(logging.ERROR):
            assert (await browser.get("/", "POST")).code == 500
        assert "the commit of a request's state failed" in caplog.text
        assert (await browser.get("/", "POST")).body == b"2"


@pytest.mark.parametrize(("outcome", "status"), [(False, 200), (None, 200)])
async def test_whoever_was_overtaken_looks_again(outcome: bool | None, status: int) -> None:
    """What the store did not replace is looked up, not tried blindly once more."""
    visitor, world, store = await answered(future(outcome))
    async with serving(world, ROUTES) as browser:
        browser.jar = visitor.cookies
        assert (await browser.get("/", "POST")).code == status
        assert store.operations == {"load": 2, "cas": 1}


async def test_a_session_that_ended_meanwhile_stays_ended() -> None:
    """The record is gone when the change comes: 401, and nothing is stored."""
    visitor, world, store = await answered()
    async with serving(world, ROUTES) as browser:
        browser.jar = visitor.cookies
        store.let_go_first("cas", store.evict)
        assert (await browser.get("/", "POST")).code == 401
        assert store.records() == 0


async def test_requests_of_one_session_take_turns() -> None:
    """While one is at the store, the next one waits; what both changed, the kind decides."""
    visitor, world, store = await answered()
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        under_way.set()
        await go_on.wait()

    async with serving(world, ROUTES) as browser:
        browser.jar = visitor.cookies
        store.let_go_first("cas", wait)
        first = asyncio.ensure_future(browser.get("/", "POST"))
        await under_way.wait()
        second = asyncio.ensure_future(browser.get("/", "POST"))
        while store.operations["load"] < 2:
            await asyncio.sleep(0)
        for _ in range(50):  # turns of the loop in which the second one comes to its commit
            await asyncio.sleep(0)
        assert store.operations["cas"] == 1
        go_on.set()
        assert [(await first).body, (await second).body] == [b"2", b"2"]
        assert store.operations["cas"] > 1
        assert (await browser.get("/", "POST")).body == b"3"


async def test_a_commit_that_is_given_up_is_nobodys_error(caplog: pytest.LogCaptureFixture) -> None:
    """The loop is being closed: nobody is there to answer, and nothing is to be done."""
    asked = asyncio.ensure_future(asyncio.Event().wait())
    visitor, world, store = await answered(asked)
    async with serving(world, ROUTES) as browser:
        browser.jar = visitor.cookies
        asking = asyncio.ensure_future(browser.get("/", "POST"))
        while store.answers:
            await asyncio.sleep(0)
        asked.cancel()
        await asyncio.sleep(0)
        assert not [each for each in caplog.records if each.name == "asyncio"]
    with pytest.raises(HTTPStreamClosedError):
        await asking


async def impatient(self: StateHandler) -> None:
    count(self)
    self.finish().cancel()


@pytest.mark.parametrize("away", [True, False])
async def test_a_handler_that_does_not_wait_for_its_answer_has_one_all_the_same(away: bool) -> None:
    """Whoever gives up waiting until the answer has left gives up nothing else."""
    visitor = await with_session()
    if away:
        visitor.world.store.fail("cas")
    async with serving(visitor.world, {"/": handler(BASKET, post=impatient)}) as browser:
        browser.jar = visitor.cookies
        answer = await asyncio.wait_for(browser.get("/", "POST"), 5)
        assert answer.code == (503 if away else 200)


async def test_what_a_handler_does_as_it_finishes_is_in_time() -> None:
    """A change inside a value while the answer is held is kept, as nothing has left yet."""

    def post(self: StateHandler) -> None:
        self.state[LINES].append(2)
        self.write("ok")

    def finish(self: StateHandler) -> None:
        self.state[LINES].append(3)

    visitor = await with_session(lines=[1])
    both = handler(LINES, get=lambda self: self.write(str(self.state[LINES])))
    routes = {"/": both, "/late": handler(LINES, post=post, on_finish=finish)}
    async with serving(visitor.world, routes) as browser:
        browser.jar = visitor.cookies
        assert (await browser.get("/late", "POST")).code == 200
        assert (await browser.get("/")).body == b"[1, 2, 3]"


async def read_again(state: RequestState) -> None:
    state[LINES].append(1)
    await state.commit()
    assert state[LINES] == [1]


async def updated(state: RequestState) -> None:
    assert state[BASKET] == 1
    assert await state.update(BASKET, lambda n: n + 1) == 2


async def reread(state: RequestState) -> None:
    state[LINES].append(1)
    await state.reload()


#: What leaves nothing to ask of the store, of somebody new and of who has a session.
NOTHING_LEFT = {
    "a default is read": lambda state: state[SEEN],
    "another default is read": lambda state: state.get(STEP, "none"),
    "what is not there is dropped": lambda state: state.pop(STEP) or state.__delitem__(STEP),
    "a default is looked at": lambda state: state[LINES],
}
BEFORE_ANY = {"no session is renewed": RequestState.renew_id, "none ends": RequestState.destroy}
CONFIRMED = {"updated": updated, "committed": read_again, "reloaded": reread}


@pytest.mark.parametrize("name", [*NOTHING_LEFT, *BEFORE_ANY, *CONFIRMED])
@pytest.mark.parametrize("known", [False, True])
async def test_an_answer_waits_for_nothing_where_nothing_is_left_to_ask(
    name: str, known: bool
) -> None:
    """Whatever was read, and whatever is confirmed already."""
    if name in (BEFORE_ANY if known else CONFIRMED):
        return
    visitor = await with_session() if known else Visitor(World())
    state = await visitor.state(BASKET, LINES, SEEN, STEP)
    done = (NOTHING_LEFT | BEFORE_ANY | CONFIRMED)[name](state)
    if name in CONFIRMED:
        await done
    assert not state.must_wait()

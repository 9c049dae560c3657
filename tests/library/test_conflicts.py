"""The server tier under conflict: merging, refusing, taking turns, and updates that are exact."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from state_app import BASKET, LINES, SEEN, Visitor, World, put, with_session
from tornado_state import Conflict, InvalidValue, StoreUnavailable
from tornado_state.sessions.session import Session
from tornado_state.sessions.turns import Turn, Turns, attempts
from watched_store import Clock, WatchedStore


def up(number: int) -> int:
    return number + 1


async def update(visitor: Visitor, kind: Any, function: Callable[[Any], Any]) -> Any:
    """Update in a request of its own."""
    return await visitor.world.sessions.update(await visitor.session(), kind, function)


async def test_changes_to_different_kinds_are_merged() -> None:
    """Two requests that changed different kinds both stand."""
    visitor = await with_session(basket=1, seen=1)
    session = await visitor.session()
    put(session, basket=2)
    await visitor.copy().assign(seen=2)
    await visitor.commit(session)
    assert await visitor.data() == {"basket": 2, "seen": 2}


async def test_a_conflict_is_refused_where_the_kind_says_so() -> None:
    """The second change is refused, names the kind, is told of, and stores nothing."""
    visitor = await with_session(step="a", seen=1)
    session = await visitor.session()
    put(session, step="b", seen=2)
    await visitor.copy().assign(step="c")
    with pytest.raises(Conflict) as conflict:
        await visitor.commit(session)
    assert conflict.value.kinds == ("step",)
    assert visitor.world.events == ["conflict"]
    assert await visitor.data() == {"step": "c", "seen": 1}


async def test_a_conflict_lets_the_last_write_stand_where_the_kind_says_so() -> None:
    """The later change stands, and what else was stored meanwhile as well."""
    visitor = await with_session(seen=1)
    session = await visitor.session()
    put(session, seen=2)
    await visitor.copy().assign(seen=3, basket=2)
    await visitor.commit(session)
    assert await visitor.data() == {"seen": 2, "basket": 2}


async def test_two_who_say_the_same_do_not_conflict_and_one_write_is_enough() -> None:
    """Taking what the other took, setting what the other set: nothing is left to write."""
    visitor = await with_session(step="a", lines=[1])
    session = await visitor.session()
    put(session, step="b")
    session.journal.drop(LINES)
    other = visitor.copy()
    await other.assign(step="b")
    taking = await other.session()
    taking.journal.drop(LINES)
    await other.commit(taking)
    visitor.world.store.forget()
    await visitor.commit(session)
    assert visitor.operations == {"cas": 1, "load": 1}
    assert await visitor.data() == {"step": "b"}


async def test_two_who_count_to_the_same_number_conflict() -> None:
    """Of a concurrent kind each may have counted, so one of them would be lost."""
    visitor = await with_session(basket=1)
    session = await visitor.session()
    put(session, basket=2)
    await visitor.copy().assign(basket=2)
    with pytest.raises(Conflict):
        await visitor.commit(session)


def ask(session: Session, what: str) -> None:
    """Ask for a sign-out, a renewal or a sign-in."""
    match what:
        case "destroy":
            session.destroy()
        case "renew":
            session.renew_id()
        case "sign in":
            session.sign_in(remember=False)


class BusyStore(WatchedStore):
    """A store in which somebody else is always faster."""

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        """Refuse, whatever it is."""
        await self._pass("cas")
        return False


async def test_whoever_always_loses_is_refused_in_the_end() -> None:
    """The tries are bounded; then it is a conflict, and the old value stands."""
    clock = Clock()
    visitor = await with_session(World(clock=clock, store=BusyStore(clock)), seen=1)
    changed, renewed = await visitor.session(), await visitor.session()
    put(changed, seen=2)
    renewed.renew_id()
    with pytest.raises(Conflict):
        await visitor.commit(changed)
    with pytest.raises(Conflict):
        await visitor.commit(renewed)
    with pytest.raises(Conflict):
        await update(visitor, SEEN, up)
    assert await visitor.data() == {"seen": 1}
    assert visitor.world.store.records() == 1


async def test_whoever_waits_too_long_for_a_turn_is_refused() -> None:
    """A turn that never comes is a conflict, which names the kinds."""
    turns = Turns(patience=0)
    async with turns.take("key") as waited:
        assert not waited
        with pytest.raises(Conflict) as conflict:
            async with turns.take("key", "basket"):
                pytest.fail("took a turn that was taken")
    assert conflict.value.kinds == ("basket",)
    async with turns.take("key") as waited:
        assert not waited


async def test_turns_come_one_after_the_other() -> None:
    """In the order in which they were asked for, but for who has gone; each knows it waited."""
    turn, order = Turn(), []

    async def wait(number: int) -> None:
        async with turn as waited:
            assert waited
            order.append(number)
            await asyncio.sleep(0)

    async with turn:
        waiting = [asyncio.ensure_future(wait(number)) for number in range(4)]
        await asyncio.sleep(0)
        waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert order == [0, 2, 3]
    assert not turn.taken


async def test_a_turn_given_to_somebody_who_goes_is_passed_on() -> None:
    """Cancelled just when it came, it does not stay taken for ever."""
    turn = Turn()
    async with turn:
        going, staying = (asyncio.ensure_future(turn.take()) for _ in range(2))
        await asyncio.sleep(0)
    going.cancel()
    assert await staying
    turn.leave()
    assert not turn.taken


async def test_parallel_updates_are_exact() -> None:
    """Each success counts exactly once, whoever else is at it, in one process and in several."""
    visitor = await with_session(basket=1)
    elsewhere = visitor.elsewhere()

    async def count(who: Visitor) -> None:
        for _ in range(10):
            await update(who, BASKET, up)
            await asyncio.sleep(0)

    await asyncio.gather(*(count(who) for who in (visitor, elsewhere) for _ in range(8)))
    assert await visitor.data() == {"basket": 161}


async def test_an_update_starts_from_a_copy_of_the_value() -> None:
    """The default is nobody's to change, and the value in hand is not what the function gets."""
    visitor = await with_session(seen=1)

    def append(value: list[int]) -> list[int]:
        value.append(1)
        return value

    assert await update(visitor, LINES, append) == [1]
    assert LINES.initial() == []
    session = await visitor.session()
    in_hand = session.journal.read(LINES)
    assert await visitor.world.sessions.update(session, LINES, append) == [1, 1]
    assert in_hand == [1]
    assert await visitor.data() == {"seen": 1, "lines": [1, 1]}


async def test_an_update_that_changes_nothing_writes_nothing() -> None:
    """The value stands as it is, without a write."""
    visitor = await with_session(basket=3)
    assert await update(visitor, BASKET, lambda value: value) == 3
    assert visitor.operations == {"load": 1}


async def test_an_update_under_conflict_is_applied_anew() -> None:
    """The function sees what the other request stored, not what this one had loaded."""
    visitor = await with_session(basket=1)
    session = await visitor.session()
    await visitor.copy().assign(basket=10)
    assert await visitor.world.sessions.update(session, BASKET, lambda number: number * 2) == 20


async def test_an_update_by_a_coroutine_is_refused() -> None:
    """It could not be applied anew in time; the value stands."""

    async def later(number: int) -> int:
        raise AssertionError(number)

    made = later(1)
    visitor = await with_session(basket=1)
    with pytest.raises(InvalidValue, match="basket: the function of an update is a plain one"):
        await update(visitor, BASKET, lambda number: made)
    made.close()
    assert await visitor.data() == {"basket": 1}


async def test_an_update_that_makes_no_value_of_the_kind_leaves_the_old_one() -> None:
    """It is refused as an assignment would be."""
    visitor = await with_session(basket=1)
    with pytest.raises(InvalidValue):
        await update(visitor, BASKET, str)
    assert await visitor.data() == {"basket": 1}
    assert visitor.operations == {"load": 2}


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        ("sign in", {"basket": 6}),
        ("renew", {"basket": 6, "step": "a"}),
        ("destroy", {}),
    ],
)
async def test_what_is_asked_for_while_an_update_loses_comes_first(
    asked: str, after: dict[str, Any]
) -> None:
    """The update is then of what the sign-in, the renewal or the sign-out has left."""
    visitor = await with_session(basket=1, step="a")
    session = await visitor.session()

    async def meanwhile() -> None:
        await visitor.elsewhere().assign(basket=5)
        ask(session, asked)

    visitor.world.store.let_go_first("cas", meanwhile)
    now = await visitor.world.sessions.update(session, BASKET, up)
    visitor.take(session.cookie)
    assert await visitor.data() == after
    assert now == after.get("basket", 1)
    await visitor.commit(session)
    assert await visitor.data() == (after or {"basket": 1})


@pytest.mark.parametrize("asked", ["destroy", "sign in", "renew"])
async def test_what_is_asked_for_while_a_change_loses_is_done_instead(asked: str) -> None:
    """A sign-out, a sign-in or a renewal that came while the store was at work is not undone."""
    visitor = await with_session(basket=1, seen=1)
    session = await visitor.session()
    put(session, seen=2)

    async def meanwhile() -> None:
        await visitor.elsewhere().assign(basket=5)
        ask(session, asked)

    thief = visitor.copy()
    visitor.world.store.let_go_first("cas", meanwhile)
    await visitor.commit(session)
    assert (await thief.session()).ended
    assert await visitor.data() == ({} if asked == "destroy" else {"basket": 5, "seen": 2})


@pytest.mark.parametrize("asked", ["destroy", "assign after destroy"])
async def test_a_sign_out_that_comes_while_a_renewal_loses_is_done_instead(asked: str) -> None:
    """Nothing of the session is left, and what was assigned after it is in a new one."""
    visitor = await with_session(basket=1)
    session = await visitor.session()
    session.renew_id()

    async def meanwhile() -> None:
        await visitor.elsewhere().assign(basket=5)
        session.destroy()
        if asked == "assign after destroy":
            put(session, seen=3)

    thief = visitor.copy()
    visitor.world.store.let_go_first("cas", meanwhile)
    await visitor.commit(session)
    assert (await thief.session()).ended
    assert await visitor.data() == ({} if asked == "destroy" else {"seen": 3})
    visitor.world.clock.pass_(61)
    assert visitor.world.store.records() == (0 if asked == "destroy" else 1)


def test_tries_are_bounded_by_number_and_by_time() -> None:
    """Whoever never wins is told so in the end, and a slow store does not draw that out."""
    assert len(list(attempts())) == 1024
    assert list(attempts(patience=-1)) == []


async def test_a_store_away_is_told_by_an_update() -> None:
    """No answer is no success."""
    visitor = await with_session(basket=1)
    visitor.world.store.fail("cas")
    with pytest.raises(StoreUnavailable):
        await update(visitor, BASKET, up)

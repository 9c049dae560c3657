"""The server tier under conflict: merging, refusing, taking turns, and updates that are exact."""

from __future__ import annotations

import asyncio

import pytest
from state_app import Visitor, World, with_session
from tornado_state import Conflict, ServerSessionTier, StateTiers
from tornado_state.sessions.turns import Turns, attempts
from watched_store import Clock, WatchedStore


async def test_changes_to_different_kinds_are_merged() -> None:
    """Two requests that changed different kinds both stand."""
    visitor = await with_session(basket=0, seen=0)
    session = await visitor.session()
    session["basket"] = 1
    await visitor.copy().assign(seen=1)
    await visitor.commit(session)
    assert await visitor.data() == {"basket": 1, "seen": 1}


async def test_a_conflict_is_refused_where_the_kind_says_so() -> None:
    """The second change is refused, names the kind, and stores nothing."""
    visitor = await with_session(basket=0, seen=0)
    session = await visitor.session()
    session.update(basket=1, seen=1)
    await visitor.copy().assign(basket=2)
    with pytest.raises(Conflict) as conflict:
        await visitor.commit(session)
    assert conflict.value.kinds == ("basket",)
    assert await visitor.data() == {"basket": 2, "seen": 0}


async def test_a_conflict_lets_the_last_write_stand_where_the_kind_says_so() -> None:
    """The later change stands, and what else was stored meanwhile as well."""
    visitor = await with_session(seen=0)
    session = await visitor.session()
    session["seen"] = 1
    await visitor.copy().assign(seen=2, basket=2)
    await visitor.commit(session)
    assert await visitor.data() == {"seen": 1, "basket": 2}


class BusyStore(WatchedStore):
    """A store in which somebody else is always faster."""

    async def cas(self, key: str, sealed: bytes, cas: bytes, idle: int) -> bool | None:
        """Refuse, whatever it is."""
        await self._pass("cas")
        return False


async def test_whoever_always_loses_is_refused_in_the_end() -> None:
    """The tries are bounded; then it is a conflict, and the old value stands."""
    clock = Clock()
    visitor = await with_session(World(clock=clock, store=BusyStore(clock)), seen=0)
    changed, renewed = await visitor.session(), await visitor.session()
    changed["seen"] = 1
    renewed.renew_id()
    with pytest.raises(Conflict):
        await visitor.commit(changed)
    with pytest.raises(Conflict):
        await visitor.commit(renewed)
    with pytest.raises(Conflict):
        await visitor.world.sessions.update(
            await visitor.session(), "seen", lambda number: number + 1, 0
        )
    assert await visitor.data() == {"seen": 0}


async def test_whoever_waits_too_long_for_a_turn_is_refused() -> None:
    """A turn that never comes is a conflict, which names the kinds."""
    turns = Turns(patience=0)
    async with turns.take("key") as waited:
        assert not waited
        with pytest.raises(Conflict) as conflict:
            async with turns.take("key", "basket"):
                pytest.fail("took a turn that was taken")
    assert conflict.value.kinds == ("basket",)


async def test_parallel_updates_are_exact() -> None:
    """Each success counts exactly once, whoever else is at it, in one process and in several."""
    visitor = await with_session(basket=0)
    elsewhere = Visitor(visitor.world.like(), visitor.cookies)

    async def count(who: Visitor) -> None:
        for _ in range(10):
            session = await who.session()
            await who.world.sessions.update(session, "basket", lambda number: number + 1, 0)
            await asyncio.sleep(0)

    await asyncio.gather(*(count(who) for who in (visitor, elsewhere) for _ in range(8)))
    assert await visitor.data() == {"basket": 160}


async def test_an_update_starts_from_a_copy_of_the_initial_value() -> None:
    """The initial value is nobody's to change."""
    visitor = await with_session(seen=0)
    initial: list[int] = []

    def append(value: list[int]) -> list[int]:
        value.append(1)
        return value

    update = visitor.world.sessions.update
    assert await update(await visitor.session(), "basket", append, initial) == [1]
    assert initial == []
    assert await visitor.data() == {"seen": 0, "basket": [1]}


async def test_an_update_that_changes_nothing_writes_nothing() -> None:
    """The value stands as it is, without a write."""
    visitor = await with_session(basket=3)
    session = await visitor.session()
    assert await visitor.world.sessions.update(session, "basket", lambda value: value, 0) == 3
    assert visitor.operations == {"load": 1}


async def test_an_update_under_conflict_is_applied_anew() -> None:
    """The function sees what the other request stored, not what this one had loaded."""
    visitor = await with_session(basket=1)
    session = await visitor.session()
    await visitor.copy().assign(basket=10)
    update = visitor.world.sessions.update
    assert await update(session, "basket", lambda number: number * 2, 0) == 20


def test_tries_are_bounded_by_number_and_by_time() -> None:
    """Whoever never wins is told so in the end, and a slow store does not draw that out."""
    assert len(list(attempts())) == 1024
    assert list(attempts(patience=-1)) == []


async def test_the_placement_tells_the_session_of_its_kinds() -> None:
    """A tier that was made without a word on kinds keeps their rules in an application."""
    world = World()
    alone = ServerSessionTier(world.store, world.signer, world.names, clock=world.clock)
    tiers = StateTiers(world.tiers.placement, world.cookies, alone)
    world.sessions, world.tiers = alone, tiers
    visitor = await with_session(world, seen=0)
    session = await visitor.session()
    session["seen"] = 1
    await visitor.copy().assign(seen=2)
    await visitor.commit(session)
    assert await visitor.data() == {"seen": 1}

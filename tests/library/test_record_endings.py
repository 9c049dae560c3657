"""How a record ends: whatever others made of it meanwhile, and never without an answer."""

from __future__ import annotations

import pytest
from state_app import World
from test_session_records import DATA, fetched
from tornado_state import StoreRefused, StoreUnavailable
from watched_store import WatchedStore


async def ended(world: World, *steps: str) -> None:
    """End a session as first loaded, after ``steps`` of others; assert that nothing is left."""
    records = world.sessions.records
    mine = now = await fetched(world, (await records.add(DATA)).session_id)
    assert mine is not None
    for step in steps:
        assert now is not None
        if step == "write":
            assert await records.swap(now, b'{"b":1}')
        if step == "renew":
            new = await records.add(DATA)
            assert await records.retire(now, new)
            now = new
        if step == "delete":
            await records.delete(now)
        if step == "end":
            await records.end(now)
        now = await fetched(world, now.session_id)
    await records.end(mine)
    assert await fetched(world, mine.session_id) is None
    assert now is None or await fetched(world, now.session_id) is None


@pytest.mark.parametrize(
    "steps",
    [
        "",
        "write",
        "renew",
        "delete",
        "write renew",
        "renew write",
        "renew renew",
        "renew delete",
        "end",
        "renew end",
    ],
)
async def test_ending_wins_whatever_others_made_of_the_session(steps: str) -> None:
    """A session that was written, renewed or ended meanwhile is over for all its IDs."""
    await ended(World(), *steps.split())


async def test_ending_without_room_for_a_last_word_deletes() -> None:
    """A store that refuses to keep more still ends sessions."""
    world = World()
    world.store.fail("cas", why=StoreRefused("full"))
    stored = await fetched(world, (await world.sessions.records.add(DATA)).session_id)
    assert stored is not None
    await world.sessions.records.end(stored)
    assert await world.store.load(stored.store_key) is None


async def test_ending_with_no_end_of_writers_deletes() -> None:
    """Whoever loses every race ends the session without a condition."""

    class Busy(WatchedStore):
        async def cas(self, key: str, sealed: bytes, cas: bytes, idle: int) -> bool | None:
            return False

    world = World(store=Busy(lambda: 0.0))
    stored = await fetched(world, (await world.sessions.records.add(DATA)).session_id)
    assert stored is not None
    await world.sessions.records.end(stored)
    assert await world.store.load(stored.store_key) is None


async def test_ending_is_not_claimed_when_the_store_is_away() -> None:
    """No answer is no sign-out."""
    world = World()
    stored = await fetched(world, (await world.sessions.records.add(DATA)).session_id)
    assert stored is not None
    world.store.fail("cas")
    with pytest.raises(StoreUnavailable):
        await world.sessions.records.end(stored)

"""How a record ends: whatever others made of it meanwhile, and never without an answer."""

from __future__ import annotations

import pytest
from state_app import World
from test_session_records import add, added, fetched, swapped
from tornado_state import StoreRefused, StoreUnavailable
from tornado_state.sessions.stored import StoredSession
from watched_store import WatchedStore


async def ended(world: World, *steps: str) -> None:
    """End a session as first loaded, after ``steps`` of others; assert that nothing is left."""
    records, endings = world.sessions.records, world.sessions.endings
    mine = await added(world)
    now: StoredSession | None = mine
    for step in steps:
        assert now is not None
        if step == "write":
            assert await swapped(world, now, b=b"1")
        if step == "renew":
            new = await add(world)
            assert await endings.retire(now, new)
            now = new
        if step == "delete":
            await records.delete(now)
        if step == "end":
            await endings.end(now)
        now = await fetched(world, now.session_id)
    await endings.end(mine)
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
    stored = await added(world)
    await world.sessions.endings.end(stored)
    assert await world.store.load(stored.store_key) is None


async def test_ending_with_no_end_of_writers_deletes() -> None:
    """Whoever loses every race ends the session without a condition."""

    class Busy(WatchedStore):
        async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
            return False

    world = World(store=Busy(lambda: 0.0))
    stored = await added(world)
    await world.sessions.endings.end(stored)
    assert await world.store.load(stored.store_key) is None


async def test_ending_is_not_claimed_when_the_store_is_away() -> None:
    """No answer is no sign-out."""
    world = World()
    stored = await added(world)
    world.store.fail("cas")
    with pytest.raises(StoreUnavailable):
        await world.sessions.endings.end(stored)


async def test_ending_stops_where_the_record_is_none_of_ours() -> None:
    """Foreign bytes in the place of a session are left where they are: there is nothing to end."""
    world = World()
    stored = await added(world)
    await world.store.delete(stored.store_key)
    await world.store.add(stored.store_key, b"foreign", 60)
    await world.sessions.endings.end(stored)
    assert (await world.store.load(stored.store_key)).sealed == b"foreign"


async def test_whether_a_session_goes_on_as_another_is_looked_up() -> None:
    """Only a last word that names the very one says so."""
    world = World()
    old, new, other = await added(world), await add(world), await add(world)
    goes_on = world.sessions.endings.continued_in
    assert not await goes_on(old, new)
    assert await world.sessions.endings.retire(old, new)
    assert await goes_on(old, new)
    assert not await goes_on(old, other)
    await world.sessions.records.delete(old)
    assert not await goes_on(old, new)

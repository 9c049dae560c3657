"""Sessions as records in a store: what is accepted as one, the two clocks, and how one ends."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest
from state_app import ABSOLUTE, IDLE, World
from tornado_state import SessionEnded, StoreUnavailable, TooLarge
from tornado_state.sessions.sealing import Contents, new_session_id, seal, store_key
from tornado_state.sessions.session import StoredSession
from tornado_state.sessions.session_records import SessionRecords
from tornado_state.stores import MemoryStore
from watched_store import Clock, WatchedStore

DATA = b'{"a":1}'


async def put(world: World, sealed: bytes, session_id: str) -> None:
    await world.store.add(store_key(session_id), sealed, IDLE)


async def sealed_text(world: World, data: bytes, layout: int = 1) -> str:
    """Store a record that opens, whatever it says; return its session ID."""
    session_id = new_session_id()
    created_at = int(world.clock())
    await put(world, seal(session_id, Contents(layout, created_at, data)), session_id)
    return session_id


async def fetched(world: World, session_id: str) -> StoredSession | None:
    return await world.sessions.records.fetch(session_id)


class Bomb:
    """A pickle that would not go unnoticed."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("a pickle was executed",)


@pytest.mark.parametrize(
    "sealed",
    [
        b"",
        b"\x01",
        pickle.dumps(Bomb()),
        b'{"a":1}',
        b"\x01" + b"x" * 60,
        b"\x02" + b"x" * 60,
        b"\x03" + b"x" * 60,
    ],
    ids=["empty", "head", "pickle", "plain", "junk", "last word", "format"],
)
async def test_promise_7_foreign_bytes_are_no_session(
    sealed: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """What was not sealed for this session is refused, logged, counted and left where it is."""
    world, session_id = World(), new_session_id()
    await put(world, sealed, session_id)
    assert await fetched(world, session_id) is None
    assert world.sessions.records.unreadable == 1
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert (await world.store.load(store_key(session_id))).sealed == sealed


async def test_promise_7_another_session_under_ones_key_is_no_session() -> None:
    """A record copied to another store key is refused there."""
    world, mine = World(), new_session_id()
    theirs = await world.sessions.records.add(DATA)
    await put(world, (await world.store.load(theirs.store_key)).sealed, mine)
    assert await fetched(world, mine) is None
    assert world.sessions.records.unreadable == 1


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Bomb()),
        b"junk",
        b'{"a":',
        b'{"a":"\xff"}',
        b'{"a":NaN}',
        b"{}{}",
        b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b"[1]",
        b'"text"',
        b"1",
        b"",
    ],
    ids=["pickle", "junk", "cut", "utf-8", "nan", "two", "deep", "list", "text", "number", "empty"],
)
@pytest.mark.parametrize("layout", [1, 0], ids=["today", "older"])
async def test_promise_7_sealed_junk_is_no_session(
    data: bytes, layout: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever seals junk for their own session ID has no session, and can end none."""
    world = World(migrations={0: lambda data: data})
    session_id = await sealed_text(world, data, layout)
    assert await fetched(world, session_id) is None
    assert world.sessions.records.unreadable == 1
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    await world.sessions.records.end(
        StoredSession(session_id, store_key(session_id), 0, DATA, b"999999")
    )


@pytest.mark.parametrize("data", [b"junk", b'"text"', b"1", b"{}"])
async def test_promise_7_a_sealed_last_word_that_is_none_is_no_session(data: bytes) -> None:
    """Only null or a session ID says that a session is over; anything else is junk."""
    world, session_id = World(), new_session_id()
    contents = Contents(1, int(world.clock()), data)
    await put(world, seal(session_id, contents, last_word=True), session_id)
    assert await fetched(world, session_id) is None
    assert world.sessions.records.unreadable == 1


async def test_a_record_that_says_it_is_over_is_no_session() -> None:
    """What a renewal or a sign-out leaves behind is absence, and nothing to log."""
    world = World()
    old = await world.sessions.records.add(DATA)
    new = await world.sessions.records.add(DATA)
    loaded = await fetched(world, old.session_id)
    assert loaded is not None
    assert await world.sessions.records.retire(loaded, new)
    assert await fetched(world, old.session_id) is None
    assert world.sessions.records.unreadable == 0


async def test_promise_8_an_older_layout_is_migrated() -> None:
    """Each migration makes the next layout of the last one's, until it is today's."""
    world = World(
        layout=3, migrations={1: lambda data: {"b": data["a"]}, 2: lambda data: data | {"c": 3}}
    )
    stored = await fetched(world, await sealed_text(world, DATA))
    assert stored is not None
    assert stored.data == b'{"b":1,"c":3}'


async def test_promise_8_a_migrated_session_is_written_in_todays_layout() -> None:
    """Once written, the record is today's, and is not migrated again."""
    world = World(layout=2, migrations={1: lambda data: data | {"n": data.get("n", 0) + 1}})
    session_id = await sealed_text(world, DATA)
    stored = await fetched(world, session_id)
    assert stored is not None
    assert await world.sessions.records.swap(stored, b'{"a":1,"n":1,"m":1}')
    again = await fetched(world, session_id)
    assert again is not None
    assert again.data == b'{"a":1,"n":1,"m":1}'


async def test_promise_8_a_newer_layout_is_left_alone() -> None:
    """An old release treats a new release's record as absent, and does not touch it."""
    world = World(layout=1)
    session_id = await sealed_text(world, DATA, layout=2)
    assert await fetched(world, session_id) is None
    assert await fetched(world.like(layout=2), session_id) is not None


async def test_promise_8_a_layout_without_a_migration_is_absent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where a step is missing, nothing is guessed."""
    world = World(layout=3, migrations={1: lambda data: data})
    assert await fetched(world, await sealed_text(world, DATA)) is None
    assert "no migration from layout 2" in caplog.text


async def test_an_unused_session_ends_with_the_idle_timeout() -> None:
    """The first clock: not used for so long, the session is gone."""
    world = World()
    stored = await world.sessions.records.add(DATA)
    world.clock.pass_(IDLE - 1)
    assert await fetched(world, stored.session_id) is not None
    world.clock.pass_(1)
    assert await fetched(world, stored.session_id) is None


async def test_activity_pushes_the_idle_clock_only() -> None:
    """The second clock: however active, the session ends with the absolute timeout."""
    world = World()
    stored = await world.sessions.records.add(DATA)
    for _ in range(ABSOLUTE // 900 - 1):
        world.clock.pass_(900)
        await world.sessions.records.touch(stored)
    world.clock.pass_(899)
    assert await fetched(world, stored.session_id) is not None
    world.clock.pass_(1)
    assert world.store.records() == 0
    assert await fetched(world, stored.session_id) is None


async def test_the_absolute_clock_is_the_applications_own() -> None:
    """Even a store that keeps a record for ever does not extend the absolute timeout."""
    world = World(store=WatchedStore(lambda: 0.0))
    stored = await world.sessions.records.add(DATA)
    world.clock.pass_(ABSOLUTE - 1)
    assert await fetched(world, stored.session_id) is not None
    world.clock.pass_(1)
    assert await fetched(world, stored.session_id) is None


async def test_a_change_does_not_extend_the_absolute_clock() -> None:
    """A written session still counts from its creation."""
    world = World()
    stored = await world.sessions.records.add(DATA)
    world.clock.pass_(1000)
    loaded = await fetched(world, stored.session_id)
    assert loaded is not None
    assert await world.sessions.records.swap(loaded, b'{"a":2}')
    again = await fetched(world, stored.session_id)
    assert again is not None
    assert again.created_at == stored.created_at
    assert world.sessions.records.remaining(again) == ABSOLUTE - 1000


@pytest.mark.parametrize(
    ("idle", "absolute"), [(0, 100), (-1, 100), (2_592_001, 9_999_999), (100, 99)]
)
def test_timeouts_that_cannot_work_are_refused(idle: int, absolute: int) -> None:
    """memcached would take more than 30 days for a date; the refusal comes at start."""
    with pytest.raises(ValueError, match="timeout"):
        World(idle_timeout=idle, absolute_timeout=absolute)


@pytest.mark.parametrize("idle", [1, 2_592_000])
def test_timeouts_up_to_thirty_days_are_taken(idle: int) -> None:
    """One second and thirty days are the ends of what works."""
    World(idle_timeout=idle, absolute_timeout=2_592_000)


async def test_the_capacity_is_refused_before_it_is_sent() -> None:
    """65,536 bytes fit; one more is refused without a command, and the old value stands."""
    world = World()
    fits, over = b'{"a":"%s"}' % (b"x" * 65_528), b'{"a":"%s"}' % (b"x" * 65_529)
    records: SessionRecords = world.sessions.records
    stored = await fetched(world, (await records.add(fits)).session_id)
    assert stored is not None
    assert len(stored.data) == 65_536
    world.store.forget()
    with pytest.raises(TooLarge, match="65537 bytes and may take 65536"):
        await records.swap(stored, over)
    with pytest.raises(TooLarge):
        await records.add(over)
    assert not world.store.operations
    assert await fetched(world, stored.session_id) == stored


async def test_a_session_id_that_is_taken_is_trouble_with_the_store() -> None:
    """256 random bits are not taken; a store that says so cannot be believed."""

    class Full(WatchedStore):
        async def add(self, key: str, sealed: bytes, idle: int) -> bool:
            return False

    with pytest.raises(StoreUnavailable, match="just made is taken"):
        await World(store=Full(lambda: 0.0)).sessions.records.add(DATA)


async def test_an_old_version_replaces_nothing() -> None:
    """Only the version a change was made from is replaced, and never a record that is gone."""
    world = World()
    records = world.sessions.records
    old = await fetched(world, (await records.add(DATA)).session_id)
    assert old is not None
    assert await records.swap(old, b'{"a":2}')
    assert not await records.swap(old, b'{"a":3}')
    await records.delete(old)
    with pytest.raises(SessionEnded):
        await records.swap(old, b'{"a":3}')


async def test_an_idle_clock_that_cannot_be_pushed_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The response was read before; the next request tries again."""
    world = World()
    stored = await world.sessions.records.add(DATA)
    world.clock.pass_(IDLE / 2)
    world.store.fail("touch")
    await world.sessions.records.touch(stored)
    assert "could not be pushed" in caplog.text
    assert world.sessions.records.touch_due(stored)


class LostNodes(WatchedStore):
    """A fleet: the first ``lost`` nodes asked are away, which takes ``takes`` seconds each."""

    def __init__(self, clock: Clock, lost: int, takes: float = 0.0) -> None:
        super().__init__(clock)
        self._turn, self.lost, self.takes = clock.pass_, lost, takes

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        await self._pass("add")
        if self.operations["add"] <= self.lost:
            self._turn(self.takes)
            raise StoreUnavailable("this node is away")
        return await MemoryStore.add(self, key, sealed, idle)


@pytest.mark.parametrize("lost", [1, 15])
async def test_a_new_session_lives_where_somebody_answers(lost: int) -> None:
    """Nobody has the ID yet: while its node is away another one is drawn."""
    clock = Clock()
    world = World(clock=clock, store=LostNodes(clock, lost))
    stored = await world.sessions.records.add(DATA)
    assert world.store.operations == {"add": lost + 1}
    assert await fetched(world, stored.session_id) is not None


@pytest.mark.parametrize(("takes", "asked"), [(0.0, 16), (0.1, 3), (0.5, 1)])
async def test_drawing_another_id_has_an_end(takes: float, asked: int) -> None:
    """Sixteen tries, and none once a quarter of a second is over: then the store is away."""
    clock = Clock()
    world = World(clock=clock, store=LostNodes(clock, 100, takes))
    with pytest.raises(StoreUnavailable, match="this node is away"):
        await world.sessions.records.add(DATA)
    assert world.store.operations == {"add": asked}

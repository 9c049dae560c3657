"""Sessions as records in a store: what is accepted as one, the two clocks, and what one holds."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import msgspec
import pytest
from state_app import ABSOLUTE, IDLE, REMEMBERED, World
from tornado_state import NotKnownHere, SessionEnded, StoreUnavailable, TooLarge
from tornado_state.sessions.record_contents import write_texts
from tornado_state.sessions.sealing import Contents, new_session_id
from tornado_state.sessions.stored import StoredSession, size_of
from tornado_state.stores import MemoryStore
from watched_store import Clock, WatchedStore

VALUES = {"a": b"1"}


async def add(world: World, values: Any = None, remembered: bool = False) -> StoredSession:
    added: StoredSession = await world.sessions.records.add(values or VALUES, None, remembered)
    return added


async def fetched(world: World, session_id: str) -> StoredSession | None:
    found: StoredSession | None = await world.sessions.records.fetch(session_id)
    return found


async def added(world: World, values: Any = None) -> StoredSession:
    """Return a session as it is loaded."""
    found = await fetched(world, (await add(world, values)).session_id)
    assert found is not None
    return found


async def swapped(world: World, stored: StoredSession, **values: bytes) -> bool:
    records = world.sessions.records
    done: bool = await records.swap(stored, records.next_version(stored, values))
    return done


async def put(world: World, sealed: bytes, session_id: str) -> None:
    await world.store.add(world.sessions.records.sealer.store_key(session_id), sealed, IDLE)


async def sealed_text(world: World, data: bytes, made: float = 0, **options: Any) -> str:
    """Store a record that opens, whatever it says, ``made`` in so many seconds; return its ID."""
    session_id = new_session_id(0)
    at = int(world.clock() + made)
    seal = world.sessions.records.sealer.seal
    await put(world, seal(session_id, Contents(at, at, False, data), **options), session_id)
    return session_id


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
        b"\x10" + b"x" * 60,
    ],
    ids=["empty", "head", "pickle", "plain", "junk", "last word", "format"],
)
async def test_promise_7_foreign_bytes_are_no_session(
    sealed: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """What was not sealed for this session is refused, logged, counted and left where it is."""
    world, session_id = World(), new_session_id(0)
    await put(world, sealed, session_id)
    assert await fetched(world, session_id) is None
    assert world.events == ["unreadable"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert (await world.sessions.records.load(session_id)).sealed == sealed


async def test_promise_7_another_session_under_ones_key_is_no_session() -> None:
    """A record copied to another store key is refused there."""
    world, mine = World(), new_session_id(0)
    theirs = await add(world)
    await put(world, (await world.store.load(theirs.store_key)).sealed, mine)
    assert await fetched(world, mine) is None
    assert world.events == ["unreadable"]


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Bomb()),
        b"junk",
        b'{"a":',
        b'{"to":"\xff","\xff":1}',
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
@pytest.mark.parametrize("last_word", [False, True], ids=["session", "last word"])
async def test_promise_7_sealed_junk_is_no_session(data: bytes, last_word: bool) -> None:
    """Whoever seals junk for their own session ID has no session, and can end none."""
    world = World()
    session_id = await sealed_text(world, data, last_word=last_word)
    assert await fetched(world, session_id) is None
    assert world.events == ["unreadable"]
    await world.sessions.endings.end_id(session_id)
    assert world.store.records() == 1


@pytest.mark.parametrize("data", [b'{"to":"short"}', b'{"to":1}', b'{"was":[]}', b'{"was":{"a":}}'])
async def test_promise_7_a_sealed_last_word_that_is_none_is_no_session(data: bytes) -> None:
    """Only a session ID is gone on under, and only values are what stood there."""
    world = World()
    session_id = await sealed_text(world, data, last_word=True)
    assert await fetched(world, session_id) is None
    assert world.events == ["unreadable"]


async def test_a_record_that_says_it_is_over_is_no_session() -> None:
    """What a renewal or a sign-out leaves behind is absence, and nothing to log."""
    world = World()
    old, new = await added(world), await add(world)
    assert await world.sessions.endings.retire(old, new)
    assert await fetched(world, old.session_id) is None
    assert world.events == []


async def test_a_record_of_a_newer_release_is_not_known_here() -> None:
    """It is neither read nor ended nor replaced; whoever needs it has to ask elsewhere."""
    world, session_id = World(), new_session_id(0)
    await put(world, b"\x03" + b"x" * 60, session_id)
    with pytest.raises(NotKnownHere, match="newer release"):
        await fetched(world, session_id)
    with pytest.raises(NotKnownHere):
        await world.sessions.endings.end_id(session_id)
    assert world.events == []
    assert world.store.records() == 1


@pytest.mark.parametrize(("ahead", "taken"), [(300, True), (301, False), (86_400, False)])
async def test_a_record_from_the_future_is_not_believed(ahead: int, taken: bool) -> None:
    """Five minutes are another host's clock; a session made a day ahead would live a day longer."""
    world = World()
    session_id = await sealed_text(world, b"{}", made=ahead)
    assert (await fetched(world, session_id) is not None) is taken
    assert world.events == ([] if taken else ["unreadable"])


async def test_an_unused_session_ends_with_the_idle_timeout() -> None:
    """The first clock: not used for so long, the session is gone."""
    world = World()
    stored = await add(world)
    world.clock.pass_(IDLE - 1)
    assert await fetched(world, stored.session_id) is not None
    world.clock.pass_(1)
    assert await fetched(world, stored.session_id) is None


async def test_activity_pushes_the_idle_clock_only() -> None:
    """The second clock: however active, the session ends with the absolute timeout."""
    world = World()
    stored = await add(world)
    for _ in range(ABSOLUTE // 900 - 1):
        world.clock.pass_(900)
        await world.sessions.records.touch(stored)
    world.clock.pass_(899)
    assert await fetched(world, stored.session_id) is not None
    world.clock.pass_(1)
    assert world.store.records() == 0
    assert await fetched(world, stored.session_id) is None


@pytest.mark.parametrize("remembered", [False, True])
async def test_the_absolute_clock_is_the_applications_own(remembered: bool) -> None:
    """Even a store that keeps a record for ever does not extend the absolute timeout."""
    world = World(store=WatchedStore(lambda: 0.0))
    stored = await add(world, remembered=remembered)
    world.clock.pass_((REMEMBERED if remembered else ABSOLUTE) - 1)
    assert await fetched(world, stored.session_id) is not None
    world.clock.pass_(1)
    assert await fetched(world, stored.session_id) is None


async def test_a_session_that_is_remembered_is_kept_that_long_unused() -> None:
    """As far as a store keeps a record: both clocks are the longer one."""
    world = World()
    stored = await add(world, remembered=True)
    world.clock.pass_(REMEMBERED - 1)
    found = await fetched(world, stored.session_id)
    assert found is not None
    assert found.remembered
    world.clock.pass_(1)
    assert await fetched(world, stored.session_id) is None


async def test_a_change_does_not_extend_the_absolute_clock() -> None:
    """A written session still counts from its creation."""
    world = World()
    loaded = await added(world)
    world.clock.pass_(1000)
    assert await swapped(world, loaded, a=b"2")
    again = await fetched(world, loaded.session_id)
    assert again is not None
    assert again.created_at == loaded.created_at
    assert again.written_at == loaded.written_at + 1000
    assert world.sessions.records.remaining(again) == ABSOLUTE - 1000


async def test_what_is_known_of_the_times_of_a_session() -> None:
    """Last used when written or touched, and to end when it is not used again."""
    world = World()
    records, stored = world.sessions.records, await added(world)
    began = world.clock()
    assert records.last_used_at(stored) == began
    assert records.expires_at(stored) == began + IDLE
    world.clock.pass_(1000)
    await records.touch(stored)
    assert records.last_used_at(stored) == began + 1000
    assert records.expires_at(stored) == began + 1000 + IDLE
    elsewhere = world.like().sessions.records
    assert elsewhere.last_used_at(stored) == began
    world.clock.pass_(ABSOLUTE - 1001)
    records._touches.done(stored.store_key)
    assert records.expires_at(stored) == began + ABSOLUTE


async def test_the_capacity_is_refused_before_it_is_sent() -> None:
    """65,536 bytes fit; one more is refused without a command, and the old value stands."""
    world = World()
    fits = {"a": b'"%s"' % (b"x" * 65_528)}
    stored = await added(world, fits)
    assert stored.size == 65_536
    world.store.forget()
    with pytest.raises(TooLarge, match="65537 bytes and may take 65536"):
        await swapped(world, stored, a=b'"%s"' % (b"x" * 65_529))
    with pytest.raises(TooLarge):
        await add(world, {"a": fits["a"], "b": b"1"})
    assert not world.store.operations
    assert await fetched(world, stored.session_id) == stored


def test_the_size_of_a_session_is_that_of_its_json() -> None:
    """Braces, names in quotes, colons and commas."""
    for values in ({}, {"a": b"1"}, {"a": b"1", "bc": b"[]"}):
        assert size_of(values) == len(write_texts(values))


async def test_a_session_id_that_is_taken_is_trouble_with_the_store() -> None:
    """256 random bits are not taken; a store that says so cannot be believed."""

    class Full(WatchedStore):
        async def add(self, key: str, sealed: bytes, idle: int) -> bool:
            return False

    world = World(store=Full(lambda: 0.0))
    with pytest.raises(StoreUnavailable, match="just made is taken"):
        await world.sessions.records.insert(world.sessions.records.drawn({}, None, False))


async def test_an_old_version_replaces_nothing() -> None:
    """Only the version a change was made from is replaced, and never a record that is gone."""
    world = World()
    old = await added(world)
    assert await swapped(world, old, a=b"2")
    assert not await swapped(world, old, a=b"3")
    assert not await swapped(world, msgspec.structs.replace(old, token=None), a=b"3")
    await world.sessions.records.delete(old)
    with pytest.raises(SessionEnded):
        await swapped(world, old, a=b"3")


async def test_an_idle_clock_that_cannot_be_pushed_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The response was read before; the next request tries again."""
    world = World()
    stored = await add(world)
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

    @property
    def may_answer_elsewhere(self) -> bool:
        return True

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
    stored = await add(world)
    assert world.store.operations == {"add": lost + 1}
    assert await fetched(world, stored.session_id) is not None


@pytest.mark.parametrize(("takes", "asked"), [(0.0, 16), (0.1, 3), (0.5, 1)])
async def test_drawing_another_id_has_an_end(takes: float, asked: int) -> None:
    """Sixteen tries, and none once a quarter of a second is over: then the store is away."""
    clock = Clock()
    world = World(clock=clock, store=LostNodes(clock, 100, takes))
    with pytest.raises(StoreUnavailable, match="this node is away"):
        await add(world)
    assert world.store.operations == {"add": asked}


async def test_one_id_is_drawn_where_nobody_else_could_answer() -> None:
    """A store that is one place has said it with the first ID."""
    world = World()
    world.store.fail("add")
    with pytest.raises(StoreUnavailable, match="no answer"):
        await add(world)
    assert world.store.operations == {"add": 1}

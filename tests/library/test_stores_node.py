"""The queue, the deadline and the breaker on their own, with connections that a test decides on."""

from __future__ import annotations

import asyncio
import time

import pytest
from opened_store import LONG, new_key
from tornado_state.exceptions import RecordTooLarge, StoreRefused, StoreUnavailable, StoreUnfit
from tornado_state.stores.base import SessionRecord
from tornado_state.stores.exchanges import breaker
from tornado_state.stores.exchanges.commands import Command, Limits, StoreCounters, Unreachable
from tornado_state.stores.exchanges.lanes import Lane, LaneOwner
from tornado_state.stores.exchanges.node import Node
from tornado_state.stores.exchanges.queue import CommandQueue

from compare.waiting import until


class Lookup(Command):
    """A lookup."""

    is_lookup = True

    def __init__(self, key: str) -> None:
        super().__init__(key, joins=key)


class HandLane(Lane):
    """A lane that does what the test tells it."""

    def __init__(self, owner: LaneOwner, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(owner, loop)
        self.tries = 0
        self.raises: Exception | None = None
        self.opens = self.settles = True
        self.sent: list[list[Command]] = []

    def open(self, patience: float) -> None:
        self.tries += 1
        if self.raises is not None:
            error, self.raises = self.raises, None
            raise error
        self.is_opening = True
        if self.settles:
            self.loop.call_soon(self._settle)

    def _settle(self) -> None:
        self.is_opening = False
        if self.opens:
            self.is_open = True
            self.owner.opened(self)
        else:
            self.owner.not_opened(self, Unreachable("nobody is there"))

    def send(self, commands: list[Command]) -> None:
        self.exchange, self.sent_at = commands, self.loop.time()
        self.sent.append(commands)

    def hear(self) -> None:
        pass

    def answer(self, outcome: object = None) -> None:
        """Answer the exchange under way."""
        commands, self.exchange = self.exchange, []
        self.heard_at = self.loop.time()
        for command in commands:
            command.answer(outcome)
        self.answers += 1
        self.owner.answered(self, commands)

    def lose(self) -> None:
        """End the connection."""
        self.owner.lost(self, self.close(), Unreachable("it ended"))

    def close(self) -> list[Command]:
        self.is_open = self.is_opening = False
        commands, self.exchange = self.exchange, []
        return commands


class World:
    """A node with one lane, and what a test asks of them."""

    def __init__(self, deadline: float = 5.0, **limits: int) -> None:
        self.counters = StoreCounters()
        self.lanes: list[HandLane] = []
        numbers = {"connections": 1, "max_batch": 4, "max_waiting": 100} | limits
        self.node = Node("node", self._make, Limits(deadline, **numbers), self.counters)

    def _make(self, owner: LaneOwner, loop: asyncio.AbstractEventLoop) -> HandLane:
        self.lanes.append(HandLane(owner, loop))
        return self.lanes[-1]

    @property
    def lane(self) -> HandLane:
        return self.lanes[0]

    def call(self, *, lookup: bool = False) -> asyncio.Future[object]:
        """Make a call."""
        return self.node.call((Lookup if lookup else Command)(new_key()))

    async def busy(self) -> asyncio.Future[object]:
        """Return a call that is on the lane."""
        call = self.call()
        await until(self.is_sent, "it is sent")
        return call

    async def is_opening(self) -> bool:
        return self.lane.is_opening

    async def is_sent(self) -> bool:
        return bool(self.lanes and self.lane.exchange)


async def turn() -> None:
    """Let the loop do what it has to do."""
    for _ in range(4):
        await asyncio.sleep(0)


async def test_what_one_turn_wants_leaves_together() -> None:
    """And what comes meanwhile waits for the answer, for as many as may share an exchange."""
    world = World()
    await world.busy()
    world.lane.answer()
    calls = [world.call() for _ in range(3)]
    await turn()
    assert [len(each) for each in world.lane.sent] == [1, 3]
    more = [world.call() for _ in range(6)]
    await turn()
    assert len(world.lane.sent) == 2
    world.lane.answer(outcome=True)
    assert [len(each) for each in world.lane.sent] == [1, 3, 4]
    assert [await call for call in calls] == [True] * 3
    world.lane.answer()
    world.lane.answer()
    await asyncio.gather(*more)
    await world.node.close()


async def test_what_does_not_come_through_together_is_sent_in_smaller_exchanges() -> None:
    """Where answers were coming as the deadline passed; until exchanges are quick again."""
    world = World(deadline=0.2)
    (await world.busy()).cancel()
    world.lane.answer()

    async def are_given_up() -> bool:
        return all(call.done() for call in calls)

    for expected in (4, 2):
        calls = [world.call() for _ in range(4)]
        await until(world.is_sent, "some are sent")
        assert len(world.lane.exchange) == expected
        world.lane.heard_at = world.lane.sent_at + LONG
        await until(are_given_up, "they are given up")
    calls = [world.call() for _ in range(9)]
    await until(world.is_sent, "some are sent")
    for took in (1, 0, 1, 0, 0):
        world.lane.sent_at = world.lane.loop.time() - took
        world.lane.answer()
    assert [len(each) for each in world.lane.sent[3:]] == [1, 1, 2, 2, 3]
    assert world.counters.openings == 0


async def test_exchanges_grow_again_however_far_away_the_server_is() -> None:
    """One by one, where they are not quick; only what was as large as it might be tells."""
    world = World(deadline=LONG)
    (await world.busy()).cancel()
    world.lane.answer()
    world.node._queue.take_less(2)
    for _ in range(10):
        world.call()
    await until(world.is_sent, "some are sent")
    for took in (LONG / 3, LONG, LONG / 3, LONG, LONG):
        world.lane.sent_at = world.lane.loop.time() - took
        world.lane.answer()
    assert [len(each) for each in world.lane.sent[1:]] == [1, 2, 2, 3, 2]
    for calls, together in ((1, 1), (4, 3)):
        for _ in range(calls):
            world.call()
        await until(world.is_sent, "some are sent")
        assert len(world.lane.exchange) == together
        world.lane.answer()


async def test_what_was_sent_too_late_was_not_too_much() -> None:
    """It had waited for its turn, and another exchange of as many will come through."""
    world = World(deadline=0.1)
    (await world.busy()).cancel()
    world.lane.answer()
    late = [world.call() for _ in range(4)]
    await until(world.is_sent, "they are sent")
    world.lane.sent_at = world.lane.loop.time() + LONG
    world.lane.heard_at = world.lane.sent_at + 1

    async def are_given_up() -> bool:
        return all(call.done() for call in late)

    await until(are_given_up, "they are given up")
    for _ in range(4):
        world.call()
    await until(world.is_sent, "as many are sent")
    assert len(world.lane.exchange) == 4


async def test_a_command_is_sent_twice_at_most() -> None:
    """A connection that ends in the midst costs one repetition, marked so; two are an error."""
    world = World()
    await world.busy()
    world.lane.answer()
    call = await world.busy()
    world.lane.lose()
    await until(world.is_sent, "it is sent once more")
    assert world.lane.exchange[0].again
    world.lane.lose()
    with pytest.raises(StoreUnavailable):
        await call
    await world.node.close()


async def test_what_nobody_waits_for_is_not_sent_once_more() -> None:
    """Whoever has given up meanwhile is left out."""
    world = World()
    await world.busy()
    world.lane.answer()
    call = await world.busy()
    call.cancel()
    await turn()
    world.lane.lose()
    await turn()
    assert len(world.lane.sent) == 2
    assert world.node.waiting == 0
    await world.node.close()


async def test_an_unforeseen_error_does_not_shut_the_store_for_good() -> None:
    """Whatever a try to connect ends in, there is another."""
    world = World(deadline=0.1)
    call = await world.busy()
    raised: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: raised.append(what))
    world.lane.raises = ZeroDivisionError()
    with pytest.raises(StoreUnavailable, match="not answer within"):
        await call
    with pytest.raises(StoreUnavailable):
        world.call()

    async def answers() -> bool:
        try:
            world.call()
        except StoreUnavailable:
            return False
        return True

    await until(answers, "the breaker closes")
    assert len(raised) == 1
    assert world.counters.openings == 1
    await world.node.close()


async def test_a_failed_try_while_the_breaker_is_open_is_followed_by_another() -> None:
    """As many as it takes; and the log says so once."""
    world = World(deadline=0.1)
    call = await world.busy()
    world.lane.opens = False
    with pytest.raises(StoreUnavailable):
        await call

    async def tried() -> bool:
        return world.lane.tries >= 4

    await until(tried, "it has tried three times more")
    assert world.counters.openings == 1
    await world.node.close()


async def test_writes_that_were_late_before_they_were_sent_are_not_sent() -> None:
    """A loop that was busy since the call sends a lookup all the same, for it changes nothing."""
    world = World(deadline=0.1)
    await world.busy()
    world.lane.answer()
    write, lookup = world.call(), world.call(lookup=True)
    time.sleep(0.2)  # noqa: ASYNC251 - the busy process
    await turn()
    with pytest.raises(StoreUnavailable):
        await write
    assert [type(each) for each in world.lane.exchange] == [Lookup]
    world.lane.answer(outcome="found")
    assert await lookup == "found"
    await world.node.close()


async def test_what_nobody_waits_for_any_more_takes_no_place_in_an_exchange() -> None:
    """Where more waits than an exchange has place for, what is next is taken instead."""
    queue, loop = CommandQueue(1, 100), asyncio.get_running_loop()
    commands = [Command(new_key()) for _ in range(3)]
    waiters = [loop.create_future() for _ in commands]
    for command, waiter in zip(commands, waiters, strict=True):
        queue.put(command, waiter)
    waiters[0].cancel()
    assert queue.take() == [commands[1]]
    waiters[2].cancel()
    assert queue.take() == []


async def test_what_waits_for_a_lane_is_not_late_however_often_the_loop_is_busy() -> None:
    """As long as the server answers: it is the loop that makes it wait, not the server."""
    world = World(deadline=0.1, max_batch=1)
    calls = [await world.busy(), *(world.call() for _ in range(4))]
    for call in calls:
        time.sleep(0.2)  # noqa: ASYNC251 - the busy process
        world.lane.answer(outcome=True)
        await turn()
        assert await call is True
    await world.node.close()


def test_no_call_waits_for_ever_however_busy_the_loop_is() -> None:
    """Its time begins anew ten times, and then it is late."""
    command = Command(new_key())
    for number in range(100):
        command.prolong(number, again=True)
    assert command.deadline == 9


async def test_a_closed_node_is_not_opened_again() -> None:
    """Neither by a call nor by an answer that comes after the end."""
    world = World()
    await world.busy()
    await world.node.close()
    world.lane.owner.opened(world.lane)
    with pytest.raises(StoreUnavailable, match="closed"):
        world.call()
    await world.node.close()


async def test_a_closed_node_has_no_outage() -> None:
    """A try to connect that fails after the end is nobody's concern."""
    world = World()
    call = world.call()
    await asyncio.sleep(0)
    world.lane.opens = False
    assert world.lane.is_opening
    await world.node.close()
    await turn()
    with pytest.raises(StoreUnavailable, match="closed"):
        await call
    assert world.counters.openings == 0


async def test_a_connection_that_ends_before_anybody_used_it_is_no_outage() -> None:
    """Nobody waits, so nobody is told; the next call finds out."""
    world = World()
    world.call().cancel()
    await turn()
    assert world.lane.is_idle
    world.lane.lose()
    assert (world.counters.openings, world.lane.tries) == (0, 1)
    await world.busy()
    await world.node.close()


@pytest.mark.parametrize(
    "error", [StoreRefused("no room", 7), StoreUnfit("no"), StoreUnavailable("?", 3)]
)
async def test_each_waiter_gets_an_exception_of_its_own(error: StoreUnavailable) -> None:
    """Of the same kind, with the same words, and with no traceback of another request."""
    command = Command(new_key())
    command.counters = StoreCounters()
    command.waiters = [asyncio.get_running_loop().create_future() for _ in range(3)]
    command.waiters[0].cancel()
    command.fail(error)
    told = [waiter.exception() for waiter in command.waiters[1:]]
    assert told[0] is not told[1]
    for each in told:
        assert (type(each), str(each)) == (type(error), str(error))
        assert isinstance(each, StoreUnavailable | StoreRefused)
        assert each.retry_after == error.retry_after
    assert command.counters.failures == 2


def test_too_large_is_told_with_its_sizes() -> None:
    """To each waiter as to the first."""
    loop = asyncio.new_event_loop()
    command = Command(new_key())
    command.waiters = [loop.create_future()]
    command.fail(RecordTooLarge(5, 4))
    told = command.waiters[0].exception()
    assert isinstance(told, RecordTooLarge)
    assert (told.size, told.limit) == (5, 4)
    loop.close()


async def test_those_who_ask_together_are_answered_in_no_order() -> None:
    """In lockstep the same one of them would win every compare-and-swap."""

    async def first_told() -> int:
        lookup = Lookup(new_key())
        lookup.waiters = [asyncio.get_running_loop().create_future() for _ in range(3)]
        waiters, told = [*lookup.waiters], []
        for waiter in waiters:
            waiter.add_done_callback(told.append)
        lookup.found(SessionRecord(b"", b""))
        await asyncio.sleep(0)
        return waiters.index(told[0])

    assert {await first_told() for _ in range(100)} == {0, 1, 2}


async def test_a_queue_joins_lookups_that_wait_and_no_others() -> None:
    """The same key once; what was taken, and what was late, is joined no more."""
    queue = CommandQueue(max_batch=1, max_waiting=10)
    future = asyncio.get_running_loop().create_future

    def put(key: str, deadline: float) -> Lookup:
        lookup = Lookup(key)
        queue.put(lookup, future())
        lookup.deadline = deadline
        return lookup

    a, _, b = put("a", 9), put("a", 9), put("b", 1)
    assert (len(queue), queue.waiting) == (2, 3)
    assert queue.oldest_deadline() == 1
    assert queue.take_late(2) == [b]
    assert queue.take_late(2) == []
    assert queue.take() == [a]
    again = put("a", 9)
    assert queue.take() == [again]
    assert queue.oldest_deadline() is None
    assert queue.waiting == 0


async def test_a_command_of_another_node_keeps_its_deadline() -> None:
    """It may be the first that ends of all that this node watches."""
    world = World(deadline=30)
    kept = await world.busy()
    passed = Lookup(new_key())
    waiter = asyncio.get_running_loop().create_future()
    passed.waiters.append(waiter)
    passed.deadline = asyncio.get_running_loop().time() + 0.02
    world.node.pass_on(passed)
    with pytest.raises(StoreUnavailable, match="did not answer"):
        await waiter
    assert not kept.done()
    await world.node.close()
    with pytest.raises(StoreUnavailable):
        await kept


async def test_a_try_to_connect_that_takes_long_is_not_begun_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the breaker is open the next one waits for it."""
    monkeypatch.setattr(breaker, "_PROBE_PAUSE", 0.001)
    world, loop = World(), asyncio.get_running_loop()
    call = await world.busy()
    world.lane.settles = False
    world.lane.lose()
    with pytest.raises(StoreUnavailable):
        await call
    await until(world.is_opening, "a connection is tried")
    tries, began = world.lane.tries, loop.time()

    async def probes_passed() -> bool:
        return loop.time() > began + 0.02

    await until(probes_passed, "it was time for many more")
    assert world.lane.tries == tries
    await world.node.close()

"""The primaries of a Redis Cluster, and who of them keeps which slots.

Rule 1: a key has one home, the primary that keeps its slot; where that is away, its visitors are
answered 503, and nobody is asked in its stead. Who keeps what is asked of the nodes that were
given and of those that are known, a few at once; anew when a node sends a key elsewhere, when one
cannot be reached or knows nobody who keeps a slot; never twice at a time, once a second at most.
Rule 2: a node that sends a key elsewhere has done nothing. The command goes where that one says,
within its own deadline, and to a few nodes at most.
Rule 3: an address that was told is believed only while the node with the name that was told answers
there: addresses are given anew to others, in another cluster, which would tell of absence. Nor is
believed who knows none of the nodes that were told of before, while anybody knows one of them.

redis-py knows the slot of a key and the errors. Its own client for a cluster is not used, for it
repeats writes that may have been carried out.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...exceptions import StoreUnavailable
from ..addresses import Address, shown
from ..exchanges.commands import Command, Limits, StoreCounters
from ..exchanges.lanes import LaneOwner
from ..exchanges.node import Node
from .commands import Redirection, RedisCommand
from .connection import SLOTS, Door, slot_of
from .members import EntranceLane, Member, MemberLane
from .slots import Kept, told_by
from .told import first_told

#: How many nodes are asked at once who keeps what.
_ASKED_AT_ONCE = 5

#: Seconds from one time that this is asked to the next.
_PAUSE = 1.0

#: How many nodes may send a command elsewhere.
_REDIRECTED_AT_MOST = 5


class Cluster:
    """All nodes, as if they were one `Node`. For one event loop.

    Commands wait at ``_entrance`` for the first answer to who keeps what, and so do those whose
    slot nobody keeps.
    """

    def __init__(self, doors: Sequence[Door], limits: Limits, counters: StoreCounters) -> None:
        self.name = ",".join(door.name for door in doors)
        self._given = doors
        self._limits, self._counters = limits, counters
        whole = replace(limits, connections=1, max_batch=limits.max_waiting)  # all leave at once
        self._entrance = Node(self.name, self._entrance_lane, whole, counters)
        self._lane: EntranceLane | None = None
        self._nodes: dict[Address, Node] = {}
        self._names: dict[Address, bytes] = {}
        self._known: frozenset[bytes] = frozenset()
        self._homes: list[Node | None] = [None] * SLOTS
        self._timer: asyncio.TimerHandle | None = None
        self._asked_at = 0.0
        self._closed = False
        self._ending: set[asyncio.Task[None]] = set()

    def call(self, command: RedisCommand) -> asyncio.Future[Any]:
        """See `Node.call`."""
        command.asks, command.redirected = False, 0
        return (self._home(command) or self._entrance).call(command)

    @property
    def doors(self) -> Sequence[Door]:
        """See `MemberOwner.doors`."""
        return self._given

    @property
    def waiting(self) -> int:
        """See `Node.waiting`."""
        return sum(node.waiting for node in (self._entrance, *self._nodes.values()))

    @property
    def may_answer_elsewhere(self) -> bool:
        """See `SessionStore.may_answer_elsewhere`: not all of several primaries are away."""
        primaries = [self._nodes[address] for address in self._names]
        return len(primaries) > 1 and not all(node.is_away for node in primaries)

    async def close(self) -> None:
        """See `Node.close`."""
        self._entrance.may_close()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        nodes, self._nodes, self._names = [*self._nodes.values()], {}, {}
        self._homes = [None] * SLOTS
        here = asyncio.get_running_loop()
        ending = [each for each in self._ending if each.get_loop() is here]
        await asyncio.gather(*(each.close() for each in (self._entrance, *nodes)), *ending)

    def refuse_if_closed(self) -> None:
        """See `Node.refuse_if_closed`."""
        self._entrance.refuse_if_closed()

    async def ask(self) -> list[Kept]:
        """Return who keeps what, as the first tells of a few that are asked; see `told_by`."""
        doors = {door.address: door for door in self.doors}
        doors |= {address: self.door(address) for address in self._nodes}
        asked = random.sample([*doors.values()], min(len(doors), _ASKED_AT_ONCE))
        patience = self._limits.deadline / 2
        return await first_told((told_by(door) for door in asked), self._is_strange, patience)

    async def members(self) -> list[Member]:
        """Return the primaries, asked anew; see `ask`."""
        kept = await self.ask()
        if missing := SLOTS - sum(len(each.slots) for each in kept):
            raise StoreUnavailable(f"nobody keeps {missing} of the {SLOTS} slots")
        names = {each.address: each.name for each in kept}
        return [Member(self.door(address), name) for address, name in names.items()]

    def door(self, address: Address) -> Door:
        """Return the way to a node that was told of."""
        return replace(self.doors[0], name=shown(address), address=address)

    # What lanes tell, and ask.

    async def learn(self) -> None:
        """See `MemberOwner.learn`, and `ask`."""
        self._asked_at = asyncio.get_running_loop().time()
        kept = await self.ask()
        self._names = {each.address: each.name for each in kept}
        self._known = _names_in(kept)
        self._homes = [None] * SLOTS
        for slots, address, *_ in kept:
            self._homes[slots.start : slots.stop] = [self._node(address)] * len(slots)
        for address in self._nodes.keys() - self._names.keys():
            self._let_go(address)

    def learn_soon(self) -> None:
        """See `MemberOwner.learn_soon`."""
        if self._timer is None and not self._closed:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._asked_at + _PAUSE, self._learn_now)

    def name_of(self, door: Door) -> bytes:
        """See `MemberOwner.name_of`."""
        return self._names.get(door.address, b"")

    def enter(self, command: RedisCommand) -> None:
        """See `MemberOwner.enter`."""
        if (home := self._home(command)) is not None:
            home.pass_on(command)
            return
        self.learn_soon()
        command.fail(StoreUnavailable("no node of the cluster keeps the slot of this session"))

    def redirect(self, command: RedisCommand, redirection: Redirection, sender: Door) -> None:
        """See `MemberOwner.redirect`."""
        command.redirected += 1
        if command.redirected > _REDIRECTED_AT_MOST:
            command.fail(StoreUnavailable("the nodes of the cluster send a session round"))
            return
        home = self._node((redirection.host or sender.address[0], redirection.port))
        command.asks = redirection.asks
        if not command.asks:
            self._homes[redirection.slot] = home
            self.learn_soon()
        home.pass_on(command)

    def _learn_now(self) -> None:
        self._timer = None
        assert self._lane is not None
        self._lane.close()
        self._lane.open(self._limits.deadline)

    def _entrance_lane(self, owner: LaneOwner, loop: asyncio.AbstractEventLoop) -> EntranceLane:
        self._lane = EntranceLane(self, owner, loop)
        return self._lane

    # Nodes.

    def _is_strange(self, kept: list[Kept]) -> bool:
        """Return whether this is of another cluster, or of one that was made anew."""
        return bool(self._known) and self._known.isdisjoint(_names_in(kept))

    def _home(self, command: Command) -> Node | None:
        return self._homes[slot_of(command.key.encode())]

    def _node(self, address: Address) -> Node:
        if address not in self._nodes:
            door = self.door(address)

            def lane(owner: LaneOwner, loop: asyncio.AbstractEventLoop) -> MemberLane:
                return MemberLane(self, door, owner, loop)

            self._nodes[address] = Node(door.name, lane, self._limits, self._counters)
        return self._nodes[address]

    def _let_go(self, address: Address) -> None:
        """Close a node that keeps nothing any more, once nobody waits for it."""
        if not self._nodes[address].is_busy:
            ending = asyncio.ensure_future(self._nodes.pop(address).close())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)


def _names_in(kept: list[Kept]) -> frozenset[bytes]:
    return frozenset().union(*(each.names for each in kept))

"""The session store on a fleet of memcached nodes.

Rule 1: a store key has one home, found by rendezvous hashing over the addresses as they were given,
so every process given the same addresses, in any order, finds the same home.
Rule 2: there is no other home. A lost node's keys raise `StoreUnavailable` until it answers; on
another node a record that was ended could still stand.
Rule 3: arguments are checked before anything is queued.

What happens between a call and its answer: :mod:`..exchanges.node`; on the wire: :mod:`.lane`.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Sequence
from dataclasses import asdict
from hashlib import blake2b

from ...exceptions import RecordTooLarge, StoreUnavailable
from ..addresses import parse_address
from ..arguments import check_idle, check_key, check_sealed, check_token
from ..base import SessionRecord, SessionStore, is_away
from ..exchanges.commands import Limits, StoreCounters, StoreError
from ..exchanges.lanes import LaneOwner
from ..exchanges.node import Node
from .commands import Add, Cas, Delete, Lookup, Touch, is_token
from .connection import Door
from .greeting import Greeting, greet
from .lane import MemcachedLane
from .opening import Opening

logger = logging.getLogger(__name__)

#: The session tier's cap, and what sealing adds to it.
_LARGEST_SESSION = 66_000


class MemcachedStore(SessionStore):
    """The contract, kept by one or more memcached nodes. For one event loop.

    ``addresses``       of the nodes, each ``host:port``, ``[::1]:port`` or a Unix socket's path
    ``user, password``  what memcached wants to be told first (option ``-Y``)
    ``tls``             what verifies the nodes, where they speak TLS (option ``-Z``)
    ``deadline``        seconds for a whole call, from the call to the answer
    ``connections``     connections per node
    ``max_batch``       commands that share one exchange, at most
    ``max_waiting``     calls that may wait per node; one more fails at once

    Raises `ValueError` for an address or a number that cannot be. Nothing is connected, and no
    thread started, before the first call, so a process may fork until then.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        user: str = "",
        password: str = "",
        tls: ssl.SSLContext | None = None,
        deadline: float = 0.5,
        connections: int = 1,
        max_batch: int = 256,
        max_waiting: int = 4096,
    ) -> None:
        if not addresses or len(set(addresses)) != len(addresses):
            raise ValueError("name at least one memcached, and each only once")
        self._limits = Limits(deadline, connections, max_batch, max_waiting)
        self._counters = StoreCounters()
        self._doors = [Door(text, parse_address(text), user, password, tls) for text in addresses]
        self._nodes = [self._node(door) for door in self._doors]
        self._only = self._nodes[0] if len(self._nodes) == 1 else None
        self._largest = 0
        self._room: int | None = None

    def _node(self, door: Door) -> Node:
        def lane(owner: LaneOwner, loop: asyncio.AbstractEventLoop) -> MemcachedLane:
            return MemcachedLane(door, owner, loop)

        return Node(door.name, lane, self._limits, self._counters)

    async def load(self, key: str) -> SessionRecord | None:
        """See `SessionStore.load`."""
        return await self.load_soon(key)

    def load_soon(self, key: str) -> asyncio.Future[SessionRecord | None]:
        """See `SessionStore.load_soon`."""
        check_key(key)
        return (self._only or self._home(key)).call(Lookup(key))

    async def load_and_touch(self, key: str, idle: int) -> SessionRecord | None:
        """See `SessionStore.load_and_touch`; one command."""
        check_idle(idle)
        record: SessionRecord | None = await self._home(key).call(Lookup(key, idle))
        return record

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        """See `SessionStore.add`; `RecordTooLarge` where memcached takes no such record."""
        self._check_record(sealed, idle)
        added: bool = await self._home(key).call(Add(key, sealed, idle))
        return added

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        """See `SessionStore.cas`; `RecordTooLarge` where memcached takes no such record."""
        return await self.cas_soon(key, sealed, token, idle)

    def cas_soon(
        self, key: str, sealed: bytes, token: bytes, idle: int
    ) -> asyncio.Future[bool | None]:
        """See `SessionStore.cas_soon`."""
        self._check_record(sealed, idle)
        check_token(token)
        if not is_token(token):
            return asyncio.ensure_future(self._is_another(key))
        return self._home(key).call(Cas(key, sealed, idle, token))

    async def _is_another(self, key: str) -> bool | None:
        """Return what there is to say of a version that this store never had."""
        return False if await self.load(key) else None

    async def touch(self, key: str, idle: int) -> bool:
        """See `SessionStore.touch`."""
        check_idle(idle)
        touched: bool = await self._home(key).call(Touch(key, idle))
        return touched

    async def delete(self, key: str) -> bool:
        """See `SessionStore.delete`."""
        deleted: bool = await self._home(key).call(Delete(key))
        return deleted

    @property
    def room(self) -> int | None:
        """See `SessionStore.room`; known after `check`, where all of the nodes tell."""
        return self._room

    @property
    def may_answer_elsewhere(self) -> bool:
        """See `SessionStore.may_answer_elsewhere`: not all of several nodes are away."""
        return len(self._nodes) > 1 and not all(node.is_away for node in self._nodes)

    async def check(self) -> None:
        """See `SessionStore.check`; what will not do is named before what is just away.

        Where memcached tells the largest record it takes, a larger one is refused from now on
        before it is sent, and the log warns of a limit that sessions may reach.
        """
        for node in self._nodes:
            node.refuse_if_closed()
        outcomes = await asyncio.gather(*(_outcome_of(self._greet(door)) for door in self._doors))
        errors = [each for each in outcomes if isinstance(each, StoreUnavailable)]
        wrong = [error for error in errors if not is_away(error)] or errors
        if wrong:
            raise type(wrong[0])("; ".join(map(str, wrong))) from wrong[0]
        sizes = [each.largest for each in outcomes if isinstance(each, Greeting) and each.largest]
        self._largest = min(sizes, default=0)
        rooms = [each.room for each in outcomes if isinstance(each, Greeting)]
        self._room = sum(rooms) if all(rooms) else None
        if 0 < self._largest < _LARGEST_SESSION:
            logger.warning("memcached takes records of %s bytes at most (-I)", self._largest)

    async def close(self) -> None:
        """Fail what waits, and close the connections."""
        await asyncio.gather(*(node.close() for node in self._nodes))

    def stats(self) -> dict[str, int]:
        """Return the fields of `StoreCounters`, and how many calls are ``waiting``."""
        return asdict(self._counters) | {"waiting": sum(node.waiting for node in self._nodes)}

    def home(self, key: str) -> str:
        """Return the address that ``key`` lives at."""
        return self._home(key).name

    def _home(self, key: str) -> Node:
        check_key(key)
        if self._only is not None:
            return self._only
        return max(self._nodes, key=lambda node: _weight(node.name, key))

    def _check_record(self, sealed: bytes, idle: int) -> None:
        check_sealed(sealed)
        check_idle(idle)
        if self._largest and len(sealed) > self._largest:
            raise RecordTooLarge(len(sealed), self._largest)

    async def _greet(self, door: Door) -> Greeting:
        answer: asyncio.Future[Greeting] = asyncio.get_running_loop().create_future()
        patience = self._limits.deadline

        def failed(error: StoreError) -> None:
            if not answer.done():
                answer.set_exception(type(error)(f"{door.name}: {error}"))

        opening = Opening(
            door.name,
            lambda sockets: greet(door, sockets, patience),
            patience,
            lambda greeting: None if answer.done() else answer.set_result(greeting),
            failed,
        )
        try:
            return await answer
        finally:
            opening.abandon()


async def _outcome_of(greeting: Awaitable[Greeting]) -> Greeting | StoreUnavailable:
    try:
        return await greeting
    except StoreUnavailable as error:
        return error


def _weight(name: str, key: str) -> bytes:
    return blake2b(f"{name}-{key}".encode(), digest_size=8).digest()

"""The session store on a fleet of memcached nodes.

Rule 1: a store key has one home, found by rendezvous hashing over the addresses as they were given,
so every process given the same addresses, in any order, finds the same home.
Rule 2: there is no other home. A lost node's keys raise `StoreUnavailable` until it answers; on
another node a record that was ended could still stand.
Rule 3: arguments are checked before anything is queued.

What happens between a call and its answer: :mod:`.node`; on the wire: :mod:`.connection`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import asdict
from hashlib import blake2b

from ...exceptions import StoreUnavailable
from ..arguments import check_idle, check_key, check_sealed, check_token
from ..base import SessionRecord, SessionStore, is_away
from ..urls import parse_address
from .node import Limits, Node, StoreCounters


class MemcachedStore(SessionStore):
    """The contract, kept by one or more memcached nodes. For one event loop.

    ``addresses``    of the nodes, each ``host:port``, ``[::1]:port`` or the path of a Unix socket
    ``deadline``     seconds for a whole call, from the call to the answer
    ``connections``      connections per node
    ``max_batch``    lookups that share one round trip, at most
    ``max_waiting``  calls that may wait per node; one more fails at once

    Raises `ValueError` for an address or a number that cannot be. Nothing is connected, and no
    thread started, before the first call, so a process may fork until then.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        deadline: float = 0.5,
        connections: int = 2,
        max_batch: int = 64,
        max_waiting: int = 1024,
    ) -> None:
        if not addresses or len(set(addresses)) != len(addresses):
            raise ValueError("name at least one memcached, and each only once")
        if deadline <= 0 or min(connections, max_batch, max_waiting) < 1:
            raise ValueError(
                "deadline is more than 0; connections, max_batch and max_waiting at least 1"
            )
        limits = Limits(deadline, connections, max_batch, max_waiting)
        self._counters = StoreCounters()
        self._nodes = [
            Node(text, parse_address(text), limits, self._counters) for text in addresses
        ]

    async def load(self, key: str) -> SessionRecord | None:
        """See `SessionStore.load`."""
        return await self._home(key).load(key)

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        """See `SessionStore.add`."""
        check_sealed(sealed)
        check_idle(idle)
        return await self._home(key).write(
            key, lambda connection: connection.add(key, sealed, idle)
        )

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        """See `SessionStore.cas`."""
        check_sealed(sealed)
        check_token(token)
        check_idle(idle)
        if not (token.isdigit() and len(token) <= 20):
            return False if await self.load(key) else None  # no version was ever named so
        return await self._home(key).write(
            key, lambda connection: connection.cas(key, sealed, token, idle)
        )

    async def touch(self, key: str, idle: int) -> bool:
        """See `SessionStore.touch`."""
        check_idle(idle)
        return await self._home(key).write(key, lambda connection: connection.touch(key, idle))

    async def delete(self, key: str) -> bool:
        """See `SessionStore.delete`."""
        return await self._home(key).write(key, lambda connection: connection.delete(key))

    async def check(self) -> None:
        """Raise `StoreUnavailable`, naming the addresses, unless memcached answers at every one.

        For the start. Another service on the port, or a memcached without compare-and-swap, comes
        before one that is just away (`is_away`).
        """
        checks = (_error_of(node.check()) for node in self._nodes)
        errors = [error for error in await asyncio.gather(*checks) if error is not None]
        wrong = [error for error in errors if not is_away(error)] or errors
        if wrong:
            raise type(wrong[0])("; ".join(map(str, wrong))) from wrong[0]

    async def close(self) -> None:
        """Fail what waits, and close the connections."""
        await asyncio.gather(*(node.close() for node in self._nodes))

    def lasting_tasks(self) -> set[asyncio.Task[None]]:
        """Return the store's own tasks, for whoever waits until all others are done."""
        return set().union(*(node.lanes for node in self._nodes))

    def stats(self) -> dict[str, int]:
        """Return the fields of `StoreCounters`, and how many calls are ``waiting``."""
        return asdict(self._counters) | {"waiting": sum(node.waiting for node in self._nodes)}

    def home(self, key: str) -> str:
        """Return the address that ``key`` lives at."""
        return self._home(key).name

    def _home(self, key: str) -> Node:
        check_key(key)
        if len(self._nodes) == 1:
            return self._nodes[0]
        return max(self._nodes, key=lambda node: _weight(node.name, key))


async def _error_of(check: Awaitable[None]) -> StoreUnavailable | None:
    try:
        await check
    except StoreUnavailable as error:
        return error
    return None


def _weight(name: str, key: str) -> bytes:
    return blake2b(f"{name}-{key}".encode(), digest_size=8).digest()

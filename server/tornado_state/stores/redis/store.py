"""The session store on Redis or Valkey.

Rule 1: it is one server, the primary of several, to which a name leads or Sentinels do, or a
cluster of primaries: Redis's own replication may lose the last writes when a replica takes over,
and a sign-out among them is lost with them.
Rule 2: arguments are checked before anything is queued.

What happens between a call and its answer: :mod:`..exchanges.node`.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace

from ..addresses import parse_address
from ..arguments import check_idle, check_key, check_sealed, check_token
from ..base import SessionRecord, SessionStore
from ..exchanges.commands import Limits, StoreCounters
from ..exchanges.lanes import LaneOwner
from ..exchanges.node import Node
from .checking import check
from .cluster import Cluster
from .commands import Add, Cas, Lookup, delete, touch
from .connection import Door
from .lane import RedisLane, Way
from .sentinels import PrimaryDoor


class RedisStore(SessionStore):
    """The contract, kept by Redis. For one event loop.

    ``address``         ``host:port``, ``[::1]:port`` or a Unix socket's path
    ``service``         what Sentinels call the primary: then ``address`` is theirs, with commas
    ``cluster``         whether it is a cluster: then ``address`` is of some nodes, with commas
    ``database``        its number
    ``user, password``  what Redis wants to be told first; a password may stand alone
    ``tls, ca_file``    whether it speaks TLS, and the authority that vouches for it
    ``sentinel_password``  what Sentinels want to be told, if they do
    ``deadline``        seconds for a whole call, from the call to the answer
    ``connections``     connections
    ``max_batch``       commands that share one exchange, at most
    ``max_waiting``     calls that may wait; one more fails at once

    Raises `ValueError` for an address or a number that cannot be. Nothing is connected before the
    first call.
    """

    def __init__(
        self,
        address: str,
        *,
        service: str = "",
        cluster: bool = False,
        database: int = 0,
        user: str = "",
        password: str = "",
        tls: bool = False,
        ca_file: str | None = None,
        sentinel_password: str = "",
        deadline: float = 0.5,
        connections: int = 1,
        max_batch: int = 256,
        max_waiting: int = 4096,
    ) -> None:
        if database < 0:
            raise ValueError("the number of a database is 0 or more")
        if cluster and (service or database or "/" in address):
            raise ValueError("a cluster has no service, no database but 0, and no socket")
        self._node: Node | Cluster
        self._limits = Limits(deadline, connections, max_batch, max_waiting)
        self._counters = StoreCounters()
        how = Door(address, "", database, user, password, tls, ca_file)
        self._where: Way | Cluster
        if cluster:
            self._where = self._node = Cluster(_each(how), self._limits, self._counters)
        else:
            way = _primary(how, service, sentinel_password) if service else _at(how, address)
            self._where, self._node = way, self._one(way)

    def _one(self, way: Way) -> Node:
        def lane(owner: LaneOwner, loop: asyncio.AbstractEventLoop) -> RedisLane:
            return RedisLane(way, owner, loop)

        return Node(way.name, lane, self._limits, self._counters)

    async def load(self, key: str) -> SessionRecord | None:
        """See `SessionStore.load`."""
        return await self.load_soon(key)

    def load_soon(self, key: str) -> asyncio.Future[SessionRecord | None]:
        """See `SessionStore.load_soon`."""
        check_key(key)
        return self._node.call(Lookup(key))

    async def load_and_touch(self, key: str, idle: int) -> SessionRecord | None:
        """See `SessionStore.load_and_touch`; one command."""
        check_key(key)
        check_idle(idle)
        record: SessionRecord | None = await self._node.call(Lookup(key, idle))
        return record

    async def add(self, key: str, sealed: bytes, idle: int) -> bool:
        """See `SessionStore.add`."""
        check_key(key)
        check_sealed(sealed)
        check_idle(idle)
        added: bool = await self._node.call(Add(key, sealed, idle))
        return added

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        """See `SessionStore.cas`; one round trip."""
        return await self.cas_soon(key, sealed, token, idle)

    def cas_soon(
        self, key: str, sealed: bytes, token: bytes, idle: int
    ) -> asyncio.Future[bool | None]:
        """See `SessionStore.cas_soon`."""
        check_key(key)
        check_sealed(sealed)
        check_token(token)
        check_idle(idle)
        return self._node.call(Cas(key, sealed, token, idle))

    async def touch(self, key: str, idle: int) -> bool:
        """See `SessionStore.touch`."""
        check_key(key)
        check_idle(idle)
        touched: bool = await self._node.call(touch(key, idle))
        return touched

    async def delete(self, key: str) -> bool:
        """See `SessionStore.delete`."""
        check_key(key)
        deleted: bool = await self._node.call(delete(key))
        return deleted

    @property
    def may_answer_elsewhere(self) -> bool:
        """See `SessionStore.may_answer_elsewhere`: for a cluster."""
        return isinstance(self._node, Cluster) and self._node.may_answer_elsewhere

    async def check(self) -> None:
        """See `SessionStore.check`: it answers, may write, and knows what the store needs."""
        self._node.refuse_if_closed()
        await check(self._where, self._limits.deadline)

    async def close(self) -> None:
        """Fail what waits, and close the connections."""
        await self._node.close()

    def stats(self) -> dict[str, int]:
        """Return the fields of `StoreCounters`, and how many calls are ``waiting``."""
        return asdict(self._counters) | {"waiting": self._node.waiting}


def _at(how: Door, address: str) -> Door:
    return replace(how, name=address, address=parse_address(address))


def _each(how: Door) -> list[Door]:
    """Return the ways to all that are named, with commas."""
    return [_at(how, each) for each in how.name.split(",")]


def _primary(how: Door, service: str, sentinel_password: str) -> PrimaryDoor:
    """Return the way to ``service``; what ``how`` is named after are the Sentinels."""
    sentinel = replace(how, database=0, user="", password=sentinel_password)
    return PrimaryDoor(f"{service} of {how.name}", tuple(_each(sentinel)), service, how)

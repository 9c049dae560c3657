"""The session store on one Redis or Valkey.

Rule 1: it is one server, or the primary of several, to which a name leads or Sentinels do: Redis's
own replication may lose the last writes when a replica takes over, and a sign-out among them is
lost with them.
Rule 2: arguments are checked before anything is queued.

What happens between a call and its answer: :mod:`..exchanges.node`.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace

from ...exceptions import StoreRefused, StoreUnavailable, StoreUnfit
from ..addresses import parse_address
from ..arguments import check_idle, check_key, check_sealed, check_token
from ..base import SessionRecord, SessionStore
from ..exchanges.commands import Limits, StoreCounters, StoreError, Unreachable
from ..exchanges.lanes import LaneOwner
from ..exchanges.node import Node
from .commands import Add, Cas, Lookup, delete, touch
from .connection import Door
from .lane import RedisLane
from .sentinels import PrimaryDoor

#: A key that nobody has.
_NOTHING = "-" * 43


class RedisStore(SessionStore):
    """The contract, kept by Redis. For one event loop.

    ``address``         ``host:port``, ``[::1]:port`` or a Unix socket's path
    ``service``         what Sentinels call the primary: then ``address`` is theirs, with commas
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
        self._limits = Limits(deadline, connections, max_batch, max_waiting)
        self._counters = StoreCounters()
        how = Door(address, "", database, user, password, tls, ca_file)
        self._door = (
            _primary(how, service, sentinel_password)
            if service
            else replace(how, address=parse_address(address))
        )
        self._node = Node(self._door.name, self._lane, self._limits, self._counters)

    def _lane(self, owner: LaneOwner, loop: asyncio.AbstractEventLoop) -> RedisLane:
        return RedisLane(self._door, owner, loop)

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

    async def check(self) -> None:
        """See `SessionStore.check`: it answers, may write, and knows what the store needs."""
        try:
            async with asyncio.timeout(self._limits.deadline):
                await self._ask()
        except TimeoutError as error:
            why = f"{self._door.name}: Redis did not answer within {self._limits.deadline} s"
            raise Unreachable(why) from error
        except (StoreUnavailable, StoreRefused) as error:
            kind = StoreUnfit if isinstance(error, StoreUnfit) else StoreUnavailable
            raise kind(f"{self._door.name}: {error}") from error

    async def close(self) -> None:
        """Fail what waits, and close the connections."""
        await self._node.close()

    def stats(self) -> dict[str, int]:
        """Return the fields of `StoreCounters`, and how many calls are ``waiting``."""
        return asdict(self._counters) | {"waiting": self._node.waiting}

    async def _ask(self) -> None:
        wire = await self._door.open()
        try:
            script = Cas(_NOTHING, b"", b"", 1)
            script.hear_no_script()
            requests = [Lookup(_NOTHING, 1).request(), script.request()]
            for reply in await wire.exchange(requests):
                if isinstance(reply, StoreError):
                    raise reply
        finally:
            await wire.close()


def _primary(how: Door, service: str, sentinel_password: str) -> PrimaryDoor:
    """Return the way to ``service``; what ``how`` is named after are the Sentinels."""
    sentinels = tuple(
        Door(
            each, parse_address(each), password=sentinel_password, tls=how.tls, ca_file=how.ca_file
        )
        for each in how.name.split(",")
    )
    return PrimaryDoor(f"{service} of {how.name}", sentinels, service, how)

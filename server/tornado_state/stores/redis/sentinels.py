"""The way to a primary that Redis Sentinels tell.

Rule 1: they are asked for each connection anew: after a failover it is another primary.
Rule 2: the first one that knows is believed (:mod:`.told`). Who is believed wrongly leads to a
replica, and that is no connection (:mod:`.connection`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...exceptions import StoreUnfit
from ..exchanges.commands import Unreachable
from .connection import Door, Wire
from .meanings import CommandUnknown
from .told import first_told


@dataclass(frozen=True)
class PrimaryDoor:
    """The primary that ``sentinels`` call ``service``; but for its address, it is as ``door``."""

    name: str
    sentinels: tuple[Door, ...]
    service: str
    door: Door

    async def open(self) -> Wire:
        """See `Door.open`."""
        return await replace(self.door, address=await self._primary()).open()

    async def _primary(self) -> tuple[str, int]:
        return await first_told(self._told(sentinel) for sentinel in self.sentinels)

    async def _told(self, sentinel: Door) -> tuple[str, int]:
        try:
            reply = await sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.service)
            if isinstance(reply, StoreUnfit):
                raise reply
        except CommandUnknown as error:
            raise StoreUnfit(f"{sentinel.name} is no Sentinel") from error
        except StoreUnfit as error:
            raise StoreUnfit(f"the Sentinel {sentinel.name}: {error}") from error
        match reply:
            case [bytes(host), bytes(port)]:
                return host.decode("ascii", "replace"), int(port)
        raise Unreachable(f"no Sentinel knows a primary called {self.service}")

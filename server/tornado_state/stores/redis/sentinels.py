"""The way to a primary that Redis Sentinels tell.

Rule 1: they are asked for each connection anew: after a failover it is another primary.
Rule 2: all are asked at once, and the first one that knows is believed: one that is away costs no
time. Who is believed wrongly leads to a replica, and that is no connection (:mod:`.connection`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from ...exceptions import StoreRefused, StoreUnavailable, StoreUnfit
from ..exchanges.commands import StoreError, Unreachable
from .connection import CommandUnknown, Door, Wire


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
        asked = [asyncio.ensure_future(self._told(sentinel)) for sentinel in self.sentinels]
        errors: list[StoreError] = []
        try:
            for answer in asyncio.as_completed(asked):
                try:
                    return await answer
                except (StoreUnavailable, StoreRefused) as error:
                    errors.append(error)
        finally:
            for each in asked:
                each.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        raise next((each for each in errors if isinstance(each, StoreUnfit)), errors[0])

    async def _told(self, sentinel: Door) -> tuple[str, int]:
        try:
            async with sentinel.knocked() as wire:
                question = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.service)
                (reply,) = await wire.exchange([question])
            await wire.close()
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

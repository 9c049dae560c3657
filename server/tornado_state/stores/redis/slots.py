"""What a node of a Redis Cluster tells of who keeps which slots (CLUSTER SLOTS)."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...exceptions import StoreUnfit
from ..addresses import Address
from ..exchanges.commands import Unreachable
from .connection import SLOTS, CommandUnknown, Door


class Kept(NamedTuple):
    """Slots, and the primary that keeps them: where it is, and the name that no other node has."""

    slots: range
    address: Address
    name: bytes


async def told_by(door: Door) -> list[Kept]:
    """Ask the node behind ``door``; `StoreUnavailable` or `StoreRefused`."""
    try:
        async with door.knocked() as wire:
            (reply,) = await wire.exchange([("CLUSTER", "SLOTS")])
        await wire.close()
        if isinstance(reply, Exception):
            raise reply
    except CommandUnknown as error:
        raise StoreUnfit(f"{door.name} is no Redis") from error
    except StoreUnfit as error:
        raise StoreUnfit(f"{door.name}: {error}") from error
    host = door.address[0]
    if kept := [_kept(each, host) for each in reply]:
        return kept
    raise Unreachable(f"{door.name} knows of no node that keeps a slot")


def _kept(told: Any, host: str) -> Kept:
    """Return what is told of one range; a node without a host is where the answer came from."""
    match told:
        case [int(first), int(last), [bytes() | None as where, int(port), bytes(name), *_], *_] if (
            0 <= first <= last < SLOTS
        ):
            address = where.decode("ascii", "replace") if where else host
            return Kept(range(first, last + 1), (address, port), name)
    raise StoreUnfit("what answers does not answer as a Redis Cluster does")

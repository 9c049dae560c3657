"""What a node of a Redis Cluster tells of who keeps which slots (CLUSTER SLOTS)."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...exceptions import StoreUnfit
from ..addresses import Address
from ..exchanges.commands import Unreachable
from .connection import SLOTS, Door
from .meanings import CommandUnknown


class Kept(NamedTuple):
    """Slots, and the primary that keeps them: where it is, and the name that no other node has.

    ``names`` are those of its replicas too.
    """

    slots: range
    address: Address
    name: bytes
    names: frozenset[bytes]


async def told_by(door: Door) -> list[Kept]:
    """Ask the node behind ``door``; `StoreUnavailable` or `StoreRefused`."""
    try:
        reply = await door.ask("CLUSTER", "SLOTS")
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
    """Return what is told of one range."""
    match told:
        case [int(first), int(last), *nodes] if nodes and 0 <= first <= last < SLOTS:
            (address, name), *replicas = [_node(each, host) for each in nodes]
            names = frozenset({name, *(each for _, each in replicas)})
            return Kept(range(first, last + 1), address, name, names)
    raise _foreign()


def _node(told: Any, host: str) -> tuple[Address, bytes]:
    """Return where a node is, and its name; one without a host is where the answer came from."""
    match told:
        case [bytes() | None as where, int(port), bytes(name), *_]:
            return (where.decode("ascii", "replace") if where else host, port), name
    raise _foreign()


def _foreign() -> StoreUnfit:
    return StoreUnfit("what answers does not answer as a Redis Cluster does")

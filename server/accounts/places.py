"""Where the sessions of the accounts are kept, as the database remembers it.

Rule 1: an application says at its start, and at each sign-in, where it keeps sessions. So whoever
disables an account need not know, and cannot be wrong.
Rule 2: a socket, or an address of the machine itself, means something on that machine only.
Rule 3: a place where nobody has signed in for as long as a session may live has no sessions left.
It is forgotten then.
"""

from __future__ import annotations

import ipaddress
import json
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from .tables import session_places

MEMCACHED, PRIVATE_MEMCACHED = "memcached", "private memcached"
MEMORY, SIGNED_COOKIES = "memory", "signed cookies"

#: Seconds. It is written down anew no more often than that.
_NOTED_EVERY = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A place of sessions: one of the kinds above, the machine's name, memcached's addresses."""

    kind: str
    machine: str
    addresses: tuple[str, ...] = ()

    @property
    def is_elsewhere(self) -> bool:
        """Whether only another machine can reach all of it."""
        return self.machine != socket.gethostname() and any(map(_is_local, self.addresses))


def place_here(kind: str, addresses: Iterable[str] = ()) -> Place:
    """Return the place as it is called on this machine."""
    whole = sorted(os.path.abspath(text) if "/" in text else text for text in addresses)
    return Place(kind, socket.gethostname(), tuple(whole))


def remember(place: Place, now: float, oldest: float, connection: Connection) -> None:
    """Note that sessions are kept there, and forget the places last noted before ``oldest``.

    Both are in seconds since the epoch.
    """
    text = json.dumps([place.kind, place.machine, *place.addresses])
    this = session_places.c.place == text
    query = select(session_places.c.last_at).where(this)
    last_at = connection.execute(query).scalar_one_or_none()
    if last_at is None:
        connection.execute(insert(session_places).values(place=text, last_at=now))
    elif now - last_at >= _NOTED_EVERY:
        connection.execute(update(session_places).where(this).values(last_at=now))
    old = session_places.c.last_at <= oldest - _NOTED_EVERY
    connection.execute(delete(session_places).where(old, ~this))


def remembered(connection: Connection) -> list[Place]:
    """Return every place."""
    query = select(session_places.c.place).order_by(session_places.c.place)
    texts = connection.execute(query).scalars()
    return [Place(kind, machine, tuple(rest)) for kind, machine, *rest in map(json.loads, texts)]


def _is_local(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return "/" in address or host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

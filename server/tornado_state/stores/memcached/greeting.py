"""What is asked of memcached at the start of an application, and why it will not do.

Rule 1: what only another configuration mends is `StoreUnfit`, in one sentence.
Rule 2: what is asked leaves nothing behind, and nothing is asked that a proxy must know: where
``stats settings`` is refused, its answer is not missed.
Rule 3: one name is one memcached. A record made through one connection is looked for through
others, to each address of the name; where it is missing, another memcached answers, and sessions
would come and go with the connection.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from ...exceptions import StoreUnavailable, StoreUnfit
from .connection import Connection, Door
from .sockets import Sockets

#: Connections that are compared. Where two memcached take turns, two are enough; where chance leads
#: each to one of two, one in 16 starts does not find out.
_CONNECTIONS = 5

#: Seconds that what is made for the questions lasts, if it cannot be deleted.
_SECONDS = 10

#: What memcached needs of an item beside the value: its head, the store key, the token.
_OVERHEAD = 256


class Greeting(NamedTuple):
    """What answers: its version, and the bytes that it takes: in a record, and in all.

    They are 0 where it does not tell.
    """

    version: str
    largest: int
    room: int = 0


def greet(door: Door, sockets: Sockets, patience: float) -> Greeting:
    """Return what answers at ``door``, or raise why it will not do; blocks."""
    patience /= 2  # an address where nobody answers is met twice
    connection = door.open(sockets, patience)
    try:
        version = connection.version()
        connection.prove()
        key, value = secrets.token_urlsafe(32), secrets.token_hex(16).encode()
        if connection.add(key, value, _SECONDS):
            try:
                _must_compare(connection, key)
                _must_be_one(door, sockets, patience, key, value)
            finally:
                connection.delete(key)
        settings = connection.settings()
    finally:
        connection.close()
    if settings.get(b"cas_enabled") in (b"no", False):
        raise _NO_CAS
    size, room = settings.get(b"item_size_max"), settings.get(b"maxbytes")
    largest = size - _OVERHEAD if isinstance(size, int) else 0
    return Greeting(version, largest, room if isinstance(room, int) else 0)


_NO_CAS = StoreUnfit("this memcached does not compare and swap (option -C)")


def _must_compare(connection: Connection, key: str) -> None:
    _, token = connection.gets(key)
    if token == b"0":
        raise _NO_CAS


def _must_be_one(door: Door, sockets: Sockets, patience: float, key: str, value: bytes) -> None:
    addresses = door.addresses()
    again = [addresses[0]] * max(1, _CONNECTIONS - len(addresses))
    for address in [*addresses, *again]:
        try:
            other = door.open_one(address, sockets, patience / len(addresses))
        except StoreUnavailable:
            continue  # a dead address of a name is no other memcached
        try:
            if other.gets(key)[0] != value:
                raise StoreUnfit(
                    "several memcached answer by this name; list each by an address of its own"
                )
        finally:
            other.close()

"""A connection to Redis: the one importer of redis and hiredis, and the edge their errors stop at.

Rule 1: redis-py is told to try nothing twice. What may be repeated, and what a repeated command's
answer means, is known where the command is (:mod:`.commands`).
Rule 2: whatever is interrupted - by the deadline, a cancellation, an error - closes the connection,
so that an answer still to come can never be taken for another command's.
Rule 3: a connection to a replica is none: it would answer with what was true some time ago. One to
a primary that has become a replica has ended.
Rule 4: what leaves here is an answer or a `StoreError`, without any password.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from hiredis import pack_command
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import REDIS_CLUSTER_HASH_SLOTS as SLOTS
from redis.crc import key_slot as slot_of
from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,
    InvalidResponse,
    MovedError,
    NoScriptError,
    RedisError,
    ResponseError,
)

from ...exceptions import StoreRefused, StoreUnavailable, StoreUnfit
from ..exchanges.commands import OwnFault, StoreError, Unreachable
from .commands import ClusterDown, Redirection, Request, Scriptless

__all__ = ["NOTHING", "SLOTS", "CommandUnknown", "Door", "Wire", "slot_of"]

_OWN_FAULTS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
_FOREIGN = (RedisError, OSError, ValueError, IndexError, TypeError)

#: As bytes; redis-py takes six times as long. Its own types know of tuples of one.
_pack = cast("Callable[[Request], bytes]", pack_command)

#: Seconds for the end of a connection; TLS has something to say there.
_GOODBYE = 0.25

#: A key that nobody has.
NOTHING = "-" * 43

#: What an error of Redis begins with, and what it means for a session store.
_MEANINGS: dict[str, tuple[type[StoreRefused] | type[StoreUnavailable], str]] = {
    "OOM": (StoreRefused, "Redis has no room for the record"),
    "MISCONF": (StoreRefused, "Redis takes no writes, for it cannot save them"),
    "NOREPLICAS": (StoreRefused, "Redis takes no writes, for too few replicas follow"),
    "READONLY": (Unreachable, "this Redis only reads, for it is a replica"),
    "NOAUTH": (StoreUnfit, "this Redis wants a user and password"),
    "WRONGPASS": (StoreUnfit, "this Redis wants another user and password"),
    "NOPERM": (StoreUnfit, "this Redis lets the user not do what a session store does"),
    "CLUSTERDOWN": (ClusterDown, "the cluster of this Redis is down"),
    "WRONGTYPE": (StoreUnavailable, "something that is no record stands under the store key"),
}

#: Where redis-py tells it by the type of the exception, and takes it off the text.
_TYPES = {
    "OutOfMemoryError": "OOM",
    "ReadOnlyError": "READONLY",
    "NoPermissionError": "NOPERM",
    "AuthenticationError": "WRONGPASS",
    "AuthenticationWrongNumberOfArgsError": "NOAUTH",
    "ClusterDownError": "CLUSTERDOWN",
}


class CommandUnknown(StoreUnfit):
    """What answers does not know the command."""


@dataclass(frozen=True)
class Door:
    """Where a Redis is, and what it wants to be told first; for any number of connections.

    ``address`` is a host and port, or the path of a Unix socket.
    """

    name: str
    address: tuple[str, int] | str
    database: int = 0
    user: str = ""
    password: str = ""
    tls: bool = False
    ca_file: str | None = None

    def _connection(self) -> Connection | UnixDomainSocketConnection:
        options: dict[str, Any] = {
            "db": self.database,
            "username": self.user or None,
            "password": self.password or None,
            "socket_timeout": None,
            "socket_connect_timeout": None,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
        }
        if isinstance(self.address, str):
            return UnixDomainSocketConnection(path=self.address, **options)
        host, port = self.address
        if self.tls:
            return SSLConnection(host=host, port=port, ssl_ca_certs=self.ca_file, **options)
        return Connection(host=host, port=port, **options)

    async def open(self, member: bytes | None = None) -> Wire:
        """Return a connection to a primary that answers.

        ``member`` is its name as a node of a cluster, empty where that is not known.
        """
        requests: list[Request] = [("HELLO",), ("PING",), ("EXPIRE", NOTHING, 1)]
        if member:
            requests.append(("CLUSTER", "MYID"))
        async with self.knocked() as wire:
            _believe(*await wire.exchange(requests), member=member)
        return wire

    @asynccontextmanager
    async def knocked(self) -> AsyncIterator[Wire]:
        """Have a connection; whatever goes wrong in the block closes it."""
        try:
            wire = Wire(self._connection())
        except OSError as error:  # redis-py reads a file with each
            raise _translated(error) from error
        try:
            await wire.connect()
            yield wire
        except BaseException:
            await wire.close()
            raise

    async def ask(self, *question: str) -> Any:
        """Return the reply to ``question``, asked over a connection of its own."""
        async with self.knocked() as wire:
            (reply,) = await wire.exchange([question])
        await wire.close()
        return reply


class Wire:
    """One connection, for one exchange at a time."""

    def __init__(self, connection: Connection | UnixDomainSocketConnection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        #: When a reply last came, on the loop's clock.
        self.heard_at = 0.0

    async def connect(self) -> None:
        """Connect, and give the password and the database."""
        try:
            await self._connection.connect()  # type: ignore[no-untyped-call]
        except _FOREIGN as error:
            raise _translated(error) from error

    async def exchange(self, requests: Sequence[Request]) -> list[Any]:
        """Send all, and return an answer or an error for each."""
        try:
            packed = b"".join(map(_pack, requests))
            await self._connection.send_packed_command(packed, check_health=False)
            return [await self._reply() for _ in requests]
        except _FOREIGN as error:
            raise _translated(error) from error

    async def _reply(self) -> Any:
        try:
            reply = await self._connection.read_response(disable_decoding=True)
            self.heard_at = self._loop.time()
            return reply
        except NoScriptError:
            return Scriptless()
        except ResponseError as error:
            meaning = _meaning(error)
            if isinstance(meaning, Unreachable):
                raise meaning from None
            return meaning

    async def close(self) -> None:
        """Close it; who does not say goodbye in time is left."""
        with suppress(*_FOREIGN, TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                await self._connection.disconnect()


def _believe(greeting: Any, *replies: Any, member: bytes | None) -> None:
    """Raise what is wrong with the first answers of a primary, or of a ``member`` of a cluster."""
    if isinstance(greeting, list) and b"replica" in greeting and b"cluster" not in greeting:
        raise Unreachable("this Redis is a replica")  # maybe one that can be written
    for reply in replies:
        is_elsewhere = member is not None and isinstance(reply, Redirection)
        if isinstance(reply, StoreUnavailable) and not is_elsewhere:
            raise reply  # not where it is refused: what is kept can be read
    if member and member != replies[-1]:
        raise Unreachable("a node of another name answers there")


def _meaning(error: RedisError) -> StoreError:
    """Return what an answer that is an error means."""
    if isinstance(error, AskError):  # of which MovedError is one
        asks = not isinstance(error, MovedError)
        return Redirection(error.slot_id, error.host, error.port, asks=asks)
    text = str(error)
    word = _TYPES.get(type(error).__name__) or text.partition(" ")[0]
    if word not in _MEANINGS:  # an error within the script is told in the midst of a sentence
        word = next((each for each in _MEANINGS if f"-{each} " in text), "")
    if "executing the script" in text or "ACL failure in script" in text:
        word = "NOPERM"
    if word:
        kind, why = _MEANINGS[word]
        return kind(why)
    if "cluster support disabled" in text:
        return StoreUnfit("this Redis is no node of a cluster")
    if "unknown command" in text:
        return CommandUnknown("this Redis is older than 6.2, or does not know what a store needs")
    if "DB index" in text or "invalid DB" in text:
        return StoreUnfit("this Redis has no database of that number")
    return StoreUnavailable("Redis reports an error of its own")


def _translated(error: Exception) -> StoreError:
    """Return the project's exception for a foreign one."""
    cause = error if isinstance(error, OSError) else error.__cause__ or error.__context__
    if isinstance(cause, OSError):
        return _unreachable(cause)
    if isinstance(cause, UnicodeError):
        return Unreachable("this can be no host's name")
    if isinstance(error, BusyLoadingError):
        return StoreUnavailable("Redis is loading its records")
    if isinstance(error, AuthenticationError | ResponseError):
        return _meaning(error)
    if isinstance(error, ConnectionError) and not isinstance(error, InvalidResponse):
        return Unreachable("Redis closed the connection")
    return StoreUnfit("what answers does not answer as Redis does")


def _unreachable(error: OSError) -> StoreError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return StoreUnfit(f"the certificate is not to be trusted: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        return StoreUnfit("what answers does not speak TLS as Redis does")
    why = f"no connection to Redis: {error.strerror or error}"
    return OwnFault(why) if error.errno in _OWN_FAULTS else Unreachable(why)

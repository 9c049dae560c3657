"""A connection to Redis; beside :mod:`.meanings` the one importer of redis and hiredis.

Rule 1: redis-py is told to try nothing twice. What may be repeated, and what a repeated command's
answer means, is known where the command is (:mod:`.commands`).
Rule 2: whatever is interrupted - by the deadline, a cancellation, an error - closes the connection,
so that an answer still to come can never be taken for another command's.
Rule 3: a connection to a replica is none: it would answer with what was true some time ago. One to
a primary that has become a replica has ended.
Rule 4: what leaves here is an answer or a `StoreError`, without any password.
Rule 5: where an address of a name says nothing the next one is tried, beside it, if the loop can.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from inspect import signature
from typing import Any, cast

from hiredis import pack_command
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import REDIS_CLUSTER_HASH_SLOTS as SLOTS
from redis.crc import key_slot as slot_of
from redis.exceptions import NoScriptError, RedisError, ResponseError

from ...exceptions import StoreUnavailable
from ..exchanges.commands import Unreachable
from .commands import Redirection, Request, Scriptless
from .meanings import HungUp, meaning_of, translated
from .unasked import refusal_of

__all__ = ["NOTHING", "SLOTS", "Door", "Wire", "slot_of"]

_FOREIGN = (RedisError, OSError, ValueError, IndexError, TypeError)

#: As bytes; redis-py takes six times as long. Its own types know of tuples of one.
_pack = cast("Callable[[Request], bytes]", pack_command)

#: Seconds for the end of a connection; TLS has something to say there.
_GOODBYE = 0.25

#: Seconds after which the next address of a name is tried (RFC 8305, 5: 100 ms to 2 s).
_NEXT = 0.1

#: Bytes; less than this is sent without waiting.
_MUCH = 65_536

#: A key that nobody has.
NOTHING = "-" * 43


class _EachAddress:
    """What redis-py's connections over TCP are told besides."""

    def _connection_arguments(self) -> dict[str, Any]:
        arguments = {**super()._connection_arguments()}  # type: ignore[misc]
        known = signature(asyncio.get_running_loop().create_connection).parameters
        if "happy_eyeballs_delay" in known:  # uvloop does not know it
            arguments["happy_eyeballs_delay"] = _NEXT
        return arguments


class _Tcp(_EachAddress, Connection):
    pass


class _Tls(_EachAddress, SSLConnection):
    pass


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
            return _Tls(host=host, port=port, ssl_ca_certs=self.ca_file, **options)
        return _Tcp(host=host, port=port, **options)

    async def open(self, member: bytes | None = None) -> Wire:
        """Return a connection to a primary that answers.

        ``member`` is its name as a node of a cluster, empty where that is not known.
        """
        requests: list[Request] = [("HELLO",), ("PING", NOTHING), ("EXPIRE", NOTHING, 1)]
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
            raise translated(error) from error
        try:
            await wire.connect()
            yield wire
        except HungUp as error:
            await wire.close()
            raise await self._why(error) from error
        except BaseException:
            await wire.close()
            raise

    async def _why(self, error: HungUp) -> StoreUnavailable:
        """Return what is to be said of one that hangs up before anything was asked of it."""
        if self.tls:
            return error
        refusal = await refusal_of(self.address)
        hint = "" if isinstance(self.address, str) else ", as one does that wants TLS (rediss://)"
        return refusal or Unreachable(f"{error}{hint}")

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
        self._transport: asyncio.WriteTransport | None = None
        #: When a reply last came, on the loop's clock.
        self.heard_at = 0.0

    async def connect(self) -> None:
        """Connect, and give the password and the database."""
        try:
            await self._connection.connect()  # type: ignore[no-untyped-call]
            # redis-py shows it to nobody; without it a connection is closed as redis-py does that.
            self._transport = getattr(getattr(self._connection, "_writer", None), "transport", None)
        except _FOREIGN as error:
            raise translated(error) from error

    async def exchange(self, requests: Sequence[Request]) -> list[Any]:
        """Send all, and return an answer or an error for each."""
        try:
            packed = b"".join(map(_pack, requests))
            sending = self._connection.send_packed_command(packed, check_health=False)
            if len(packed) > _MUCH:
                return await self._heard_meanwhile(sending, requests)
            await sending
            return [await self._reply() for _ in requests]
        except _FOREIGN as error:
            raise translated(error) from error

    async def _heard_meanwhile(
        self, sending: Coroutine[Any, Any, None], requests: Sequence[Request]
    ) -> list[Any]:
        """Read while the rest is on its way: what is answered tells that Redis is there."""
        task = self._loop.create_task(sending)
        try:
            replies = [await self._reply() for _ in requests]
            await task
            return replies
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _reply(self) -> Any:
        try:
            reply = await self._connection.read_response(disable_decoding=True)
            self.heard_at = self._loop.time()
            return reply
        except NoScriptError:
            return Scriptless()
        except ResponseError as error:
            meaning = meaning_of(error)
            if isinstance(meaning, Unreachable):
                raise meaning from None
            return meaning

    async def close(self) -> None:
        """Close it; who does not say goodbye in time is left, and what is not sent by then, too."""
        try:
            with suppress(*_FOREIGN, TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await self._connection.disconnect()
        finally:
            if self._transport is not None:
                self._transport.abort()


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

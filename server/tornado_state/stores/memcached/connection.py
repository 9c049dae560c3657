"""Making a connection to memcached: the one importer of pymemcache, where its errors stop.

pymemcache connects, wraps in TLS, gives the password and asks for the version, blocking, in a
thread (:mod:`.opening`). What its calls cannot do - many commands in one exchange, on an event
loop, within one deadline - is done on the socket it has opened (:mod:`.lane`).

Rule 1: each address of a name is tried, IPv4 first, because a memcached on this machine usually
listens on 127.0.0.1 alone while ``localhost`` means ::1 as well; pymemcache tries the first only.
Rule 2: what leaves here is a connection that answers, or a `StoreError` without any password.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pymemcache.client.base import Client
from pymemcache.exceptions import (
    MemcacheClientError,
    MemcacheError,
    MemcacheServerError,
    MemcacheUnexpectedCloseError,
    MemcacheUnknownCommandError,
    MemcacheUnknownError,
)

from ...exceptions import StoreUnavailable, StoreUnfit
from ..addresses import Address
from ..exchanges.commands import OwnFault, StoreError, Unreachable
from .sockets import Sockets

T = TypeVar("T")

#: A garbled reply shows as one of the last three.
_FOREIGN = (OSError, MemcacheError, ValueError, IndexError, KeyError)
_OWN_FAULTS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}

#: Where memcached takes a password: as the value of any key, in the first command.
_LOGIN = "login"
#: A key that nobody has.
_NOTHING = "-" * 43


class _Client(Client):  # type: ignore[misc]  # pymemcache is not typed
    """pymemcache's client, telling a memcached that is full from one that knows no command."""

    def _raise_errors(self, line: bytes, name: bytes) -> None:
        if line.startswith(b"ERROR Too many open connections"):
            raise MemcacheServerError(line)
        super()._raise_errors(line, name)


class _HungUp(StoreUnfit):
    """What was reached has closed the connection, asked for nothing but its version."""


class Connection:
    """A connection that answers: its socket, and pymemcache's client to ask blocking questions."""

    def __init__(self, client: Client, misses_are_numbered: bool) -> None:
        self._client = client
        #: Not so before 1.6.18.
        self.misses_are_numbered = misses_are_numbered

    @property
    def socket(self) -> socket.socket:
        """The socket, which no longer blocks."""
        sock: socket.socket = self._client.sock
        sock.setblocking(False)
        return sock

    def version(self) -> str:
        """Return memcached's version."""
        return asked(lambda: _printable(self._client.version()))

    def prove(self) -> None:
        """Delete nothing, and end an exchange; `StoreUnfit` where a proxy knows nothing of that."""
        asked(self._prove)

    def _prove(self) -> None:
        ended = self._client.raw_command(f"md {_NOTHING} O1")
        if ended[:2] != b"NF" or self._client.raw_command("mn") != b"MN":
            raise MemcacheUnknownError("an answer to another command")

    def add(self, key: str, value: bytes, seconds: int) -> bool:
        """Keep ``value`` for a while; False where that is refused."""
        try:
            return asked(lambda: bool(self._client.add(key, value, expire=seconds)))
        except StoreUnavailable as error:
            if type(error) is not StoreUnavailable:
                raise
            return False  # memcached has no room, say

    def gets(self, key: str) -> tuple[bytes | None, bytes | None]:
        """Return a value and its token."""
        found: tuple[bytes | None, bytes | None] = asked(lambda: self._client.gets(key))
        return found

    def delete(self, key: str) -> None:
        """End a value."""
        asked(lambda: self._client.delete(key))

    def settings(self) -> dict[bytes, Any]:
        """Return what ``stats settings`` says; nothing where that is refused, as by proxies.

        The last question: where it is refused, the connection is closed.
        """
        try:
            return asked(lambda: dict(self._client.stats("settings")))
        except StoreUnavailable:
            return {}

    def close(self) -> None:
        """Close it."""
        self._client.close()


@dataclass(frozen=True)
class Door:
    """Where a memcached is, and what it wants to be told first; for any number of connections."""

    name: str
    address: Address
    user: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    #: The address that answered last; it is tried first.
    _good: list[Any] = field(default_factory=list, compare=False)

    def open(self, sockets: Sockets, patience: float) -> Connection:
        """Return a connection that has answered; to be called where blocking is no harm."""
        error: StoreError = Unreachable("the name of memcached's host has no address")
        found = self.addresses()
        for info in found:
            try:
                connection = self.open_one(info, sockets, patience / len(found))
            except StoreUnavailable as failure:
                error = failure
            else:
                self._good[:] = [info]
                return connection
        raise error

    def addresses(self) -> list[Any]:
        """Return what `socket.getaddrinfo` returns; [None] for a socket's path.

        What answered last is the first, then IPv4.
        """
        if isinstance(self.address, str):
            return [None]
        try:
            found = socket.getaddrinfo(*self.address, type=socket.SOCK_STREAM)
        except OSError as error:
            raise _translated(error) from error
        except UnicodeError as error:  # a label that is empty, say, or too long
            raise Unreachable("this can be no host's name") from error
        return sorted(found, key=lambda info: (info not in self._good, info[0] != socket.AF_INET))

    def open_one(self, info: Any, sockets: Sockets, patience: float) -> Connection:
        """Return a connection to one of `addresses`."""
        sockets.addresses = [info]
        path = self.address if isinstance(self.address, str) else None
        client = _Client(
            f"unix:{path}" if path else self.address,
            connect_timeout=patience,
            timeout=patience,
            socket_module=sockets,
            no_delay=True,
            default_noreply=False,
            tls_context=self.tls,
        )
        try:
            return Connection(client, asked(lambda: self._greet(client)))
        except StoreUnavailable as error:
            client.close()
            if isinstance(error, _HungUp) and self.tls is None and path is None:
                raise StoreUnfit(f"{error}, but one that wants TLS (memcacheds://)") from error
            raise

    def _greet(self, client: Client) -> bool:
        """Return whether the answer to a lookup of nothing carries the lookup's number."""
        if self.user:
            client.set(_LOGIN, f"{self.user} {self.password}".encode())
        version = client.version()
        try:
            answer = client.raw_command(f"mg {_NOTHING} O1", b"\r\n")
        except MemcacheUnknownCommandError as error:
            raise StoreUnfit(
                f"memcached {_printable(version)} knows no meta commands, as 1.6 and later do"
            ) from error
        if answer not in (b"EN", b"EN O1"):
            raise MemcacheUnknownError("an answer to another command")
        return bool(answer == b"EN O1")


def asked(question: Callable[[], T]) -> T:
    """Return the answer of pymemcache, or raise a `StoreUnavailable` of ours."""
    try:
        return question()
    except _FOREIGN as error:
        raise _translated(error) from error


def _printable(version: bytes) -> str:
    """Return a version, as long as it looks like one: what answers may be anything."""
    return version.decode() if re.fullmatch(rb"[0-9A-Za-z.+-]{1,32}", version) else "of no version"


def _translated(error: Exception) -> StoreUnavailable:
    """Return the project's exception for a foreign one, without any password."""
    if isinstance(error, OSError):
        return _unreachable(error)
    if isinstance(error, MemcacheUnexpectedCloseError):
        return _HungUp("what answers hangs up, which memcached does not do")
    if isinstance(error, MemcacheServerError):
        return StoreUnavailable("memcached reports an error of its own")
    if isinstance(error, MemcacheClientError) and "authentic" in str(error):
        return StoreUnfit("this memcached wants another user and password (option -Y)")
    return StoreUnfit("what answers does not answer as memcached does")


def _unreachable(error: OSError) -> StoreUnavailable:
    if isinstance(error, ssl.SSLCertVerificationError):
        return StoreUnfit(f"the certificate is not to be trusted: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        return StoreUnfit("what answers does not speak TLS as memcached does")
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return _HungUp("what answers hangs up, which memcached does not do")
    why = f"no connection to memcached: {error.strerror or error}"
    return OwnFault(why) if error.errno in _OWN_FAULTS else Unreachable(why)

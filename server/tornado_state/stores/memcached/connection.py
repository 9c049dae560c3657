"""One connection to one memcached: the one importer of pymemcache, and the edge its errors stop at.

Rule 1: every reply is awaited and belongs to its command. Anything unexpected - a time-out, an
error, a reply of another kind, an interruption - destroys the connection, so that a reply still to
come can never be taken for another command's.
Rule 2: an idle connection is looked at before it is used again, so a memcached that was restarted
costs nobody a failed call.
Rule 3: a command that failed because a *reused* connection broke is sent once more over a new one.
After a time-out nothing is sent again: it may still be carried out. `load`, `touch` and `delete`
may be repeated by their nature; what a repeated `add` or `cas` says is looked into (`_add_again`,
`_cas_again`), because the first one may have been carried out before the connection broke.
Rule 4: what leaves here is an answer, `StoreRefused`, or `StoreUnavailable`: pymemcache's
exceptions, those of the operating system, and what a garbled reply does to pymemcache's parser end
here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from pymemcache.client.base import Client
from pymemcache.exceptions import (
    MemcacheError,
    MemcacheServerError,
    MemcacheUnexpectedCloseError,
    MemcacheUnknownError,
)

from ...exceptions import StoreRefused, StoreUnavailable
from ..base import SessionRecord
from ..urls import Address
from .loop_socket import LoopSockets

T = TypeVar("T")

#: What a reply's first line may be, where pymemcache would take any other line for an answer too:
#: for False ("not found"), or for the end of the records.
_REPLIES = {
    b"delete": (b"DELETED", b"NOT_FOUND"),
    b"touch": (b"TOUCHED", b"NOT_FOUND"),
    b"gets": (b"VALUE", b"END"),
}

#: A garbled reply shows as ValueError, IndexError or KeyError (a record nobody asked for).
_FOREIGN = (OSError, MemcacheError, ValueError, IndexError, KeyError)
_LOST = (OSError, MemcacheUnexpectedCloseError)


class Unreachable(StoreUnavailable):
    """memcached was not reached, closed the connection, or (``timed_out``) was too late."""

    def __init__(self, why: str, *, timed_out: bool) -> None:
        self.timed_out = timed_out
        super().__init__(why)


def is_foreign(error: StoreUnavailable) -> bool:
    """Return whether somebody answered and is no memcached; who hangs up at once is none either."""
    if not isinstance(error, Unreachable):
        return True
    why = error.__cause__
    away = isinstance(why, OSError) and not isinstance(why, ConnectionResetError | BrokenPipeError)
    return not (error.timed_out or away)


class _StrictClient(Client):  # type: ignore[misc]  # pymemcache is not typed
    """pymemcache's client, refusing a reply that does not answer the command."""

    def _raise_errors(self, line: bytes, name: bytes) -> None:
        super()._raise_errors(line, name)
        if name in _REPLIES and line.partition(b" ")[0] not in _REPLIES[name]:
            raise MemcacheUnknownError("a reply to another command")


class Connection:
    """A connection that makes and remakes itself, for one command at a time within `.bridge.run`.

    Each method raises `Unreachable`, another `StoreUnavailable` where something else than memcached
    seems to answer, or `StoreRefused`.
    """

    def __init__(self, address: Address) -> None:
        self._client = _StrictClient(
            f"unix:{address}" if isinstance(address, str) else address,
            socket_module=LoopSockets(),
            no_delay=True,
            default_noreply=False,
            allow_unicode_keys=False,
        )

    def load(self, keys: Collection[str]) -> dict[str, SessionRecord]:
        """Return the records that exist, by store key, for one round trip."""
        found = self._ask(lambda: self._client.gets_many(keys))
        return {key: SessionRecord(*record) for key, record in found.items()}

    def add(self, key: str, sealed: bytes, idle: int) -> bool:
        """See `SessionStore.add`."""
        return self._ask(
            lambda: bool(self._client.add(key, sealed, expire=idle)),
            again=lambda: self._add_again(key, sealed, idle),
        )

    def cas(self, key: str, sealed: bytes, cas: bytes, idle: int) -> bool | None:
        """See `SessionStore.cas`."""
        return self._ask(
            lambda: self._cas(key, sealed, cas, idle),
            again=lambda: self._cas_again(key, sealed, cas, idle),
        )

    def touch(self, key: str, idle: int) -> bool:
        """See `SessionStore.touch`."""
        return self._ask(lambda: bool(self._client.touch(key, idle)))

    def delete(self, key: str) -> bool:
        """See `SessionStore.delete`. Sent twice, it may say False for what it deleted itself."""
        return self._ask(lambda: bool(self._client.delete(key)))

    def version(self) -> None:
        """Return if memcached answers over a new connection."""
        self.close()
        self._ask(self._client.version)

    def has_cas(self) -> bool:
        """Return whether this memcached compares and swaps; ``-C`` turns that off."""
        settings = self._ask(lambda: self._client.stats("settings"))
        return settings.get(b"cas_enabled") not in (b"no", False)

    def close(self) -> None:
        """Close the connection; the next command makes a new one."""
        self._client.close()

    def _ask(self, command: Callable[[], T], again: Callable[[], T] | None = None) -> T:
        answered = False
        try:
            answer = self._send(command, again or command)
            answered = True
        except _FOREIGN as error:
            raise _translated(error) from error
        finally:
            if not answered:
                self.close()
        return answer

    def _send(self, command: Callable[[], T], again: Callable[[], T]) -> T:
        if self._client.sock is not None and not self._client.sock.is_fresh():
            self.close()
        if self._client.sock is None:
            return command()
        try:
            return command()
        except _LOST:
            self.close()
        return again()

    def _cas(self, key: str, sealed: bytes, cas: bytes, idle: int) -> bool | None:
        stored: bool | None = self._client.cas(key, sealed, cas, expire=idle)
        return stored

    def _add_again(self, key: str, sealed: bytes, idle: int) -> bool:
        """Add once more. Sealed bytes are never the same twice, so the same bytes are my own.

        Other bytes mean that the key is taken, which is what False says, whoever took it. No bytes
        mean that a record came and went: nobody can tell whose.
        """
        if self._client.add(key, sealed, expire=idle):
            return True
        standing = self._standing(key)
        if standing is None:
            raise StoreUnavailable("the connection broke, and what became of the add is not known")
        return standing == sealed

    def _cas_again(self, key: str, sealed: bytes, cas: bytes, idle: int) -> bool | None:
        """Compare and swap once more.

        Stored: the first one was not carried out. Not found: there is no record, whatever the first
        one did. Another version: it is my own if its bytes are; else someone may have built upon
        mine, and a caller told of a conflict would apply its change a second time.
        """
        stored = self._cas(key, sealed, cas, idle)
        if stored is not False:
            return stored
        if self._standing(key) == sealed:
            return True
        raise StoreUnavailable("the connection broke, and what became of the cas is not known")

    def _standing(self, key: str) -> bytes | None:
        sealed: bytes | None = self._client.gets(key)[0]
        return sealed


def _translated(error: Exception) -> StoreRefused | StoreUnavailable:
    """Return the project's exception for a foreign one, without any key or content."""
    if isinstance(error, MemcacheUnexpectedCloseError):
        return Unreachable("memcached closed the connection", timed_out=False)
    if isinstance(error, OSError):
        return Unreachable(f"no connection to memcached: {error.strerror}", timed_out=False)
    if isinstance(error, MemcacheServerError):
        return _server_error(str(error))
    return StoreUnavailable("what answers does not answer as memcached does")


def _server_error(text: str) -> StoreRefused | StoreUnavailable:
    if "out of memory storing" in text or "too large" in text:
        return StoreRefused("memcached has no room for the record")
    return StoreUnavailable("memcached reports an error of its own")

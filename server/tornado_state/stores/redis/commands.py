"""The contract's methods in Redis's commands, and what its answers mean.

A record is one string: a token of 16 bytes, drawn anew for each version, and the sealed bytes.

    load             GET
    load_and_touch   GETEX EX
    touch            EXPIRE
    delete           DEL
    add              SET NX EX
    cas              a script: compare the token, and SET EX, in one step (:mod:`.cas_script`)

Rule 1: an error is an answer to its own command; those after it are answered all the same.
Rule 2: what a repeated add or cas says is looked into, because the first one may have been carried
out before the connection broke. A version is told by its token, which nobody else can have drawn.
Rule 3: what another program left under a key is a record that nobody can read, of whatever type.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from ...exceptions import StoreUnavailable, StoreUnfit
from ..base import SessionRecord
from ..exchanges.commands import Command, StoreError
from .cas_script import SCRIPT, SCRIPT_NAME

_TOKEN = 16

#: Said of a node to whoever has not opened it as one.
ONE_OF_A_CLUSTER = "this Redis is one node of a cluster, which redis+cluster:// opens"

Request = tuple[bytes | str | int, ...]


class Scriptless(Exception):
    """Redis does not know the script: it was restarted, say."""


class ClusterDown(StoreUnavailable):
    """A node of a cluster did nothing, for it knows nobody who keeps the slot.

    So says one that was removed, too.
    """


class NoRecord(StoreUnavailable):
    """What stands under the key is of a type that no record has."""


class Redirection(StoreUnfit):
    """A node of a cluster did nothing, for another one keeps the ``slot`` of the key.

    With ``asks`` only this once, while the slot moves. An empty host is that of who said so.
    """

    def __init__(self, slot: int, host: str, port: int, *, asks: bool) -> None:
        super().__init__(ONE_OF_A_CLUSTER)
        self.slot, self.host, self.port, self.asks = slot, host, port, asks


class RedisCommand(Command, ABC):
    """One command.

    In a cluster ``asks`` is whether a node is to answer of a slot that is only on its way there;
    ``redirected`` counts the nodes that said that another one keeps it.
    """

    __slots__ = ("asks", "redirected")
    asks: bool
    redirected: int
    #: What is heard in place of `NoRecord`.
    unreadable: ClassVar[Any] = b""

    @abstractmethod
    def request(self) -> Request:
        """Return what to send."""

    def hear(self, reply: Any) -> bool:
        """Take the answer, or an error; return whether there is something more to ask."""
        if isinstance(reply, NoRecord):
            reply = self.unreadable
        if isinstance(reply, StoreError):
            self.fail(reply)
            return False
        return self._hear(reply)

    @abstractmethod
    def _hear(self, reply: Any) -> bool:
        """Take an answer that is no error."""


class Lookup(RedisCommand):
    """`SessionStore.load`, and with ``idle`` `SessionStore.load_and_touch`."""

    __slots__ = ("_idle",)
    is_lookup = True

    def __init__(self, key: str, idle: int | None = None) -> None:
        super().__init__(key, joins=key if idle is None else (key, idle))
        self._idle = idle

    def request(self) -> Request:
        """Return what to send."""
        if self._idle is None:
            return ("GET", self.key)
        return ("GETEX", self.key, "EX", self._idle)

    def _hear(self, reply: Any) -> bool:
        if reply is None:
            self.found(None)
        elif isinstance(reply, bytes):
            self.found(SessionRecord(reply[_TOKEN:], reply[:_TOKEN]))
        else:
            self.fail(foreign())
        return False


class Change(RedisCommand):
    """`SessionStore.touch` and `SessionStore.delete`: 1 is True, 0 is False."""

    __slots__ = ("_request",)

    def __init__(self, key: str, *request: bytes | str | int) -> None:
        super().__init__(key)
        self._request = request

    def request(self) -> Request:
        """Return what to send."""
        return self._request

    def _hear(self, reply: Any) -> bool:
        if reply in (0, 1):
            self.answer(reply == 1)
        else:
            self.fail(foreign())
        return False


def touch(key: str, idle: int) -> Change:
    """Return `SessionStore.touch`."""
    return Change(key, "EXPIRE", key, idle)


def delete(key: str) -> Change:
    """Return `SessionStore.delete`."""
    return Change(key, "DEL", key)


class Add(RedisCommand):
    """`SessionStore.add`.

    Repeated, and the key is taken: my own token means that it is my own record. Another one means
    that the key is taken, whoever took it; none, that a record came and went, and nobody can tell
    whose.
    """

    __slots__ = ("_idle", "_looks", "_value")
    unreadable = b"not mine"

    def __init__(self, key: str, sealed: bytes, idle: int) -> None:
        super().__init__(key)
        self._value, self._idle = os.urandom(_TOKEN) + sealed, idle
        self._looks = False

    def request(self) -> Request:
        """Return what to send."""
        if self._looks:
            return ("GETRANGE", self.key, 0, _TOKEN - 1)
        return ("SET", self.key, self._value, "NX", "EX", self._idle)

    def _hear(self, reply: Any) -> bool:
        if self._looks:
            self._hear_standing(reply)
        elif reply is None and self.again:
            self._looks = True
            return True
        elif reply in (None, b"OK"):
            self.answer(reply is not None)
        else:
            self.fail(foreign())
        return False

    def _hear_standing(self, token: Any) -> None:
        if token:
            self.answer(token == self._value[:_TOKEN])
        else:
            self.fail(_unknown("add"))


class Cas(RedisCommand):
    """`SessionStore.cas`.

    Repeated, and another version stands there: someone may have built upon mine, and a caller told
    of a conflict would apply its change a second time.
    """

    __slots__ = ("_idle", "_in_full", "_token", "_value")

    def __init__(self, key: str, sealed: bytes, token: bytes, idle: int) -> None:
        super().__init__(key)
        self._value, self._token, self._idle = os.urandom(_TOKEN) + sealed, token, idle
        self._in_full = False

    def request(self) -> Request:
        """Return what to send; the script in full once it has turned out not to be known."""
        script: Request = ("EVAL", SCRIPT) if self._in_full else ("EVALSHA", SCRIPT_NAME)
        return (*script, 1, self.key, self._token, self._value, self._idle)

    def hear_no_script(self) -> None:
        """Hear that Redis does not know the script."""
        self._in_full = True

    def hear(self, reply: Any) -> bool:
        """See `RedisCommand.hear`."""
        if isinstance(reply, Scriptless) and not self._in_full:
            self.hear_no_script()
            return True
        return super().hear(reply)

    def _hear(self, reply: Any) -> bool:
        if reply == 0 and self.again:
            self.fail(_unknown("cas"))
        elif reply in (None, 0, 1):
            self.answer(reply if reply is None else reply == 1)
        else:
            self.fail(foreign())
        return False


def foreign() -> StoreUnfit:
    """Return what is said of an answer that is none."""
    return StoreUnfit("what answers does not answer as Redis does")


def _unknown(what: str) -> StoreUnavailable:
    return StoreUnavailable(f"the connection broke, and what became of the {what} is not known")

r"""The contract's methods in memcached's protocol, and what its answers mean.

    load             mg <key> v c O<n>              VA <size> c<token> O<n>, or EN O<n>
    load_and_touch   mg <key> v c O<n> T<idle>      the same; the clock is pushed by the lookup
    touch            mg <key> O<n> T<idle>          HD O<n>, or EN O<n>
    delete           md <key> O<n>                  HD O<n>, or NF O<n>
    add              add <key> 0 <idle> <size>      STORED, or NOT_STORED
    cas              cas <key> 0 <idle> <size> <token>    STORED, EXISTS, or NOT_FOUND

Older ones say OK for HD (up to 1.6.9), EN without a number, and to md a blank more (up to 1.6.17).

Rule 1: a number (``O``) of its own comes back with each answer that can carry one.
Rule 2: writes of a record are ``add`` and ``cas`` and no meta commands: where ``ms`` is refused,
for being too large or for want of memory, memcached throws out the record that stood there,
whatever version it was (measured on 1.6.18). These leave it alone.
Rule 3: what memcached cannot mean for a command is no answer to it: `Foreign`.
Rule 4: `touch` and `delete` may be repeated by their nature; sent again, a delete may say False for
what it ended itself. What a repeated add or cas says is looked into, because the first one may have
been carried out before the connection broke.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from ...exceptions import RecordTooLarge, StoreRefused, StoreUnavailable
from ..base import SessionRecord
from ..exchanges.commands import Command, StoreError
from .answers import Answer, Foreign


def is_token(token: bytes) -> bool:
    """Return whether memcached can have given this token: a number of 64 bits."""
    return token.isdigit() and (len(token) < 20 or (len(token) == 20 and int(token) < 2**64))


class MemcachedCommand(Command, ABC):
    """One command."""

    __slots__ = ("misses_are_numbered", "number")

    def request(self, number: int, *, misses_are_numbered: bool = True) -> bytes:
        """Return what to send; ``number`` comes back with the answer."""
        self.number, self.misses_are_numbered = b"O%d" % number, misses_are_numbered
        return self._request()

    @property
    def miss(self) -> list[bytes]:
        """What is said where there is no record."""
        return [b"EN", self.number] if self.misses_are_numbered else [b"EN"]

    def hear(self, answer: Answer) -> bool:
        """Take the answer; return whether there is something more to ask. `Foreign`."""
        if answer.words[0] == b"SERVER_ERROR":
            self.fail(self._error(b" ".join(answer.words[1:])))
            return False
        return self._hear(answer)

    def _error(self, text: bytes) -> StoreError:
        return StoreUnavailable("memcached reports an error of its own")

    @abstractmethod
    def _request(self) -> bytes:
        """Return what to send."""

    @abstractmethod
    def _hear(self, answer: Answer) -> bool:
        """Take an answer that is no error."""

    def _record(self, answer: Answer) -> SessionRecord | None:
        """Return what a lookup has found; `Foreign` for what is no answer to it."""
        words, value = answer.words, answer.value
        if value is None:
            if words != self.miss:
                raise Foreign
            return None
        if len(words) != 4 or words[3] != self.number or words[2][:1] != b"c":
            raise Foreign
        return SessionRecord(value, words[2][1:])

    def _is_done(self, words: list[bytes], undone: list[bytes]) -> bool:
        """Return whether it is done; `Foreign` unless that, or ``undone``, is what is said."""
        if words == [b"HD", self.number]:
            return True
        words = [word for word in words if word]
        if words not in (undone, [b"HD", self.number], [b"OK", self.number]):
            raise Foreign
        return words != undone


class Lookup(MemcachedCommand):
    """`SessionStore.load`, and with ``idle`` `SessionStore.load_and_touch`."""

    __slots__ = ("_idle",)
    is_lookup = True

    def __init__(self, key: str, idle: int | None = None) -> None:
        MemcachedCommand.__init__(self, key, key if idle is None else (key, idle))
        self._idle = idle

    def _request(self) -> bytes:
        touch = b"" if self._idle is None else b" T%d" % self._idle
        return b"mg %b v c %b%b\r\n" % (self.key.encode(), self.number, touch)

    def _hear(self, answer: Answer) -> bool:
        self.found(self._record(answer))
        return False


class Touch(MemcachedCommand):
    """`SessionStore.touch`."""

    __slots__ = ("_idle",)

    def __init__(self, key: str, idle: int) -> None:
        super().__init__(key)
        self._idle = idle

    def _request(self) -> bytes:
        return b"mg %b %b T%d\r\n" % (self.key.encode(), self.number, self._idle)

    def _hear(self, answer: Answer) -> bool:
        self.answer(self._is_done(answer.words, self.miss))
        return False


class Delete(MemcachedCommand):
    """`SessionStore.delete`."""

    __slots__ = ()

    def _request(self) -> bytes:
        return b"md %b %b\r\n" % (self.key.encode(), self.number)

    def _hear(self, answer: Answer) -> bool:
        self.answer(self._is_done(answer.words, [b"NF", self.number]))
        return False


class RecordWrite(MemcachedCommand):
    """What `Add` and `Cas` have in common: a repeated one may have to see what stands there."""

    __slots__ = ("_idle", "_looks", "_sealed", "_token")

    def __init__(self, key: str, sealed: bytes, idle: int, token: bytes = b"") -> None:
        MemcachedCommand.__init__(self, key)
        self._sealed, self._idle, self._token = sealed, idle, token
        self._looks = False

    def _request(self) -> bytes:
        if self._looks:
            return b"mg %b v c %b\r\n" % (self.key.encode(), self.number)
        return self._write()

    def _error(self, text: bytes) -> StoreError:
        if b"too large" in text:
            return RecordTooLarge(len(self._sealed))
        if b"out of memory storing" in text:
            return StoreRefused("memcached has no room for the record")
        return super()._error(text)

    def _hear(self, answer: Answer) -> bool:
        if self._looks:
            standing = self._record(answer)
            self._hear_standing(standing.sealed if standing else None)
            return False
        if len(answer.words) != 1:
            raise Foreign
        self._looks = self._hear_write(answer.words[0])
        return self._looks

    @abstractmethod
    def _write(self) -> bytes:
        """Return the write itself."""

    @abstractmethod
    def _hear_write(self, word: bytes) -> bool:
        """Take what is said to the write; return whether to see what stands there."""

    @abstractmethod
    def _hear_standing(self, sealed: bytes | None) -> None:
        """Take what stands there."""


class Add(RecordWrite):
    """`SessionStore.add`.

    Sealed bytes are never the same twice, so, repeated, the same bytes are my own. Other bytes mean
    that the key is taken, which is what False says, whoever took it. No bytes mean that a record
    came and went: nobody can tell whose.
    """

    __slots__ = ()

    def _write(self) -> bytes:
        words = (self.key.encode(), self._idle, len(self._sealed), self._sealed)
        return b"add %b 0 %d %d\r\n%b\r\n" % words

    def _hear_write(self, word: bytes) -> bool:
        if word == b"NOT_STORED" and self.again:
            return True
        if word not in (b"STORED", b"NOT_STORED"):
            raise Foreign
        self.answer(word == b"STORED")
        return False

    def _hear_standing(self, sealed: bytes | None) -> None:
        if sealed is None:
            self.fail(_unknown("add"))
        else:
            self.answer(sealed == self._sealed)


_OUTCOMES = {b"STORED": True, b"EXISTS": False, b"NOT_FOUND": None}


class Cas(RecordWrite):
    """`SessionStore.cas`.

    Repeated and stored: the first one was not carried out. Not found: there is no record, whatever
    the first one did. Another version: it is my own if its bytes are; else someone may have built
    upon mine, and a caller told of a conflict would apply its change a second time.
    """

    __slots__ = ()

    def _write(self) -> bytes:
        size = len(self._sealed)
        words = (self.key.encode(), self._idle, size, self._token, self._sealed)
        return b"cas %b 0 %d %d %b\r\n%b\r\n" % words

    def _hear_write(self, word: bytes) -> bool:
        if word == b"EXISTS" and self.again:
            return True
        if word not in _OUTCOMES:
            raise Foreign
        self.answer(_OUTCOMES[word])
        return False

    def _hear_standing(self, sealed: bytes | None) -> None:
        if sealed == self._sealed:
            self.answer(True)
        else:
            self.fail(_unknown("cas"))


def _unknown(what: str) -> StoreUnavailable:
    return StoreUnavailable(f"the connection broke, and what became of the {what} is not known")

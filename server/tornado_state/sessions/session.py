"""A session as one request sees it: what was loaded, what it became, and how two versions merge.

Pure: no clock, no store, no cookie. The server-session tier reads the status and acts on it:

    status      meaning                                   the tier then
    ABSENT      nothing stored, nothing assigned          does nothing, sends nothing
    NEW         nothing stored, something assigned        adds a record under a new ID
    UNCHANGED   stored, still equal to what was loaded    touches it, when that is due
    CHANGED     stored, and different now                 replaces exactly the version loaded
    RENEWED     stored, and to continue under a new ID    adds the new record, ends the old one
    DESTROYED   stored or ended already, and to end       deletes the record, clears the cookie

Rule 1: whether something changed is told from the data, so nested changes count, and an assignment
that changes nothing does not. What was neither assigned nor handed out in a value that can change
from within need not be looked at.
Rule 2: a merge is three-way and per top-level key. A key changed on one side only is taken from
that side. A key changed on both sides follows its kind: the last write stands, or `Conflict`. That
holds for two equal changes as well: of two visitors who count 5 up to 6, one would be lost.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, MutableMapping
from enum import Enum
from typing import NamedTuple

from ..exceptions import Conflict, InvalidValue
from ..kinds import JSON, KindRules
from .sealing import decode, encode, same_text


class Status(Enum):
    """See the table above."""

    ABSENT = "absent"
    NEW = "new"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    RENEWED = "renewed"
    DESTROYED = "destroyed"


class StoredSession(NamedTuple):
    """One version of a session as the store has it.

    ``data`` is JSON text, ``created_at`` epoch seconds. ``cas`` is None just after a write:
    memcached does not tell the token of what it stored.
    """

    session_id: str
    store_key: str
    created_at: int
    data: bytes
    cas: bytes | None


class Session(MutableMapping[str, JSON]):
    """The per-request server-side mapping. Keys are text, values whatever JSON can carry.

    ``stored`` is the version in the store, None without one. ``ended`` says that the request named
    a session which the store definitely no longer has, ``renewed`` that it goes on under an ID
    which the request did not know of yet. ``value`` is the stored data, if it was read already.
    """

    def __init__(
        self,
        stored: StoredSession | None = None,
        *,
        value: dict[str, JSON] | None = None,
        ended: bool = False,
        renewed: bool = False,
    ) -> None:
        self.ended = ended
        self.renewed = renewed
        self.restart_clock = False
        self._renew = False
        self._destroy = False
        self.settle(stored)
        self._data: dict[str, JSON] | None = value if stored else {}

    def settle(self, stored: StoredSession | None) -> None:
        """Take ``stored`` for what the store now has, and start over from it."""
        self.stored = stored
        self.renewed = self.renewed and stored is None
        self._data = None if stored else {}
        self._touched = self._renew = self._destroy = self.restart_clock = False

    @property
    def _values(self) -> dict[str, JSON]:
        """The data as it stands; parsed when first looked at."""
        if self._data is None:
            self._data = self.base()
        return self._data

    def base(self) -> dict[str, JSON]:
        """Return a fresh copy of the data as it was loaded."""
        loaded: dict[str, JSON] = decode(self.stored.data) if self.stored else {}
        return loaded

    def __getitem__(self, key: str) -> JSON:
        value = self._values[key]
        if isinstance(value, dict | list):
            self._touched = True  # from now on it can change from within
        return value

    def __setitem__(self, key: str, value: JSON) -> None:
        self._touched = True
        self._values[key] = value

    def __delitem__(self, key: str) -> None:
        self._touched = True
        del self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def rebase(self, theirs: StoredSession, rules: KindRules) -> None:
        """Carry this request's changes over to the version another request stored meanwhile.

        At a sign-in only what is inherited counts of it: the other request may be an attacker's
        (ASVS 5.0 7.2.4).
        """
        base, there = self.base(), Session(theirs).base()
        if self.restart_clock:
            base, there = _only(rules.inherited, base), _only(rules.inherited, there)
        self._data = merge(base, self._values, there, rules.last_write)
        self._touched = True
        self.stored = theirs

    def renew_id(self, *, restart_clock: bool = False) -> None:
        """Continue under a new ID; a sign-in restarts the clock of the absolute timeout."""
        self._renew = True
        self.restart_clock = self.restart_clock or restart_clock

    def destroy(self) -> None:
        """End this session. What is assigned afterwards begins another."""
        self._data = {}
        self._renew = self.restart_clock = False
        self._destroy = True

    @property
    def status(self) -> Status:
        """What has become of the session; see the table above."""
        if self.stored is None:
            return Status.NEW if self._values else self._without_record()
        if self._destroy:
            return Status.RENEWED if self._values else Status.DESTROYED
        if self._renew:
            return Status.RENEWED
        if not self._touched or same_text(self._values, self.stored.data):
            return Status.UNCHANGED
        return Status.CHANGED

    def _without_record(self) -> Status:
        # What goes on under another ID is left alone: the cookie that is there may be that one's.
        let_go = self._destroy and self.ended and not self.renewed
        return Status.DESTROYED if let_go else Status.ABSENT

    @property
    def replaces(self) -> bool:
        """Whether the record under a new ID owes nothing to the old one, which was destroyed."""
        return self._destroy

    def encoded(self) -> bytes:
        """Return the data as JSON text; `InvalidValue` names the key that JSON cannot carry."""
        return encode_data(self._values)


def encode_data(data: Mapping[str, JSON]) -> bytes:
    """Return ``data`` as JSON text; `InvalidValue` names the key whose value JSON cannot carry."""
    try:
        return encode(data)
    except ValueError as error:
        culprits = (str(key) for key, value in data.items() if not _can_carry(key, value))
        raise InvalidValue(next(culprits, "the session"), str(error)) from error


def _can_carry(key: str, value: JSON) -> bool:
    try:
        encode({key: value})
    except ValueError:
        return False
    return True


def _only(keys: Container[str], data: Mapping[str, JSON]) -> dict[str, JSON]:
    return {key: value for key, value in data.items() if key in keys}


def _texts(data: Mapping[str, JSON]) -> dict[str, bytes]:
    """Return each value as JSON text, which tells 1, 1.0 and true apart where Python does not."""
    return {key: encode(value) for key, value in data.items()}


def merge(
    base: Mapping[str, JSON],
    mine: Mapping[str, JSON],
    theirs: Mapping[str, JSON],
    last_write: Container[str] = (),
) -> dict[str, JSON]:
    """Return ``theirs`` with what ``mine`` changed since ``base``.

    Raises `Conflict` naming every key that both sides changed and that is not in ``last_write``.
    """
    was, ours, there = _texts(base), _texts(mine), _texts(theirs)
    changed = [key for key in {**was, **ours} if ours.get(key) != was.get(key)]
    refused = [key for key in changed if there.get(key) != was.get(key) and key not in last_write]
    if refused:
        raise Conflict(tuple(sorted(refused)))
    merged = {**theirs, **{key: mine[key] for key in changed if key in mine}}
    for key in changed:
        if key not in mine:
            merged.pop(key, None)
    return merged

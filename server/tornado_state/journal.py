"""What a request asked for, held against what is confirmed. Pure.

Three things are kept apart, and no await mixes them up:

    base    what is confirmed: the texts in the record, or in the cookies that came
    live    what the request has in hand: values that were read, handed out as defaults, or assigned
    told    what the visitor is told, which is the business of whoever sends the answer

Whether a kind changed is never noted down; it is told by comparing live with base whenever somebody
asks. So it does not matter in which order a handler awaits, assigns and changes values from within,
and a confirmation that arrives changes the base and nothing else.

    live is                          and it counts as changed when
    read, and cannot change inside   never
    read, and can                    its text is no longer the base's
    a default that was handed out    its text is no longer the default's
    assigned                         the base says something else, or nothing
    dropped                          the base says anything

Rule 1: what another request stored (`rebase`) is taken for every kind that this one did not change.
A kind that both changed follows its kind's rule. To drop what is dropped, or to set what is so
already, is no conflict; but two equal values of a concurrent kind are: each may have counted.
Rule 2: a value whose place was taken by a confirmation, while somebody still holds it, is watched.
If it changes from within, that change would be lost, so it is an error (`StaleValue`).
Rule 3: values of another version are kept apart by their key in the record. An older one is brought
up when it is read, a newer one is `NotKnownHere`, for reading and for replacing it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from .exceptions import Conflict, InvalidValue, NotKnownHere, StaleValue, StateError
from .kinds import Kind
from .values import is_immutable

T = TypeVar("T")

#: A text for each kind that has a value, by `Kind.record_name`.
Texts = Mapping[str, bytes]

#: The new text of each kind that changed, None for one that was dropped.
Changes = Mapping[Kind[Any], bytes | None]

NOTHING: Texts = MappingProxyType({})

_NO_VALUE: Any = object()


class _Live:
    """A value in hand. ``text`` is its text when it was handed out or assigned."""

    __slots__ = ("assigned", "dropped", "is_default", "seen", "text", "value")

    def __init__(
        self,
        value: Any,
        text: bytes | None,
        *,
        assigned: bool = False,
        is_default: bool = False,
        dropped: bool = False,
    ) -> None:
        self.value, self.text = value, text
        self.assigned, self.is_default, self.dropped = assigned, is_default, dropped
        #: Its text when the changes were last told.
        self.seen: bytes | None = None


class _Watched(NamedTuple):
    kind: Kind[Any]
    value: Any
    text: bytes | None


class Journal:
    """See the module's rules. ``base`` is what is confirmed."""

    def __init__(self, base: Texts = NOTHING) -> None:
        self._live: dict[Kind[Any], _Live] = {}
        self._watched: list[_Watched] = []
        self._sealed = False
        self._set_base(base)

    @property
    def base(self) -> Texts:
        """What is confirmed, and visible to this request."""
        return self._base

    def learn(self, texts: Texts) -> None:
        """Take ``texts`` for confirmed as well."""
        self._set_base({**self._base, **texts})

    # Values

    def has(self, kind: Kind[Any]) -> bool:
        """Return whether the kind has a value; a default that is as it was is none."""
        live = self._live.get(kind)
        if live is None:
            return self._kept(kind) is not None
        if live.is_default:
            return kind.encode(live.value) != live.text
        return live.value is not _NO_VALUE

    def read(self, kind: Kind[T], default: Any = _NO_VALUE) -> Any:
        """Return the value, the live one, or else ``default``, or else the kind's own.

        A default is handed out like a value: what is changed inside it counts.
        """
        live = self._live.get(kind) or self._read_base(kind)
        if live is not None and live.value is not _NO_VALUE:
            if default is not _NO_VALUE and not self.has(kind) and not _alike(live, default):
                return default
            return live.value
        value = kind.initial() if default is _NO_VALUE else default
        self._hand_out(kind, value, dropped=live is not None)
        return value

    def assign(self, kind: Kind[T], value: T, *, by_update: bool = False) -> None:
        """Have ``value``; raises `InvalidValue`, `TooLarge`, or `NotKnownHere` for a newer one.

        ``by_update`` it was made from the one in hand, which is watched from now on.
        """
        self._kept(kind)
        before, text = self._live.get(kind), kind.encode(value)
        if by_update and before is not None and before.value is not value:
            self._watch(kind, before)
        self._live[kind] = _Live(value, text, assigned=True)

    def drop(self, kind: Kind[Any]) -> None:
        """Have no value; `NotKnownHere` for a newer one."""
        self._kept(kind)
        self._live[kind] = _Live(_NO_VALUE, None, assigned=True, dropped=True)

    def text(self, kind: Kind[Any]) -> bytes | None:
        """Return the text of the value as it stands, None without one."""
        live = self._live.get(kind)
        if live is None:
            return self._kept(kind)
        if not self.has(kind):
            return None
        return live.text if is_immutable(live.value) else kind.encode(live.value)

    # Changes

    def changes(self) -> dict[Kind[Any], bytes | None]:
        """Return what is not as the base says; `InvalidValue`, `TooLarge`, `StaleValue`."""
        for kind, value, text in self._watched:
            if _text_or_none(kind, value) != text:
                raise StaleValue(kind.name)
        changed = ((kind, self._change(kind, live)) for kind, live in self._live.items())
        return {kind: text for kind, text in changed if text is not _NO_VALUE}

    def with_changes(self, changes: Changes) -> Texts:
        """Return the base with ``changes``."""
        texts = dict(self._base)
        for kind, text in changes.items():
            for name in self._names(kind):
                del texts[name]
            if text is not None:
                texts[kind.record_name] = text
        return texts

    def confirm(self, base: Texts) -> None:
        """``base`` is what is confirmed by now; what came in hand meanwhile stays in hand."""
        self._set_base(base)
        for kind, live in self._live.items():
            if kind.record_name in base:
                live.is_default = live.dropped = False

    def confirm_value(self, kind: Kind[Any], before: bytes | None, text: bytes) -> None:
        """Take the value that ``text`` says into hand, unless another was assigned meanwhile.

        ``before`` is the text of the value that it was made from.
        """
        live = self._live.get(kind)
        if live is not None and self.text(kind) != before:
            return
        if live is not None:
            self._watch(kind, self._live.pop(kind))
        self._live[kind] = _Live(kind.decode(text), text)

    def rebase(self, theirs: Texts) -> None:
        """Carry the changes over to what another request stored; `Conflict` if that cannot be."""
        changes = self.changes()
        there = Journal(theirs)
        if refused := [kind.name for kind in changes if self._collides(kind, changes[kind], there)]:
            raise Conflict(tuple(sorted(refused)))
        moved = [kind for kind in self._live if self._kept(kind) != there._kept(kind)]
        for kind in moved:
            if kind not in changes:
                self._watch(kind, self._live.pop(kind))
        self._set_base(theirs)

    def start_over(self, inherited: Collection[str]) -> None:
        """Keep of the base only what is ``inherited``, by name, and what was assigned since."""
        for kind, live in list(self._live.items()):
            if live.is_default or kind.name in inherited:
                continue
            if live.assigned:
                continue
            del self._live[kind]
            if not is_immutable(live.value):
                handed_out = kind.encode(kind.decode(self._kept(kind) or b""))
                self._watched.append(_Watched(kind, live.value, handed_out))
        self._set_base(only(inherited, self._base))

    def forget(self, base: Texts = NOTHING) -> None:
        """Have nothing in hand, and ``base`` for confirmed."""
        self._live.clear()
        self._watched.clear()
        self._set_base(base)

    def reread(self, base: Texts) -> None:
        """Have nothing in hand, and ``base`` for confirmed; what was handed out is watched."""
        for kind, live in self._live.items():
            self._watch(kind, live)
        self._live.clear()
        self._set_base(base)

    # After the answer has begun

    def seal(self) -> None:
        """From now on a change inside a value comes too late."""
        self._sealed = True

    def late_changes(self) -> list[str]:
        """Return the names of the kinds whose values changed inside since the changes were told.

        Each is told once.
        """
        late = []
        for kind, live in self._live.items():
            if live.seen is not None and _text_or_none(kind, live.value) != live.seen:
                late.append(kind.name)
                live.seen = None
        return late

    # Within

    def _set_base(self, base: Texts) -> None:
        self._base = base
        self._brought_up: dict[Kind[Any], bytes | None] = {}
        self._has_versions = any("@" in name for name in base)

    def _names(self, kind: Kind[Any]) -> list[str]:
        """Return the keys of the kind's values in the base, of whatever version."""
        if not self._has_versions and kind.version == 1:
            return [kind.name] if kind.name in self._base else []
        return [name for name in self._base if name.partition("@")[0] == kind.name]

    def _kept(self, kind: Kind[Any]) -> bytes | None:
        """Return the confirmed text of the kind in today's version, None without one."""
        text = self._base.get(kind.record_name)
        if text is not None or (not self._has_versions and kind.version == 1):
            return text
        versions = {_version(name): name for name in self._names(kind)}
        if not versions:
            return None
        if max(versions) > kind.version:
            raise NotKnownHere(f"the value of {kind.name} was written by a newer release")
        if kind not in self._brought_up:
            newest = max(versions)
            self._brought_up[kind] = kind.brought_up(self._base[versions[newest]], newest)
        return self._brought_up[kind]

    def _read_base(self, kind: Kind[Any]) -> _Live | None:
        text = self._kept(kind)
        if text is None:
            return None
        live = self._live[kind] = _Live(kind.decode(text), text)
        self._see(kind, live)
        return live

    def _hand_out(self, kind: Kind[Any], value: Any, *, dropped: bool) -> None:
        """Note a default that may be changed from within."""
        if is_immutable(value):
            return
        text = _text_or_none(kind, value)
        if text is not None:
            live = self._live[kind] = _Live(value, text, is_default=True, dropped=dropped)
            self._see(kind, live)

    def _see(self, kind: Kind[Any], live: _Live) -> None:
        if self._sealed and not is_immutable(live.value):
            live.seen = kind.encode(live.value)

    def _change(self, kind: Kind[Any], live: _Live) -> Any:
        """Return the new text, None for a value dropped, `_NO_VALUE` for no change."""
        if live.value is _NO_VALUE:
            return None if self._names(kind) else _NO_VALUE
        if is_immutable(live.value):
            now = live.text
        else:
            now = live.seen = kind.encode(live.value)
        if live.is_default and now == live.text:
            return None if live.dropped and self._names(kind) else _NO_VALUE
        kept = self._kept(kind)
        if now is not None and kept is not None and _is_same(kind, now, kept):
            return _NO_VALUE
        return now

    def _collides(self, kind: Kind[Any], mine: bytes | None, there: Journal) -> bool:
        was, theirs = self._kept(kind), there._kept(kind)
        if was == theirs or kind.on_conflict == "last_write":
            return False
        if mine is None or theirs is None:
            return mine is not theirs
        return kind.needs.concurrent or not _is_same(kind, mine, theirs)

    def _watch(self, kind: Kind[Any], live: _Live) -> None:
        if live.value is not _NO_VALUE and not is_immutable(live.value):
            self._watched.append(_Watched(kind, live.value, _text_or_none(kind, live.value)))


def only(names: Collection[str], texts: Texts) -> Texts:
    """Return those of ``texts`` that are values of the kinds with these names."""
    return {name: text for name, text in texts.items() if name.partition("@")[0] in names}


def _version(record_name: str) -> int:
    version = record_name.partition("@")[2]
    return int(version) if version.isascii() and version.isdigit() else 1


def _alike(live: _Live, default: Any) -> bool:
    return type(live.value) is type(default)


def _is_same(kind: Kind[Any], text: bytes, kept: bytes) -> bool:
    """Return whether two texts say the same; what is no value of the kind is like nothing."""
    try:
        return kind.is_same(text, kept)
    except InvalidValue:
        return False


def _text_or_none(kind: Kind[Any], value: Any) -> bytes | None:
    try:
        return kind.encode(value)
    except StateError:
        return None

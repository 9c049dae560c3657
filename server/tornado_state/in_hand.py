"""What a request has in hand of a kind, and what it had and somebody may still hold.

Rule 1: a value in hand is one that was read, handed out as a default, assigned, or dropped. Whether
it changed is told by comparing texts, never noted down.
Rule 2: a value whose place was taken by another, while somebody still holds it, is watched. If it
changes from within, that change would be lost, so it is an error (`StaleValue`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from .confirmed import Confirmed
from .conflicts import is_same
from .exceptions import StaleValue, StateError
from .kinds import Kind
from .values import MUTABLE, is_immutable

NO_VALUE: Any = object()


class InHand(msgspec.Struct, eq=False):
    """A value in hand. ``text`` is its text when it was handed out or assigned.

    ``dropped`` says that of what is kept nothing is to stay, unless a default was changed since.
    """

    value: Any
    text: bytes
    assigned: bool = False
    is_default: bool = False
    dropped: bool = False
    #: Its text when the changes were last told.
    seen: bytes | None = None
    #: That text, what was confirmed then, and what was told of them.
    last_look: tuple[bytes | None, bytes | None, Any] | None = None


class _Watched(NamedTuple):
    kind: Kind[Any]
    value: Any
    text: bytes | None


class Watch:
    """The values that were in hand before. See the module's second rule."""

    __slots__ = ("_watched",)

    def __init__(self) -> None:
        self._watched: tuple[_Watched, ...] = ()

    def add(self, kind: Kind[Any], value: Any) -> None:
        """Watch ``value``, which is to stay as it is now."""
        self.add_as(kind, value, kind.written(value))

    def add_as(self, kind: Kind[Any], value: Any, text: bytes | None) -> None:
        """Watch ``value``, which is to be as ``text`` says."""
        if value is not NO_VALUE and not is_immutable(value):
            self._watched += (_Watched(kind, value, text),)

    def check(self) -> None:
        """Raise `StaleValue` for a value that changed from within."""
        for kind in self.stale():
            raise StaleValue(kind.name)

    def stale(self) -> Iterator[Kind[Any]]:
        """Tell of which kinds a value changed from within."""
        return (kind for kind, value, text in self._watched if kind.written(value) != text)


def text_or_none(kind: Kind[Any], value: Any) -> bytes | None:
    """Return the text of ``value``, None where it is no value of the kind."""
    try:
        return kind.encode(value)
    except StateError:
        return None


def may_have_changed(in_hand: Mapping[Kind[Any], InHand], base: Confirmed) -> bool:
    """Return whether `change_of` may have anything to tell of any: a look that costs little."""
    texts = base.texts
    for kind, live in in_hand.items():
        value = live.value
        now: bytes | None = live.text
        if type(value) in MUTABLE or (value is not NO_VALUE and not is_immutable(value)):
            live.seen = now = kind.values.written(value)
            if now is None or kind.values.has_more(value):
                return True
        if value is NO_VALUE or (live.is_default and now == live.text):
            if live.dropped and base.names(kind):
                return True
            continue
        kept = texts.get(kind.record_name)
        if now != kept and (kept is not None or now != base.kept(kind)):
            return True
    return False


def change_of(kind: Kind[Any], live: InHand, base: Confirmed) -> Any:
    """Return the new text, None for a value dropped, `NO_VALUE` for no change of the ``base``."""
    if live.value is NO_VALUE:
        return None if base.names(kind) else NO_VALUE
    if not is_immutable(live.value):
        return _change_within(kind, live, base)
    if live.assigned or live.is_default:
        return _against(base, kind, live, live.text, base.kept(kind))
    return NO_VALUE


def _change_within(kind: Kind[Any], live: InHand, base: Confirmed) -> Any:
    """Look at a value that can change inside; at one that is as it was last time, not again."""
    live.seen = kind.values.written(live.value)
    kept = base.kept(kind)
    has_more = live.seen is not None and kind.values.has_more(live.value)
    if live.seen == kept == live.text and not live.is_default and not has_more:
        return NO_VALUE
    if not has_more and live.last_look is not None and live.last_look[:2] == (live.seen, kept):
        return live.last_look[2]
    if live.seen == live.text and not has_more:
        now = live.text
    elif live.seen is None:
        now = kind.encode(live.value)  # which says what is wrong with it
    else:
        now = kind.values.checked(live.value, live.seen)
    change = _against(base, kind, live, now, kept)
    if not live.is_default:
        live.last_look = (live.seen, kept, change)
    return change


def _against(base: Confirmed, kind: Kind[Any], live: InHand, now: bytes, kept: bytes | None) -> Any:
    if live.is_default and now == live.text:
        return None if live.dropped and base.names(kind) else NO_VALUE
    if kept is None:
        return now
    if kept != now and (kind.values.differs(live.value, kept) or not is_same(kind, now, kept)):
        return now
    return NO_VALUE

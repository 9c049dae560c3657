"""The kinds of a handler as a mapping, wherever each kind is placed.

Rule 1: a handler names kinds and nothing else; the placement says which tier keeps each.
Rule 2: what a handler did not declare, it cannot use.
Rule 3: a change after the response began raises, for it could not be kept before the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, overload

from .exceptions import ResponseStarted, UndeclaredKind
from .journal import Journal
from .kinds import Kind
from .request_tiers import RequestTiers

T = TypeVar("T")
D = TypeVar("D")

_UNSET: Any = object()


class KindMapping(RequestTiers, Mapping[Kind[Any], Any]):
    """A mapping over the kinds of a handler that have a value.

    Reading a kind without a value gives a copy of its default. Reading raises `StoreUnavailable`
    when the kind's tier could not be loaded, `NotKnownHere` when a newer process wrote the value,
    `InvalidValue` when it is none of the kind's type; any use of a kind that the handler did not
    declare raises `UndeclaredKind`, a change after the response began `ResponseStarted`.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        kinds = ", ".join(sorted(kind.name for kind in self._kinds))
        return f"<{type(self).__name__} of {kinds or 'nothing'}>"

    # As a mapping

    def __getitem__(self, kind: Kind[T]) -> T:
        """Return the value, or a copy of the kind's default. Changes made inside it count."""
        if kind not in self._kinds:
            raise UndeclaredKind(kind.name, "the kinds of this handler")
        value: T = self._journal(kind).read(kind)
        return value

    @overload
    def get(self, kind: Kind[T], /) -> T: ...

    @overload
    def get(self, kind: Kind[T], default: D, /) -> T | D: ...

    def get(self, kind: Kind[Any], default: Any = _UNSET, /) -> Any:
        """Return the value, or else ``default``; changes made inside that count as well."""
        journal = self._declared(kind)
        return journal.read(kind) if default is _UNSET else journal.read(kind, default)

    def __contains__(self, kind: object) -> bool:
        if not isinstance(kind, Kind):
            return False
        return self._declared(kind).has(kind)

    def __iter__(self) -> Iterator[Kind[Any]]:
        return iter([kind for kind in self._kinds if kind in self])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __setitem__(self, kind: Kind[T], value: T) -> None:
        self._check_change(kind)
        self._check_other(kind)
        self._assign(kind, value)

    def __delitem__(self, kind: Kind[Any]) -> None:
        self._check_change(kind)
        self._check_other(kind)
        self._drop(kind)

    @overload
    def pop(self, kind: Kind[T], /) -> T: ...

    @overload
    def pop(self, kind: Kind[T], default: D, /) -> T | D: ...

    def pop(self, kind: Kind[Any], default: Any = _UNSET, /) -> Any:
        """Return the value, or else ``default`` or the kind's own, and drop it."""
        self._check_change(kind)
        self._check_other(kind)
        if kind not in self:
            return kind.initial() if default is _UNSET else default
        value = self[kind]
        self._drop(kind)
        return value

    def setdefault(self, kind: Kind[T], default: T = _UNSET, /) -> T:
        """Return the value; where there is none, assign ``default`` or the kind's own first."""
        if kind not in self:
            self[kind] = kind.initial() if default is _UNSET else default
        return self[kind]

    # Within

    def _declared(self, kind: Kind[Any]) -> Journal:
        """Return the journal that has the value of a kind that the handler declares."""
        if kind in self._kinds:
            return self._journal(kind)
        raise UndeclaredKind(kind.name, "the kinds of this handler")

    def _check_open(self) -> None:
        if self._closed:
            raise ResponseStarted

    def _check_change(self, kind: Kind[Any]) -> None:
        if kind not in self._kinds:
            raise UndeclaredKind(kind.name, "the kinds of this handler")
        self._check_open()

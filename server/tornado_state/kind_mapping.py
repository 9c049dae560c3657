"""The kinds of a handler as a mapping, wherever each kind is placed.

Rule 1: a handler names kinds and nothing else; the placement says which tier keeps each.
Rule 2: what a handler did not declare, it cannot use.
Rule 3: a change after the response began raises, for it could not be kept before the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, TypeVar, overload

from .composition import Composition, Requirements
from .exceptions import ResponseStarted, UndeclaredKind
from .identity import Identity
from .journal import Journal
from .kinds import Kind
from .request_tiers import RequestTiers
from .visit import Visit

T = TypeVar("T")
D = TypeVar("D")

_UNSET: Any = object()


class KindMapping(Mapping[Kind[Any], Any]):
    """A mapping over the kinds of a handler that have a value.

    Reading a kind without a value gives a copy of its default. Reading raises `StoreUnavailable`
    when the kind's tier could not be loaded, `NotKnownHere` when a newer process wrote the value,
    `InvalidValue` when it is none of the kind's type; any use of a kind that the handler did not
    declare raises `UndeclaredKind`, a change after the response began `ResponseStarted`.
    """

    #: No others: ``self.state.cart = …`` looks like state, and would be kept nowhere.
    __slots__ = ("_closed", "_identity_or_none", "_kinds", "_tiers")

    _tiers: RequestTiers
    _tiers_class: ClassVar[type[RequestTiers]] = RequestTiers

    def __init__(
        self,
        composition: Composition,
        required: Requirements,
        visit: Visit,
        *,
        counts_as_use: bool = True,
    ) -> None:
        self._kinds = required.kinds
        self._tiers = self._tiers_class(composition, required, visit, counts_as_use=counts_as_use)
        self._identity_or_none: Identity | None = None
        self._closed = False

    def __repr__(self) -> str:
        kinds = ", ".join(sorted(kind.name for kind in self._kinds))
        return f"<{type(self).__name__} of {kinds or 'nothing'}>"

    # As a mapping

    def __getitem__(self, kind: Kind[T]) -> T:
        """Return the value, or a copy of the kind's default. Changes made inside it count."""
        if kind not in self._kinds:
            raise UndeclaredKind(kind.name, "the kinds of this handler")
        value: T = self._tiers.journal(kind).read(kind)
        return value

    @overload
    def get(self, kind: Kind[T], /) -> T: ...

    @overload
    def get(self, kind: Kind[T], default: D, /) -> T | D: ...

    def get(self, kind: Kind[Any], default: Any = _UNSET, /) -> Any:
        """Return the value, or else ``default``; changes made inside that count as well."""
        journal = self._journal(kind)
        return journal.read(kind) if default is _UNSET else journal.read(kind, default)

    def __contains__(self, kind: object) -> bool:
        if not isinstance(kind, Kind):
            return False
        return self._journal(kind).has(kind)

    def __iter__(self) -> Iterator[Kind[Any]]:
        return iter([kind for kind in self._kinds if kind in self])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __setitem__(self, kind: Kind[T], value: T) -> None:
        self._check_change(kind)
        self._identity.check_other(kind)
        self._tiers.assign(kind, value)

    def __delitem__(self, kind: Kind[Any]) -> None:
        self._check_change(kind)
        self._identity.check_other(kind)
        self._tiers.drop(kind)

    @overload
    def pop(self, kind: Kind[T], /) -> T: ...

    @overload
    def pop(self, kind: Kind[T], default: D, /) -> T | D: ...

    def pop(self, kind: Kind[Any], default: Any = _UNSET, /) -> Any:
        """Return the value, or else ``default`` or the kind's own, and drop it."""
        self._check_change(kind)
        self._identity.check_other(kind)
        if kind not in self:
            return kind.initial() if default is _UNSET else default
        value = self[kind]
        self._tiers.drop(kind)
        return value

    def setdefault(self, kind: Kind[T], default: T = _UNSET, /) -> T:
        """Return the value; where there is none, assign ``default`` or the kind's own first."""
        if kind not in self:
            self[kind] = kind.initial() if default is _UNSET else default
        return self[kind]

    # Within

    @property
    def _identity(self) -> Identity:
        """Who is signed in: of an application in which nobody does, hardly ever asked for."""
        if self._identity_or_none is None:
            self._identity_or_none = Identity(self._tiers)
        return self._identity_or_none

    def _journal(self, kind: Kind[Any]) -> Journal:
        """Return the journal that has the value of a kind that the handler declares."""
        if kind in self._kinds:
            return self._tiers.journal(kind)
        raise UndeclaredKind(kind.name, "the kinds of this handler")

    def _check_open(self) -> None:
        if self._closed:
            raise ResponseStarted

    def _check_change(self, kind: Kind[Any]) -> None:
        if kind not in self._kinds:
            raise UndeclaredKind(kind.name, "the kinds of this handler")
        self._check_open()

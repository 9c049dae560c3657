"""Who is signed in: set by `sign_in` and by nothing else (ASVS 5.0 7.2.4).

Rule 1: to assign or drop the identity kind, or to apply a function that makes it name somebody
else, is refused at once.
Rule 2: a change from within that makes the value name somebody else is refused before anything is
written. What else the value says of the same person may change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .exceptions import IdentityAssigned, UndeclaredKind
from .kinds import Kind
from .request_tiers import RequestTiers

T = TypeVar("T")


class Identity:
    """Who is signed in, as far as one request is about it."""

    __slots__ = ("_kind", "_person", "_tiers")

    def __init__(self, tiers: RequestTiers) -> None:
        self._tiers = tiers
        self._kind = tiers.composition.placement.identity
        self._person: str | None = None

    def sign_in(self, value: Any, *, remember: bool) -> None:
        """Sign in whom ``value`` names; `InvalidValue` when that is nobody."""
        kind = self._kind
        if kind is None:
            raise UndeclaredKind("an identity kind", "this application's handlers")
        kind.encode(value)
        person = kind.person(value)
        self._tiers.sign_in(remember=remember)
        self._tiers.assign(kind, value)
        self._person = person

    def forget(self) -> None:
        """Nobody signed in by this request, after all."""
        self._person = None

    def check_other(self, kind: Kind[Any]) -> None:
        """Raise `IdentityAssigned` for the identity kind."""
        if kind is self._kind:
            raise IdentityAssigned(kind.name)

    def check(self) -> None:
        """Raise `IdentityAssigned` when the value names somebody else by now."""
        kind = self._kind
        if kind is None:
            return
        journal = self._tiers.values(kind)
        text = journal.change(kind)
        if text is None or _person(kind, text) == self._person:
            return
        before = journal.kept(kind)
        if before is None or _person(kind, before) != _person(kind, text):
            raise IdentityAssigned(kind.name)

    def same_person(self, kind: Kind[T], function: Callable[[T], T]) -> Callable[[T], T]:
        """Return ``function``; of the identity kind, one that refuses to name somebody else."""
        if kind is not self._kind:
            return function

        def apply(value: T) -> T:
            before = None if value is None else kind.person(value)
            made = function(value)
            if made is None or kind.person(made) != before:
                raise IdentityAssigned(kind.name)
            return made

        return apply


def _person(kind: Kind[Any], text: bytes) -> str:
    return kind.person(kind.decode(text))

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
from .request_values import RequestValues

T = TypeVar("T")


class RequestIdentity(RequestValues):
    """Who is signed in, as far as one request is about it."""

    __slots__ = ()

    def _sign_in_person(self, value: Any, *, remember: bool) -> None:
        """Sign in whom ``value`` names, with what is inherited; `InvalidValue` for nobody."""
        kind = self._composition.identity
        if kind is None:
            raise UndeclaredKind("an identity kind", "this application's handlers")
        kind.encode(value)
        person = kind.person(value)
        self._begin_anew(remember=remember)
        self._assign(kind, value)
        self._person = person

    def _begin_anew(self, *, remember: bool) -> None:
        session = self.look().if_kept
        before = self._owner_before()
        self._client.hand_over(before)
        for kind in self._composition.cookie_kinds:
            owner = before if kind in self._composition.bound_kinds else ""
            if not kind.inherited and kind not in self._client.journal(kind, owner).changes():
                self._client.drop(kind, owner)
        if session is not None:
            session.sign_in(remember=remember)

    def _sign_out(self, *, everything: bool) -> None:
        """End the session, and drop every kind that does not outlive that, or ``everything``."""
        session = self.look().if_kept
        self._client.drop_ending(everything=everything)
        if session is not None:
            session.destroy()
        self._person = None

    def _check_other(self, kind: Kind[Any]) -> None:
        """Raise `IdentityAssigned` for the identity kind."""
        if kind is self._composition.identity:
            raise IdentityAssigned(kind.name)

    def _check_identity(self) -> None:
        """Raise `IdentityAssigned` when the value names somebody else by now."""
        kind = self._composition.identity
        if kind is None:
            return
        journal = self._journal_of(kind)
        text = journal.change(kind)
        if text is None or _person(kind, text) == self._person:
            return
        before = journal.kept(kind)
        if before is None or _person(kind, before) != _person(kind, text):
            raise IdentityAssigned(kind.name)

    def _same_person(self, kind: Kind[T], function: Callable[[T], T]) -> Callable[[T], T]:
        """Return ``function``; of the identity kind, one that refuses to name somebody else."""
        if kind is not self._composition.identity:
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

"""Who is signed in: set by `sign_in` and by nothing else (ASVS 5.0 7.2.4).

Rule 1: to assign or drop the identity kind, or to apply a function that makes it name somebody
else, is refused at once.
Rule 2: a change from within that makes the value name somebody else is refused before anything is
written. What else the value says of the same person may change.
Rule 3: cookies go along with whom the store has signed in or out, by an update or by what was
interrupted, though all that is in hand was forgotten since.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .cookies.client_state import Anew
from .exceptions import IdentityAssigned, InvalidValue, TooLarge, UndeclaredKind
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
        self._have_anew(None)
        self._hand_over(before)
        if session is not None:
            session.sign_in(remember=remember)

    def _hand_over(self, before: str) -> None:
        """Have the cookies that were for ``before`` be for whoever is signed in from now on."""
        self._client.hand_over(before)
        for kind in self._composition.cookie_kinds:
            owner = before if kind in self._composition.bound_kinds else ""
            if not kind.inherited and kind not in self._client.journal(kind, owner).changes():
                self._client.drop(kind, owner)

    def _have_anew(self, everything: bool | None) -> None:
        """Note what the cookies have to go along with; whom they were for stays known."""
        anew = self._anew
        if anew is None:
            self._anew = Anew(self._who(), self._session_id(), everything)
        else:
            anew.everything, anew.is_forgotten = everything, False

    def _who(self) -> str:
        try:
            return self.owner()
        except (InvalidValue, TooLarge):
            return ""

    def _session_id(self) -> str | None:
        known = self._session.known_or_none
        return None if known is None or known.stored is None else known.stored.session_id

    def _forget_anew(self) -> None:
        """All that is in hand was forgotten: cookies go along with what was done all the same."""
        if self._anew is not None:
            self._anew.is_forgotten = True
            self._go_along()

    def _go_along(self) -> bool:
        """Have the cookies go along with what the store turns out to have done; whether it had."""
        anew = self._anew
        if anew is None or not anew.is_forgotten or self._session_id() == anew.session_id:
            return False
        now = self._who()
        if now and now != anew.owner:
            self._hand_over(anew.owner)
        elif not now and anew.everything is not None:
            self._client.drop_ending(everything=anew.everything)
        anew.is_forgotten = False
        return True

    def _sign_out(self, *, everything: bool) -> None:
        """End the session, and drop every kind that does not outlive that, or ``everything``."""
        session = self.look().if_kept
        self._have_anew(everything)
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

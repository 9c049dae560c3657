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

import msgspec

from .cookies.client_state import Anew
from .exceptions import IdentityAssigned, StateError, UndeclaredKind
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
        text = kind.encode(value)
        person = kind.person(value)
        self._begin_anew(remember=remember, identity=text if self.is_in_cookie(kind) else None)
        self._assign(kind, value)
        if self.is_in_cookie(kind):
            self._client.sign_anew(kind)
        self._person = person

    def _begin_anew(self, *, remember: bool, identity: bytes | None) -> None:
        session = self.look().if_kept
        self._hand_over(self._owner_before())
        self._have_anew(everything=False)
        if session is not None:
            session.sign_in(remember=remember, identity=identity)

    def _hand_over(self, before: str) -> None:
        """Have the cookies that were for ``before`` be for whoever is signed in from now on.

        Raises `NotKnownHere`, and changes nothing, where one is newer than this process.
        """
        made, client = self._composition, self._client
        ending = [kind for kind in made.cookie_kinds if not kind.inherited]
        owners = {kind: before if kind in made.bound_kinds else "" for kind in ending}
        for kind, owner in owners.items():
            client.journal(kind, owner).kept(kind)
        client.hand_over(before)
        for kind, owner in owners.items():
            if kind not in client.values.changes():
                client.drop(kind, owner)

    def _have_anew(self, *, everything: bool) -> None:
        """Note what the cookies have to go along with; whom they were for stays known."""
        anew, sign_outs = self._anew, self._session.known.sign_outs
        if anew is None:
            self._anew = Anew(self._who(), sign_outs, sign_outs, everything)
        else:
            self._anew = anew.followed_by(sign_outs, everything=everything)

    def _who(self) -> str:
        """Return who is signed in as far as that is confirmed, "" where nobody can tell."""
        kind = self._composition.identity
        if kind is None:
            return ""
        try:
            # Not read: a value at hand stays what it is, whatever is confirmed after it.
            text = self._session.known.signed_in if self.is_in_cookie(kind) else None
            text = text or self._journal(kind).kept(kind)
            return "" if text is None else _person(kind, text)
        except StateError:
            return ""

    def _owner_in_hand(self) -> str:
        """Return whom cookies are signed for now, "" where nobody can tell."""
        try:
            return self.owner()
        except StateError:
            return ""

    def _was_forgotten_for(self, owner: str) -> bool:
        """Return whether it was forgotten meanwhile that ``owner`` is signed in, and is not so."""
        kind, anew = self._composition.identity, self._anew
        if kind is None or anew is None or not anew.is_forgotten:
            return False
        return self._who() != owner

    def _forget_anew(self) -> None:
        """All that is in hand was forgotten: cookies go along with what was done all the same."""
        if self._anew is not None:
            self._anew = msgspec.structs.replace(self._anew, is_forgotten=True)
            self._go_along()

    def _go_along(self) -> None:
        """Have the cookies go along with what the store turns out to have done, and confirm that.

        Nothing else is in hand: it would be confirmed as well.
        """
        anew = self._anew
        if anew is None or not anew.is_forgotten or self.has_left:
            return
        now, sign_outs = self._who(), self._session.known.sign_outs
        is_over = sign_outs > anew.sign_outs
        if not is_over and now in ("", anew.owner):
            return
        if is_over:
            self._client.drop_ending(everything=anew.drops_all(sign_outs))
            self.old_cookies.clear_all()
        if now:
            self._have_named(now)
        if now not in ("", anew.owner):
            self._hand_over(anew.owner)
        self._anew = anew.gone_along(now, sign_outs)
        if (due := self._client.due(lambda: now)) is not None:
            self._client.confirm(due)
        self._client.values.let_go_of_dropped()  # a commit on its way may sign somebody in

    def _have_named(self, now: str) -> None:
        """Have a cookie say who it is that the store has signed in, where cookies say that."""
        kind, text = self._composition.identity, self._session.known.signed_in
        if kind is not None and text is not None and self.is_in_cookie(kind):
            self._client.assign(kind, now, kind.decode(text))

    def _sign_out(self, *, everything: bool) -> None:
        """End the session, and drop every kind that does not outlive that, or ``everything``."""
        session = self.look().if_kept
        self._have_anew(everything=everything)
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

"""The kinds of one request that live in signed cookies: what came, what is wanted, what to send.

Rule 1: a cookie is verified when its kind is first used, and sent when its value changed, or when
one is assigned that an older secret had signed.
Rule 2: a kind that ends with sign-out is *bound*: its signature holds only for the person signed
in. What a visitor has is handed over by signing in, signed anew for the person.
Rule 3: a cookie whose value does not verify is cleared when its kind is dropped: the browser keeps
it otherwise, for others to read.
Rule 4: the browser is given no more than it can bring along, together with what it has.
Rule 5: what was committed is sent with every answer, an error's too (`confirm`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import msgspec

from ..confirmed import Changes
from ..exceptions import TooLarge
from ..journal import Journal
from ..kinds import Kind
from .tier import SignedCookieTier
from .wire import MAX_COOKIES, Cookies, SetCookie

T = TypeVar("T")


class Due(NamedTuple):
    """What is to be sent, as of one moment: cookies, and what they are for."""

    cookies: dict[Kind[Any], SetCookie]
    changes: Changes
    moment: int
    #: For whom bound kinds are signed in them, None where none is.
    reader: str | None


class Anew(msgspec.Struct, frozen=True):
    """Sign-ins and sign-outs of one request that its cookies have not gone along with yet.

    Before them they were for ``owner``, and the store had confirmed ``sign_outs`` of the request,
    before the last of them ``before_last``. ``everything`` is whether a sign-out that it has not
    confirmed by then was to drop all, ``dropped`` whether one that it has was; ``asked`` how many
    there were of either.
    """

    owner: str
    sign_outs: int
    before_last: int
    everything: bool
    dropped: bool = False
    asked: int = 1
    is_forgotten: bool = False

    def drops_all(self, sign_outs: int) -> bool:
        """Return whether one of so many sign-outs that are confirmed was to drop all."""
        return self.dropped or (self.everything and sign_outs > self.before_last)

    def followed_by(self, sign_outs: int, *, everything: bool) -> Anew:
        """Return it with one more of them, as of so many sign-outs that are confirmed."""
        dropped, asked = self.drops_all(sign_outs), self.asked + 1
        waits = self.everything and sign_outs == self.before_last and not self.is_forgotten
        return Anew(self.owner, self.sign_outs, sign_outs, everything or waits, dropped, asked)

    def gone_along(self, owner: str, sign_outs: int) -> Anew:
        """Return it once cookies are for ``owner``, as after so many sign-outs."""
        waits, asked = self.everything and sign_outs == self.before_last, self.asked
        return Anew(owner, sign_outs, sign_outs, waits, asked=asked, is_forgotten=True)


class ClientState(msgspec.Struct, eq=False):
    """See the module's rules. ``owner`` is the person signed in, "" for nobody."""

    _tier: SignedCookieTier
    _kinds: Collection[Kind[Any]]
    bound_kinds: frozenset[Kind[Any]]
    _cookies: Cookies
    #: The journal of the kinds used so far.
    values: Journal = msgspec.field(default_factory=Journal)
    #: The kinds of which the journal knows what came.
    looked_at: frozenset[Kind[Any]] = frozenset()
    _outdated: frozenset[Kind[Any]] = frozenset()
    #: Dropped without a look at what came: to be looked at once that is taken back.
    _unread: frozenset[Kind[Any]] = frozenset()
    _signed_anew: frozenset[Kind[Any]] = frozenset()
    _cleared: frozenset[Kind[Any]] = frozenset()
    _confirmed: Mapping[Kind[Any], SetCookie] = MappingProxyType({})
    _moment: int = 0
    #: For whom bound kinds are that the journal knows, None where none was looked at.
    _reader: str | None = None

    def journal(self, kind: Kind[Any], owner: str) -> Journal:
        """Return the journal, which knows of the cookie of ``kind`` by now."""
        if kind not in self.looked_at:
            carried = self._tier.read(kind, self._cookies, owner)
            if kind in self.bound_kinds:
                self._reader = owner
            self.looked_at |= {kind}
            if carried is not None:
                self.values.learn(carried.texts)
                if carried.outdated:
                    self._outdated |= {kind}
        return self.values

    def assign(self, kind: Kind[T], owner: str, value: T, *, by_update: bool = False) -> None:
        """Have ``value``; ``by_update`` it was made from the one at hand."""
        self.journal(kind, owner).assign(kind, value, by_update=by_update)
        self._cleared -= {kind}
        if kind in self._outdated:
            self._signed_anew |= {kind}

    def drop(self, kind: Kind[Any], owner: str) -> None:
        """Have the browser forget the value."""
        self.journal(kind, owner).drop(kind)
        if self._tier.cookie_name(kind) in self._cookies:
            self._cleared |= {kind}

    def hand_over(self, owner: str) -> None:
        """Read every bound kind as ``owner``, so that it is signed for whoever comes after."""
        for kind in self.bound_kinds:
            self.journal(kind, owner)
        self._signed_anew |= self.bound_kinds
        self._moment += 1

    def sign_anew(self, kind: Kind[Any]) -> None:
        """Send the value, if there is one, though it is the one that came: its time begins anew."""
        self._signed_anew |= {kind}

    def read_as(self, owner: str) -> None:
        """Have bound kinds be read as ``owner`` of what the browser will have, and no other's."""
        if self._signed_anew or self._reader in (None, owner):
            return
        self._reader = None
        self._cookies = self._cookies.after(self._confirmed.values())
        self.looked_at -= self.bound_kinds
        self._outdated -= self.bound_kinds
        self.values.start_over([kind.name for kind in self._kinds if kind not in self.bound_kinds])

    def drop_ending(self, *, everything: bool) -> None:
        """Drop every kind that does not outlive sign-out, or ``everything``, whoever it is for.

        Raises `NotKnownHere`, and drops nothing, where a newer secret than any here signed one.
        """
        ending = [kind for kind in self._kinds if everything or not kind.needs.outlives_logout]
        for kind in ending:
            self._tier.check_known(kind, self._cookies)
        self._unread |= frozenset(ending) - self.looked_at
        for kind in ending:
            self.looked_at |= {kind}
            self.values.drop(kind, whatever=True)
            if self._tier.cookie_name(kind) in self._cookies:
                self._cleared |= {kind}
        self._moment += 1

    def discard(self) -> None:
        """Forget all that is not confirmed."""
        self.values.forget(self.values.base)
        self._start_over()

    def forget_unsaved(self) -> None:
        """Forget all that is not confirmed; what was handed out is watched."""
        self.values.reread(self.values.base)
        self._start_over()

    def _start_over(self) -> None:
        self.looked_at -= self._unread
        self._unread = self._signed_anew = self._cleared = frozenset()
        self._moment += 1

    def due(self, owner: Callable[[], str]) -> Due | None:
        """Return what is to be sent and is not confirmed, None for nothing.

        ``owner`` is asked only for a bound kind to keep: the session may be out of reach. Raises
        `TooLarge` or `InvalidValue`.
        """
        asked = self._cleared or self._signed_anew or self._unread
        if not asked and not self.values.may_have_changed():
            return None
        changes = self.values.changes()
        anew = {kind: self.values.text(kind) for kind in self._signed_anew - changes.keys()}
        texts = changes | {kind: text for kind, text in anew.items() if text}
        is_bound = any(text for kind, text in texts.items() if kind in self.bound_kinds)
        reader = owner() if is_bound else None
        due = {kind: self._tier.clear(kind) for kind in self._cleared}
        due |= {kind: self._set_cookie(kind, text, reader or "") for kind, text in texts.items()}
        if due:
            self._check_room(due)
        return Due(due, changes, self._moment, reader)

    def _check_room(self, due: Mapping[Kind[Any], SetCookie]) -> None:
        """Raise `TooLarge` where the browser would bring more cookies than get through."""
        before = self._cookies.after(self._confirmed.values())
        size = before.after(due.values()).size()
        if size > MAX_COOKIES and size > before.size():
            names = ", ".join(sorted(kind.name for kind, cookie in due.items() if cookie.keeps))
            raise TooLarge(f"{names}, with the other cookies,", size, MAX_COOKIES)

    def confirm(self, due: Due) -> None:
        """Have ``due`` sent with whatever answer goes out; what came after it is not confirmed."""
        self._confirmed = {**self._confirmed, **due.cookies}
        if due.reader is not None:
            self._reader = due.reader
        if due.moment == self._moment:
            self._signed_anew -= due.cookies.keys()
            self._cleared -= due.cookies.keys()
            self._unread = frozenset()
        self.values.confirm(self.values.with_changes(due.changes))

    def set_cookies(self) -> list[SetCookie]:
        """Return the cookies to send."""
        return list(self._confirmed.values())

    def _set_cookie(self, kind: Kind[Any], text: bytes | None, owner: str) -> SetCookie:
        if text is None:
            return self._tier.clear(kind)
        return self._tier.keep(kind, text, owner if kind in self.bound_kinds else "")

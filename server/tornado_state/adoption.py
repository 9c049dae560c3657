"""Bringing over what was kept of a visitor elsewhere: by a predecessor, or in the other tier.

Rule 1: it is done, and confirmed, before the handler begins. From then on it is state as any other,
and its cookie goes out whatever the answer is.
Rule 2: who is signed in comes first, and is signed in: under a new session ID, with what else
there is only as far as it is inherited.
Rule 3: what signs somebody in is claimed (:mod:`.sessions.claims`): it begins one session. Its
cookie stays, for processes of the old release, until that person signs out here.
Rule 4: any other old cookie is cleared once its value is here, and a value that moved from the
session is dropped there. What is here already counts; what is no value of its kind is left alone.
Rule 5: where no cookie may be set, nothing is brought over yet. What could not be told is raised
when the session is used.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from .composition import is_bound
from .confirmed import Confirmed
from .cookies.wire import SetCookie
from .exceptions import Conflict, CrossSite, InsecureTransport, InvalidValue, StateError, TooLarge
from .kinds import Kind
from .predecessors.adopted import Adopted, Moved, Predecessor
from .request_tiers import RequestTiers
from .sessions.cancellations import no_answer
from .sessions.changing import stored_of
from .sessions.renewing import nobody_else
from .sessions.session import Session

log = logging.getLogger(__name__)

#: What says that something is no value of a kind: ours, and what a ``convert`` raises.
_REFUSALS = (InvalidValue, TooLarge, ValueError, TypeError, LookupError)


class Old(NamedTuple):
    """A value found elsewhere: by the cookie ``presented``, "" for in the session."""

    kind: Kind[Any]
    value: Any
    presented: str
    predecessor: Predecessor | None = None


def may_adopt(state: RequestTiers) -> bool:
    """Return whether there may be something to bring over that is not in the session."""
    return any(name in state.cookies for name in state.composition.old_names)


async def adopt(state: RequestTiers) -> None:
    """Bring over what there is; see the module's rules."""
    if not state.session.is_loaded:
        return
    try:
        await _bring_over(state)
    except (CrossSite, InsecureTransport, TooLarge, Conflict) as error:
        log.info("what was kept elsewhere is not brought over: %s", error)
        state.discard()
    except StateError as error:
        state.discard()
        state.session.fail(error)
    state._person = None


async def _bring_over(state: RequestTiers) -> None:
    try:
        await _Adoption(state).run()
    except Conflict:
        # Another request has brought it over, or written: what that stored counts.
        state.discard()
        await state._reload_all()
        await _Adoption(state).run()


class _Adoption:
    """One request's. ``_clears`` are the cookies to clear, by name, once their values are here."""

    def __init__(self, state: RequestTiers) -> None:
        self._state = state
        self._session = state.session
        self._made = state.composition
        self._owner = state.owner()
        self._may_sign_in = not self._owner
        self._read: dict[Predecessor, Mapping[str, Any] | None] = {}
        self._clears: dict[str, SetCookie] = {}
        self._left_alone: set[Predecessor | None] = set()

    async def run(self) -> None:
        found = [old for kind in self._state._adopting for old in await self._look_for(kind)]
        claim = self._claim(found)
        if claim is not None and await self._goes_on(claim):
            return
        for old in found:
            self._take(old)
        if found or self._session.changed:
            await self._state._commit_all(nobody_else)
        if claim is not None:
            await self._claim_for(claim)
        self._clear_predecessors(found)
        self._state.old_cookies.clear(self._clears)
        for _ in found:
            self._made.events.tell("adopted")

    # What there is

    async def _look_for(self, kind: Kind[Any]) -> list[Old]:
        """Return what was kept of ``kind`` elsewhere, one at most."""
        has_value = self._has(kind)
        for adopted in kind.adopts:
            if isinstance(adopted, Adopted):
                old = None if has_value else await self._of_predecessor(kind, adopted)
            elif adopted is Moved.FROM_COOKIE:
                old = self._of_cookie(kind, has_value=has_value)
            else:
                old = self._of_session(kind, has_value=has_value)
            if old is not None:
                self._owner = kind.person(old.value) if kind.identity else self._owner
                return [old]
        return []

    def _has(self, kind: Kind[Any]) -> bool:
        try:
            return self._state._journal(kind).has(kind)
        except StateError:  # of a newer release: not to be replaced
            return True

    async def _of_predecessor(self, kind: Kind[Any], adopted: Adopted) -> Old | None:
        predecessor = adopted.predecessor
        presented = self._state.cookies.get(predecessor.cookie)
        may_read = self._may_sign_in or not self._made.signs_in(predecessor)
        if presented is None or not may_read:
            return None
        if predecessor not in self._read:
            with no_answer():
                self._read[predecessor] = await predecessor.read(presented, self._made.asked)
        try:
            value = _converted(kind, adopted, self._read[predecessor] or {})
        except _REFUSALS as error:
            self._left_alone.add(predecessor)
            why = f"what was kept elsewhere is no value of {kind.name}: {type(error).__name__}"
            self._made.events.tell("unreadable", why)
            return None
        if value is None:
            return None
        return Old(kind, value, f"{predecessor.cookie}={presented}", predecessor)

    def _of_cookie(self, kind: Kind[Any], *, has_value: bool) -> Old | None:
        tier, name = self._made.signed_cookies, self._made.signed_cookies.cookie_name(kind)
        presented = self._state.cookies.get(name)
        if presented is None:
            return None
        carried = tier.read(kind, self._state.cookies, self._owner if is_bound(kind) else "")
        self._clears[name] = tier.clear(kind)
        if carried is None or has_value:
            return None
        value = _decoded(kind, carried.texts)
        return None if value is None else Old(kind, value, f"{name}={presented}")

    def _of_session(self, kind: Kind[Any], *, has_value: bool) -> Old | None:
        journal = self._session.known.journal
        value = _decoded(kind, journal.base)
        if value is None:
            return None
        journal.drop(kind)
        return None if has_value else Old(kind, value, "")

    # One session for what signs in, or begins one

    def _claim(self, found: list[Old]) -> bytes | None:
        """Return what is to be claimed: of who is signed in, or of all that begins a session."""
        in_session = [old for old in found if not self._state.is_in_cookie(old.kind)]
        of_identity = [old.presented for old in in_session if old.kind.identity]
        begins = self._session.known.stored is None
        claim = of_identity or [old.presented for old in in_session if begins]
        return "; ".join(claim).encode() or None

    async def _goes_on(self, claim: bytes) -> bool:
        """Return whether the claimed session is to be gone on in, or is over."""
        session_id = await self._session.tier.claims.find(claim)
        if session_id is None:
            return False
        claimed = await self._load(session_id)
        if claimed.stored is not None or self._session.known.stored is None:
            self._session.take_over(claimed)
        if claimed.stored is None:
            self._state.old_cookies.clear_all()
        return True

    async def _claim_for(self, claim: bytes) -> None:
        """Claim it for the session that was begun; if another was faster, go on in that."""
        stored, tier = stored_of(self._session.known), self._session.tier
        if not await tier.claims.add(claim, stored):
            await tier.endings.end(stored)
            self._session.take_over(await self._load(await tier.claims.find(claim)))

    async def _load(self, session_id: str | None) -> Session:
        tier = self._session.tier
        presented = msgspec.structs.replace(self._session.known.presented, session_id=session_id)
        claimed = await tier.load(presented)
        if claimed.stored is not None:
            claimed.cookie = tier.keep(claimed.stored)
        return claimed

    # Taking it

    def _take(self, old: Old) -> None:
        if old.kind.identity:
            remember = old.predecessor is not None and old.predecessor.remember
            self._state._sign_in_person(old.value, remember=remember)
        else:
            self._state._assign(old.kind, old.value)

    def _clear_predecessors(self, found: list[Old]) -> None:
        """Have the cookies cleared that nobody is signed in by."""
        stay = {old.predecessor for old in found if old.kind.identity} | self._left_alone
        for predecessor, values in self._read.items():
            if values is not None and predecessor not in stay:
                self._clears[predecessor.cookie] = predecessor.cleared


def _converted(kind: Kind[Any], adopted: Adopted, values: Mapping[str, Any]) -> Any:
    """Return the value of ``kind`` among ``values``, the visitor's own copy; None for none."""
    value = values.get(adopted.name)
    made = None if value is None else adopted.convert(value)
    if made is None:
        return None
    if kind.identity:
        kind.person(made)
    return kind.decode(kind.encode(made))


def _decoded(kind: Kind[Any], texts: Mapping[str, bytes]) -> Any:
    """Return the value of a text of whatever version; None for none that is known here."""
    try:
        text = Confirmed(texts).text(kind)
        return kind.decode(text) if text is not None else None
    except StateError as error:
        log.warning("what was kept elsewhere of %s cannot be read: %s", kind.name, error)
        return None

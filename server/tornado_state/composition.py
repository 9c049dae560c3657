"""An application's state, put together: its kinds, where each goes, and the tiers that keep them.

Rule 1: a kind is declared by a handler's class attribute, its own or a base's, and by nothing else.
Handlers that are no `StateHandler` are not looked into.
Rule 2: what cannot be is refused when the application is made, in a sentence that names the class
and the kind: two kinds of one name, two identities, a kind that fits no tier, a kind that an
explicit placement leaves out, a session store that is needed and not there.
Rule 3: a handler that becomes known later (`add_handlers`, one's own router) is looked at then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .cookies.signing import Signer
from .cookies.tier import SignedCookieTier
from .events import Events
from .exceptions import CompositionError
from .kinds import Kind
from .placement import SERVER_SESSION, SIGNED_COOKIE, Capabilities, PlacementTable, place
from .predecessors.adopted import Adopted, Asked, Moved, Predecessor
from .sessions.id_cookie import SessionIDCookie
from .sessions.kind_rules import KindRules
from .sessions.records import SessionRecords
from .sessions.room import Rooms
from .sessions.sealing import Sealer
from .sessions.tier import ServerSessionTier
from .settings import StateSettings
from .stores.base import SessionStore

#: The tiers that an application has; a database is its own business.
_TIERS = (SIGNED_COOKIE, SERVER_SESSION)


class Requirements(NamedTuple):
    """What a handler uses, and whether the session has to be loaded for it.

    ``adopting`` are the kinds to which a value may have to be brought over for that.
    """

    kinds: tuple[Kind[Any], ...]
    needs_session: bool
    adopting: tuple[Kind[Any], ...] = ()


class Composition:
    """See the module's rules. ``placement`` is an explicit table, None for `place` to decide."""

    def __init__(
        self,
        settings: StateSettings,
        store: SessionStore | None,
        placement: Mapping[Kind[Any], Capabilities] | None,
        events: Events,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.events = events
        self.secure = settings.names.secure
        self.samesite = settings.names.samesite
        #: What a predecessor may need to know.
        self.asked = Asked(settings.cookie_secret, clock)
        self._store = store
        self._explicit = placement is not None
        self.placement = _as_table(placement)
        self._declared_by: dict[str, tuple[Kind[Any], str]] = {}
        self._requirements: dict[tuple[Kind[Any], ...], Requirements] = {}
        #: Those of handlers whose requests are all about the same kinds.
        self.requirements_of: dict[type, Requirements] = {}
        self._signer = Signer(
            settings.cookie_secret,
            settings.names.application,
            clock,
            key_version=settings.key_version,
            forged=lambda: events.tell(
                "forged", "a cookie was refused: its signature does not hold"
            ),
        )
        lifetime = settings.clocks.absolute_timeout
        self.signed_cookies = SignedCookieTier(self._signer, settings.names, lifetime=lifetime)
        self.sessions: ServerSessionTier | None = None
        self._clock, self.rules = clock, KindRules()
        self._check_placement()
        self._arrange()

    def declare(self, owner: str, kinds: Mapping[str, Kind[Any]]) -> None:
        """Take in what the class ``owner`` declares, by attribute; `CompositionError`."""
        new = {}
        for attribute, kind in kinds.items():
            known, by = self._declared_by.get(kind.name, (kind, owner))
            if known is not kind:
                raise CompositionError(
                    f"{owner}.{attribute} and {by} declare two kinds of one name, {kind.name}"
                )
            if kind not in self.placement:
                new[kind] = self._place(f"{owner}.{attribute}", kind)
            self._declared_by[kind.name] = (kind, f"{owner}.{attribute}")
        if new:
            self._check_identities(owner, [*self.placement, *new])
            self.placement = self.placement.with_kinds(new)
            self._arrange()

    def requirements(self, kinds: tuple[Kind[Any], ...]) -> Requirements:
        """Return what is to be loaded for a handler that uses ``kinds``.

        Raises `UndeclaredKind`. A cookie bound to a person needs the session too, if that is what
        names the person.
        """
        known = self._requirements.get(kinds)
        if known is None:
            known = self._requirements[kinds] = self._require(kinds)
        return known

    def _require(self, kinds: tuple[Kind[Any], ...]) -> Requirements:
        for kind in kinds:
            self.placement.check(kind)
        used = set(kinds)
        if self.identity and used & self.bound_kinds:
            used.add(self.identity)
        needs = any(self.placement[k] is not SIGNED_COOKIE for k in used)
        # A predecessor's cookie is cleared once its values are here: then all of them are.
        if not needs and not used & set(self._adopting):
            return Requirements(kinds, False)
        return Requirements(kinds, needs or self._adopts_session, self._adopting)

    # Within

    def _place(self, declared_at: str, kind: Kind[Any]) -> Capabilities:
        if self._explicit:
            raise CompositionError(f"{declared_at}: the placement does not name {kind.name}")
        placed = place(kind, _TIERS)
        if placed.tier is None:
            raise CompositionError(f"{declared_at}: {' '.join(placed.reasons)}")
        if placed.tier is SERVER_SESSION and self._store is None:
            raise CompositionError(
                f"{declared_at}: {kind.name} belongs in a server session, and there is no "
                "session_store"
            )
        return placed.tier

    def _check_placement(self) -> None:
        for kind, tier in self.placement.items():
            if tier not in _TIERS or (tier is SERVER_SESSION and self._store is None):
                raise CompositionError(
                    f"{kind.name} is placed in the {tier.tier}, and there is none: give a "
                    "session_store, or place it elsewhere"
                )
            known, _ = self._declared_by.setdefault(kind.name, (kind, "the placement"))
            if known is not kind:
                raise CompositionError(f"the placement has two kinds of one name, {kind.name}")
        self._check_identities("the placement", [*self.placement])

    def _check_identities(self, owner: str, kinds: list[Kind[Any]]) -> None:
        names = [kind.name for kind in kinds if kind.identity]
        if len(names) > 1:
            raise CompositionError(
                f"{owner}: {' and '.join(names)} both say who is signed in; at most one kind may"
            )

    def _arrange(self) -> None:
        """Work out what follows from the placement."""
        table = self.placement
        #: The kind that names the person signed in, None in an application without sign-in.
        self.identity = table.identity
        #: The kinds kept in signed cookies, as a set in order.
        self.cookie_kinds = {kind: None for kind, tier in table.items() if tier is SIGNED_COOKIE}
        #: Of those, the kinds that end with sign-out: signed for the person signed in only.
        self.bound_kinds = frozenset(kind for kind in self.cookie_kinds if is_bound(kind))
        in_session = [kind for kind, tier in table.items() if tier is SERVER_SESSION]
        self.rules = KindRules(in_session)
        #: The names of all cookies of the application.
        self.cookie_names = {self.signed_cookies.cookie_name(kind) for kind in self.cookie_kinds}
        moved = any(Moved.FROM_SESSION in kind.adopts for kind in self.cookie_kinds)
        if self._store is not None and (in_session or moved or self._explicit):
            self._arrange_sessions(self._store)
        self._arrange_adopting()
        self._requirements.clear()
        self.requirements_of.clear()

    def _arrange_adopting(self) -> None:
        """Work out what is to be brought over; first of all who is signed in."""
        adopting = [kind for kind in self.placement if kind.adopts]
        self._adopting = tuple(sorted(adopting, key=lambda each: not each.identity))
        self._adopts_session = False
        #: What kept a visitor's state before, by the names of its cookies.
        self.predecessors: dict[str, Predecessor] = {}
        moved: set[str] = set()
        for kind, adopted in ((of, each) for of in self._adopting for each in of.adopts):
            if isinstance(adopted, Adopted):
                self.predecessors[adopted.predecessor.cookie] = adopted.predecessor
            else:
                self._check_moved(kind, adopted)
                moved.add(self.signed_cookies.cookie_name(kind))
            in_session = self.placement[kind] is SERVER_SESSION or adopted is Moved.FROM_SESSION
            self._adopts_session = self._adopts_session or in_session
        #: The names of cookies that say where an old value is.
        self.old_names = self.predecessors.keys() | moved
        self.cookie_names |= self.old_names

    def _check_moved(self, kind: Kind[Any], moved: Moved) -> None:
        """Raise `CompositionError` for what cannot be."""
        if moved.value == self.placement[kind].tier:
            raise CompositionError(
                f"{kind.name} is kept in a {moved.value}: it has not moved from there"
            )
        if moved is Moved.FROM_SESSION and kind.identity:
            raise CompositionError(f"{kind.name}: who is signed in does not move to a cookie")
        if moved is Moved.FROM_SESSION and self._store is None:
            raise CompositionError(
                f"{kind.name} was kept in a server session, and there is no session_store"
            )

    def signs_in(self, predecessor: Predecessor) -> bool:
        """Return whether somebody may be signed in by what ``predecessor`` kept."""
        kind = self.identity
        adopts = kind.adopts if kind is not None else ()
        return any(isinstance(a, Adopted) and a.predecessor is predecessor for a in adopts)

    def _arrange_sessions(self, store: SessionStore) -> None:
        settings = self.settings
        secrets, names, version = settings.cookie_secret, settings.names, settings.key_version
        sealer = Sealer(secrets, names.application, version)
        cookie = SessionIDCookie(self._signer, sealer, names, persistent=settings.persistent)
        self.cookie_names.add(cookie.name)
        if self.sessions is None:
            clocks = settings.clocks
            rooms = Rooms(settings.room, settings.signed_in_room)
            clock, events = self._clock, self.events
            records = SessionRecords(store, sealer, clocks, clock, events, rooms=rooms)
            tell, every = self.events.tell, settings.look_every
            self.sessions = ServerSessionTier(records, cookie, self.rules, tell, every)
            self.sessions.list_sessions(settings.session_list)
        self.sessions.rules = self.rules
        who = self.identity
        self.sessions.records.identity = who.name if who else None


def is_bound(kind: Kind[Any]) -> bool:
    """Return whether a signed cookie of the kind holds only for whoever is signed in."""
    return not kind.needs.outlives_logout and not kind.identity


def _as_table(placement: Mapping[Kind[Any], Capabilities] | None) -> PlacementTable:
    if isinstance(placement, PlacementTable):
        return placement
    return PlacementTable({} if placement is None else placement)

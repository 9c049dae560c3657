"""The state of one request, addressed by kind, wherever each kind is placed.

Rule 1: a handler names kinds and nothing else; the placement says which tier keeps each.
Rule 2: a kind that its tier could not load raises when it is used, not before. So a page that can
do without it still answers, and nobody is taken for signed in or out while the store is away.
Rule 3: everything in the store is confirmed before a cookie is sent, and a cookie is sent only for
what changed. What is confirmed is sent with whatever answer goes out.
Rule 4: who is signed in is set by `sign_in` and by nothing else (ASVS 5.0 7.2.4).
Rule 5: a cookie goes out only where it arrives and replaces nothing: not over plain http when it is
``Secure``, and not with the answer to a request from another site that came without cookies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast, overload

from tornado.log import app_log

from .composition import Composition, Plan
from .cookies.client_state import ClientState
from .cookies.wire import SetCookie
from .exceptions import (
    CrossSite,
    IdentityAssigned,
    InsecureTransport,
    NotKnownHere,
    ResponseStarted,
    StateError,
    UndeclaredKind,
    Unsupported,
)
from .journal import Journal
from .kinds import Kind
from .placement import SIGNED_COOKIE, PlacementTable
from .sessions.session import Session, Status, StoredSession
from .sessions.tier import Confirm, ServerSessionTier, nobody_else
from .visit import Visit

T = TypeVar("T")
D = TypeVar("D")

_UNSET: Any = object()


class RequestState(Mapping[Kind[Any], Any]):
    """A mapping over the kinds of a handler that have a value, with what a session can do besides.

    Reading a kind without a value gives a copy of its default. Reading raises `StoreUnavailable`
    when the kind's tier could not be loaded, `NotKnownHere` when a newer process wrote the value,
    `InvalidValue` when it is none of the kind's type; any use of a kind that the handler did not
    declare raises `UndeclaredKind`, a change after the response began `ResponseStarted`.
    """

    __slots__ = (
        "_client",
        "_closed",
        "_composition",
        "_plan",
        "_session",
        "_signed_in",
        "_unloaded",
        "_visit",
        "was_read",
    )

    def __init__(self, composition: Composition, plan: Plan, visit: Visit) -> None:
        self._composition = composition
        self._plan = plan
        self._visit = visit
        self._client = ClientState(
            composition.signed_cookies,
            composition.cookie_kinds,
            composition.bound_kinds,
            visit.cookies,
        )
        self._session = Session(rules=composition.rules)
        self._unloaded: StateError | None = None
        if composition.sessions is not None:
            self._unloaded = UndeclaredKind("a kind in the session", "the kinds of this handler")
        self._signed_in = False
        self._closed = False
        #: Whether the answer may depend on what the request's cookies lead to.
        self.was_read = False

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse what looks like state and is none: ``self.state.cart = …``."""
        if name not in self.__slots__:
            raise AttributeError(
                f"state has no {name!r}; assign to a kind: state[KIND] = …, or to the handler's "
                "attribute that declares it"
            )
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        kinds = ", ".join(sorted(kind.name for kind in self._plan.kinds))
        return f"<RequestState of {kinds or 'nothing'}>"

    # As a mapping

    def __getitem__(self, kind: Kind[T]) -> T:
        """Return the value, or a copy of the kind's default. Changes made inside it count."""
        return cast("T", self._read(kind, _UNSET))

    @overload
    def get(self, kind: Kind[T], /) -> T: ...

    @overload
    def get(self, kind: Kind[T], default: D, /) -> T | D: ...

    def get(self, kind: Kind[Any], default: Any = _UNSET, /) -> Any:
        """Return the value, or else ``default``; changes made inside that count as well."""
        return self._read(kind, default)

    def __contains__(self, kind: object) -> bool:
        if not isinstance(kind, Kind):
            return False
        self._check_declared(kind)
        return self._journal(kind).has(kind)

    def __iter__(self) -> Iterator[Kind[Any]]:
        return iter([kind for kind in self._plan.kinds if kind in self])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __setitem__(self, kind: Kind[T], value: T) -> None:
        self._check_change(kind)
        self._check_no_identity(kind)
        self._assign(kind, value)

    def __delitem__(self, kind: Kind[Any]) -> None:
        self._check_change(kind)
        self._check_no_identity(kind)
        self._drop(kind)

    def pop(self, kind: Kind[T], default: Any = _UNSET, /) -> Any:
        """Return the value, or else ``default`` or the kind's own, and drop it."""
        self._check_change(kind)
        self._check_no_identity(kind)
        if kind not in self:
            return kind.initial() if default is _UNSET else default
        value = self._read(kind, _UNSET)
        self._drop(kind)
        return value

    def setdefault(self, kind: Kind[T], default: Any = _UNSET, /) -> T:
        """Return the value; where there is none, assign ``default`` or the kind's own first."""
        if kind not in self:
            self[kind] = kind.initial() if default is _UNSET else default
        return self[kind]

    # Beyond a mapping

    async def update(self, kind: Kind[T], function: Callable[[T], T]) -> T:
        """Apply a pure ``function`` to a copy of the value, or of the kind's default.

        In a stored session it is written at once, with everything assigned before, and applied anew
        to what others wrote meanwhile: each success counts exactly once. Returns what now stands.
        Raises `StoreUnavailable`, `StoreRefused`, `Conflict`, `SessionEnded`, `TooLarge`.
        """
        self._check_change(kind)
        self.was_read = True
        if self.placement.check(kind) is not SIGNED_COOKIE:
            session = self._loaded_session()
            self._check_may_set(session)
            apply = self._same_person(kind, function)
            return await self._sessions().update(session, kind, apply)
        journal = self._journal(kind)
        text = journal.text(kind)
        old = kind.initial() if text is None else kind.decode(text)
        self._assign(kind, self._same_person(kind, function)(old), by_update=True)
        return self[kind]

    def sign_in(self, value: Any, remember: bool = False) -> None:
        """Sign in the person that ``value``, of the identity kind, names.

        New ID, new clocks; only inherited kinds are kept of what was there, and what this request
        assigned. With ``remember`` the session lives for ``session_remember_timeout``. Raises
        `InvalidValue` for a value that names nobody.
        """
        self._check_open()
        kind = self.placement.identity
        if kind is None:
            raise UndeclaredKind("an identity kind", "this application's handlers")
        kind.encode(value)
        kind.person(value)
        session = self._loaded_session() if self._composition.sessions else None
        self._client.hand_over(self._owner())
        self._drop_uninherited_cookies()
        if session is not None:
            session.sign_in(remember=remember)
        self._assign(kind, value)
        self._signed_in = True

    def renew_id(self, *, grace: bool = True) -> None:
        """Continue the session under a new ID; nothing to do where no session is kept.

        For ten seconds the old ID still reads what stood there, for requests under way; without
        ``grace`` it is dead at once.
        """
        self._check_open()
        if self._composition.sessions is not None:
            self._loaded_session().renew_id(grace=grace)

    def destroy(self) -> None:
        """Sign out: end the session, and drop every kind that does not outlive sign-out."""
        self._check_open()
        if self._composition.sessions is not None:
            self._loaded_session().destroy()
        self._client.drop_bound()
        self._signed_in = False

    async def commit(self, confirm: Confirm = nobody_else) -> None:
        """Write what changed now, instead of just before the first byte.

        What is confirmed reaches the visitor whatever becomes of the request. ``confirm`` is
        awaited with the store key of a record under a new ID before the old one goes, perhaps more
        than once; what it raises leaves the old session as it was. Raises `StoreUnavailable`,
        `StoreRefused`, `Conflict`, `SessionEnded`, `TooLarge`, `InvalidValue`, `CrossSite`,
        `InsecureTransport`.
        """
        self._check_identity()
        due = self._client.due(self._owner)
        self._check_transport(due.cookies.values())
        tier = self._composition.sessions
        if tier is not None and self._unloaded is None:
            self._check_may_set(self._session)
            await tier.commit(self._session, confirm)
        self._client.confirm(due)
        self._note_identity()

    async def reload(self) -> None:
        """Take what the store has for the state of this request.

        Changes that are not committed are forgotten as this is called, what comes while the store
        is asked is not.
        """
        sessions = self._composition.sessions
        session = self._loaded_session() if sessions is not None else None
        if not self._closed:
            self._client.forget_unsaved()
            self._session.forget_unsaved()
        if sessions is not None and session is not None:
            await sessions.reload(session)
        self._note_identity()

    @property
    def ended(self) -> bool:
        """Whether the request named a session that the store definitely no longer has."""
        self.was_read = True
        return self._session.ended

    @property
    def created_at(self) -> datetime | None:
        """When the session began, None without one."""
        stored = self._stored
        return _time(stored.created_at) if stored else None

    @property
    def last_used_at(self) -> datetime | None:
        """When the session was last used before, as far as this process knows."""
        stored = self._stored
        return _time(self._sessions().records.last_used_at(stored)) if stored else None

    @property
    def expires_at(self) -> datetime | None:
        """When the session ends if it is not used again, None without one."""
        stored = self._stored
        return _time(self._sessions().records.expires_at(stored)) if stored else None

    @property
    def store_key(self) -> str | None:
        """Where the session's record lives; None without one."""
        stored = self._stored
        return stored.store_key if stored else None

    @property
    def placement(self) -> PlacementTable:
        """Where each kind of the application is kept."""
        return self._composition.placement

    def supports(self, kind: Kind[Any], capability: str) -> bool:
        """Return whether the tier that keeps ``kind`` has a `Capabilities` field set."""
        return bool(getattr(self.placement[kind], capability))

    async def living(self, store_keys: Iterable[str]) -> set[str]:
        """Return those of ``store_keys`` under which a session stands, else `Unsupported`."""
        return await self._sessions().living(store_keys)

    async def end(self, store_keys: Iterable[str]) -> None:
        """End the sessions under ``store_keys``; returns once the store confirmed each."""
        await self._sessions().end(store_keys)

    # The lifecycle's side

    async def load(self) -> None:
        """Load what the handler's kinds need; a failure is kept for whoever uses the kind."""
        tier = self._composition.sessions
        if tier is None or not self._plan.needs_session:
            return
        try:
            presented = tier.presented(self._visit.cookies)
            self._session = await tier.load(presented)
            self._unloaded = None
        except StateError as error:
            self._unloaded = error
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must get an answer
            app_log.error("the session of a request could not be loaded", exc_info=True)
            self._unloaded = StateError(f"the session is out of reach: {type(error).__name__}")
        self._note_identity()

    def needs_loading(self) -> bool:
        """Return whether `load` has anything to ask of the store; without, it is done."""
        tier = self._composition.sessions
        if tier is None or not self._plan.needs_session:
            return False
        try:
            presented = tier.presented(self._visit.cookies)
        except NotKnownHere as error:
            self._unloaded = error
            return False
        if presented.session_id is not None:
            return True
        self._session, self._unloaded = tier.empty(presented), None
        return False

    def must_wait(self) -> bool:
        """Return whether `commit` has to ask the store for anything."""
        tier = self._composition.sessions
        return tier is not None and self._unloaded is None and tier.must_wait(self._session)

    @property
    def changed(self) -> bool:
        """Whether the session has anything to write."""
        return self._session.status not in (Status.ABSENT, Status.UNCHANGED)

    def commit_cookies(self) -> None:
        """Do what `commit` does, where there is nothing to ask of the store."""
        self._check_identity()
        due = self._client.due(self._owner)
        self._check_transport(due.cookies.values())
        self._client.confirm(due)

    def close(self) -> None:
        """The response begins: from now on a change raises."""
        self._closed = True
        self._session.journal.seal()
        self._client.values.seal()

    def late_changes(self) -> list[str]:
        """Return the names of kinds whose values changed inside when it was too late."""
        return self._session.journal.late_changes() + self._client.values.late_changes()

    def set_cookies(self) -> list[SetCookie]:
        """Return the cookies to send: those of what is confirmed."""
        cookies = self._client.set_cookies()
        return cookies + ([self._session.cookie] if self._session.cookie else [])

    def discard(self) -> None:
        """Forget every change not confirmed: the request failed."""
        self._session.discard()
        self._client.discard()
        self._signed_in = False

    # Within

    def _read(self, kind: Kind[Any], default: Any) -> Any:
        self._check_declared(kind)
        journal = self._journal(kind)
        return journal.read(kind) if default is _UNSET else journal.read(kind, default)

    def _journal(self, kind: Kind[Any]) -> Journal:
        """Return the journal that has the kind's value."""
        self.was_read = True
        if self.placement[kind] is SIGNED_COOKIE:
            return self._client.journal(kind, self._owner_of(kind))
        session = self._loaded_session()
        session.check_known(kind)
        return session.journal

    def _assign(self, kind: Kind[Any], value: Any, *, by_update: bool = False) -> None:
        if value is None and kind.default is None:
            self._drop(kind)
        elif self.placement.check(kind) is SIGNED_COOKIE:
            self._client.assign(kind, self._owner_of(kind), value, by_update=by_update)
        else:
            self._loaded_session().journal.assign(kind, value)

    def _drop(self, kind: Kind[Any]) -> None:
        if self.placement[kind] is SIGNED_COOKIE:
            self._client.drop(kind, self._owner_of(kind))
        else:
            self._loaded_session().journal.drop(kind)

    def _drop_uninherited_cookies(self) -> None:
        """Drop what a cookie brought and no sign-in takes along; not what was assigned since."""
        for kind in self._composition.cookie_kinds:
            if not kind.inherited:
                journal = self._client.journal(kind, self._owner_of(kind))
                if kind not in journal.changes():
                    self._client.drop(kind, self._owner_of(kind))

    def _sessions(self) -> ServerSessionTier:
        if self._composition.sessions is None:
            raise Unsupported("this application keeps no sessions on the server")
        return self._composition.sessions

    @property
    def _stored(self) -> StoredSession | None:
        self.was_read = True
        return self._session.stored

    def _loaded_session(self) -> Session:
        self.was_read = True
        if self._unloaded is not None:
            raise self._unloaded
        return self._session

    # Who is signed in

    def _owner_of(self, kind: Kind[Any]) -> str:
        return self._owner() if kind in self._client.bound_kinds else ""

    def _owner(self) -> str:
        """Return who is signed in, "" for nobody, as far as cookies have to be bound to it."""
        identity = self.placement.identity
        if identity is None or not self._client.bound_kinds:
            return ""
        value = self._identity_value()
        return identity.person(value) if value is not None else ""

    @property
    def identity(self) -> Any:
        """The value of the identity kind, None for nobody.

        Raises as reading it does, but for the handler's declaration: it is the application's.
        """
        return None if self.placement.identity is None else self._identity_value()

    def _identity_value(self) -> Any:
        identity = self.placement.identity
        assert identity is not None
        journal = self._journal(identity)
        return journal.read(identity) if journal.has(identity) else None

    def _identity_journal(self, identity: Kind[Any]) -> Journal:
        in_cookie = self.placement[identity] is SIGNED_COOKIE
        return self._client.values if in_cookie else self._session.journal

    def _note_identity(self) -> None:
        """A sign-in that is confirmed is over; one that was asked for meanwhile is not."""
        identity = self.placement.identity
        if self._signed_in and identity is not None:
            self._signed_in = identity in self._identity_journal(identity).changes()

    def _check_identity(self) -> None:
        """Raise `IdentityAssigned` when who is signed in was changed within the value."""
        identity = self.placement.identity
        if identity is None or self._signed_in:
            return
        journal = self._identity_journal(identity)
        text = journal.changes().get(identity)
        if text is None:
            return
        before = journal.base.get(identity.record_name)
        if before is None or _person(identity, before) != _person(identity, text):
            raise IdentityAssigned(identity.name)

    def _same_person(self, kind: Kind[T], function: Callable[[T], T]) -> Callable[[T], T]:
        """Return ``function``; of the identity kind, one that refuses to name somebody else."""
        if kind is not self.placement.identity:
            return function

        def apply(value: T) -> T:
            before = None if value is None else kind.person(value)
            made = function(value)
            if made is None or kind.person(made) != before:
                raise IdentityAssigned(kind.name)
            return made

        return apply

    def _check_no_identity(self, kind: Kind[Any]) -> None:
        if kind is self.placement.identity:
            raise IdentityAssigned(kind.name)

    # What may be

    def _check_declared(self, kind: Kind[Any]) -> None:
        if kind not in self._plan.kinds:
            raise UndeclaredKind(kind.name, "the kinds of this handler")

    def _check_open(self) -> None:
        if self._closed:
            raise ResponseStarted

    def _check_change(self, kind: Kind[Any]) -> None:
        self._check_declared(kind)
        self._check_open()

    def _check_may_set(self, session: Session) -> None:
        """Refuse a session whose cookie could not be sent, before anything of it is stored."""
        if session.status not in (Status.NEW, Status.RENEWED):
            return
        self._check_secure()
        if not session.presented.named and self._visit.hides_cookies(self._composition.samesite):
            raise CrossSite

    def _check_transport(self, due: Iterable[SetCookie]) -> None:
        kept = [cookie for cookie in due if cookie.keeps]
        if not kept:
            return
        self._check_secure()
        hidden = self._visit.hides_cookies(self._composition.samesite)
        if hidden and any(cookie.name not in self._visit.cookies for cookie in kept):
            raise CrossSite

    def _check_secure(self) -> None:
        if self._composition.secure and not self._visit.is_secure:
            raise InsecureTransport


def _person(identity: Kind[Any], text: bytes) -> str:
    return identity.person(identity.decode(text))


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)

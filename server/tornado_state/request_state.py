"""The state of one request, addressed by kind, wherever each kind is placed.

Rule 1: a handler names kinds and nothing else; the placement table says which tier keeps each.
Rule 2: a kind that its tier could not load raises when it is used, not before. So a page that can
do without it still answers, and nobody is taken for signed in or out while the store is away.
Rule 3: everything in the store is confirmed before a cookie is sent, and a cookie is sent only for
what changed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

from tornado.log import app_log

from .cookies.client_state import ClientState
from .cookies.wire import SetCookie, read_cookies
from .exceptions import ResponseStarted, StateError, UndeclaredKind, Unsupported
from .kinds import JSON, Kind
from .placement import SIGNED_COOKIE, PlacementTable
from .sessions.server_session import Confirm, ServerSessionTier, nobody_else
from .sessions.session import Session, Status
from .tiers import StateTiers


class RequestState:
    """A mapping from `Kind` to value, with what a session can do besides. See the module's rules.

    Reading raises `StoreUnavailable` when the kind's tier could not be loaded, any use of a kind
    that the handler did not name `UndeclaredKind`, and a change after the response began
    `ResponseStarted`.
    """

    def __init__(
        self, tiers: StateTiers, cookie_headers: Iterable[str], kinds: tuple[Kind, ...]
    ) -> None:
        self.placement: PlacementTable = tiers.placement
        self._tiers = tiers
        self._kinds, self._needs_session = tiers.plan(kinds)
        self._cookies = read_cookies(cookie_headers, tiers.cookie_names)
        self._session = Session()
        self._unloaded: StateError | None = None
        if tiers.server_session is not None:
            self._unloaded = UndeclaredKind("a kind in the session", "the kinds of this handler")
        self._client = ClientState(
            tiers.signed_cookie, tiers.cookie_kinds, tiers.bound_kinds, self._cookies
        )
        self._session_cookie: SetCookie | None = None
        self._closed = False

    # The lifecycle's side

    async def load(self) -> None:
        """Load what the handler's kinds need; a failure is kept for whoever uses the kind."""
        tier = self._tiers.server_session
        if tier is None or not self._needs_session:
            return
        try:
            self._session = await tier.load(self._cookies)
            self._unloaded = None
        except StateError as error:
            self._unloaded = error
        except Exception as error:  # noqa: BLE001 - a migration's, say: the client must get an answer
            app_log.error("the session of a request could not be loaded", exc_info=True)
            self._unloaded = StateError(f"the session is out of reach: {type(error).__name__}")

    def must_wait(self) -> bool:
        """Return whether `commit` has to ask the store for anything."""
        tier = self._tiers.server_session
        return tier is not None and self._unloaded is None and tier.must_wait(self._session)

    @property
    def changed(self) -> bool:
        """Whether the session has anything to write."""
        return self._session.status not in (Status.ABSENT, Status.UNCHANGED)

    async def commit(self, confirm: Confirm = nobody_else) -> None:
        """Write what changed now, instead of just before the first byte.

        ``confirm`` is awaited with the store key of a record under a new ID before the old one
        goes, perhaps more than once; what it raises leaves the old session as it was. Raises
        `StoreUnavailable`, `StoreRefused`, `Conflict`, `SessionEnded`, `TooLarge`, `InvalidValue`.
        """
        self._client.set_cookies(self._owner)
        tier = self._tiers.server_session
        if tier is not None and self._unloaded is None:
            cookie = await tier.commit(self._session, self._cookies, confirm)
            self._session_cookie = cookie or self._session_cookie

    def close(self) -> None:
        """The response begins: from now on a change raises."""
        self._closed = True

    def set_cookies(self) -> list[SetCookie]:
        """Return the cookies to send; `TooLarge` or `InvalidValue` when one cannot be made."""
        cookies = self._client.set_cookies(self._owner)
        return cookies + ([self._session_cookie] if self._session_cookie else [])

    def discard(self) -> None:
        """Forget every change not yet committed, and every cookie: the request failed."""
        self._session.settle(self._session.stored)
        self._client.discard()
        self._session_cookie = None

    # A handler's side

    def get(self, kind: Kind, default: JSON = None) -> JSON:
        """Return the value of ``kind``. Changes made inside it count."""
        self._check_declared(kind)
        if self.placement[kind] is SIGNED_COOKIE:
            return self._client.get(kind, self._owner_of(kind), default)
        return self._loaded_session().get(kind.name, default)

    def __getitem__(self, kind: Kind) -> JSON:
        if kind not in self:
            raise KeyError(kind.name)
        return self.get(kind)

    def __contains__(self, kind: Kind) -> bool:
        return self.get(kind) is not None

    def __setitem__(self, kind: Kind, value: JSON) -> None:
        self._check_change(kind)
        if value is None:
            self._drop(kind)
        elif self.placement.check(kind) is SIGNED_COOKIE:
            self._client.set(kind, self._owner_of(kind), value)
        else:
            self._loaded_session()[kind.name] = value

    def __delitem__(self, kind: Kind) -> None:
        self._check_change(kind)
        self._drop(kind)

    async def update(
        self, kind: Kind, function: Callable[[JSON], JSON], initial: JSON = None
    ) -> JSON:
        """Apply a pure ``function`` to the value of ``kind``, or to a copy of ``initial``.

        In a stored session it is written at once, with everything assigned before, and applied anew
        to what others wrote meanwhile: each success counts exactly once. Returns what now stands.
        """
        self._check_change(kind)
        if self.placement[kind] is not SIGNED_COOKIE and self._loaded_session().stored:
            await self.commit()
            if self._session.stored is not None:
                tier = self._server_session()
                value = await tier.update(self._session, kind.name, function, initial)
                cookie = tier.signed_again(self._session, self._cookies)
                self._session_cookie = cookie or self._session_cookie
                return value
        self[kind] = function(copy.deepcopy(self.get(kind, initial)))
        return self.get(kind)

    def sign_in(self, kind: Kind, value: JSON) -> None:
        """Sign in the person that ``value`` names: new ID, new clock, only inherited kinds."""
        self._check_change(kind)
        self._client.hand_over(self._owner())
        for other in self.placement:
            if not other.inherited:
                self._drop(other)
        if self._tiers.server_session is not None:
            self._loaded_session().renew_id(restart_clock=True)
        self[kind] = value

    def renew_id(self) -> None:
        """Continue the session under a new ID; nothing to do where no session is kept."""
        self._check_open()
        if self._tiers.server_session is not None:
            self._loaded_session().renew_id()

    def destroy(self) -> None:
        """Sign out: end the session, and drop every kind that does not outlive sign-out."""
        self._check_open()
        if self._tiers.server_session is not None:
            self._loaded_session().destroy()
        self._client.drop_bound()

    @property
    def ended(self) -> bool:
        """Whether the request named a session that the store definitely no longer has."""
        return self._session.ended

    @property
    def store_key(self) -> str | None:
        """Where the session's record lives; None without one."""
        return self._session.stored.store_key if self._session.stored else None

    def supports(self, kind: Kind, capability: str) -> bool:
        """Return whether the tier that keeps ``kind`` has a `Capabilities` field set."""
        return bool(getattr(self.placement[kind], capability))

    async def living(self, store_keys: Iterable[str]) -> set[str]:
        """Return those of ``store_keys`` under which a session stands, else `Unsupported`."""
        return await self._server_session().living(store_keys)

    async def end(self, store_keys: Iterable[str]) -> None:
        """End the sessions under ``store_keys``; returns once the store confirmed each."""
        await self._server_session().end(store_keys)

    # Within

    def _server_session(self) -> ServerSessionTier:
        if self._tiers.server_session is None:
            raise Unsupported("this application keeps no sessions on the server")
        return self._tiers.server_session

    def _loaded_session(self) -> Session:
        if self._unloaded is not None:
            raise self._unloaded
        return self._session

    def _drop(self, kind: Kind) -> None:
        if self.placement[kind] is SIGNED_COOKIE:
            self._client.set(kind, self._owner_of(kind), None)
        else:
            self._loaded_session().pop(kind.name, None)

    def _owner_of(self, kind: Kind) -> str:
        return self._owner() if kind in self._client.bound_kinds else ""

    def _owner(self) -> str:
        """Return who is signed in, "" for nobody, as far as cookies have to be bound to it."""
        identity = self.placement.identity
        if identity is None or not self._client.bound_kinds:
            return ""
        if self.placement[identity] is SIGNED_COOKIE:
            value = self._client.get(identity, "", None)
        else:
            value = self._loaded_session().get(identity.name)
        return str(value[identity.identifies]) if value else ""

    def _check_declared(self, kind: Kind) -> None:
        if kind not in self._kinds:
            raise UndeclaredKind(kind.name, "the kinds of this handler")

    def _check_open(self) -> None:
        if self._closed:
            raise ResponseStarted

    def _check_change(self, kind: Kind) -> None:
        self._check_declared(kind)
        self._check_open()

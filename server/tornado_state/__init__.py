"""State for Tornado applications, placed by what it needs.

kinds.py            a kind of state and its needs
placement.py        tiers, their capabilities, place(), the guard
tiers.py            an application's tiers, and which kind goes into which
request_state.py    one request's state, addressed by kind
held_connection.py  a connection that lets nothing out before the commit
lifecycle.py        load before the handler, commit before the first byte
exceptions.py       what can go wrong
cookies/            on the wire, signing, the client tier
sessions/           session, merge, clocks, sealing, records, the server tier
stores/             where server-side records live: the contract, memory, memcached
"""

from .cookies.signed_cookie import SignedCookieTier, Signer
from .cookies.wire import CookieNames
from .exceptions import (
    Conflict,
    InvalidValue,
    MisplacedKind,
    ResponseStarted,
    SessionEnded,
    StateError,
    StoreRefused,
    StoreUnavailable,
    TooLarge,
    UndeclaredKind,
    Unsupported,
)
from .kinds import JSON, Kind, Needs
from .lifecycle import StateApplication, StateErrorHandler, StateHandler
from .placement import (
    DATABASE,
    SERVER_SESSION,
    SIGNED_COOKIE,
    Capabilities,
    Placement,
    PlacementTable,
    place,
)
from .request_state import RequestState
from .sessions.server_session import ServerSessionTier
from .tiers import StateTiers

__all__ = [
    "DATABASE",
    "JSON",
    "SERVER_SESSION",
    "SIGNED_COOKIE",
    "Capabilities",
    "Conflict",
    "CookieNames",
    "InvalidValue",
    "Kind",
    "MisplacedKind",
    "Needs",
    "Placement",
    "PlacementTable",
    "RequestState",
    "ResponseStarted",
    "ServerSessionTier",
    "SessionEnded",
    "SignedCookieTier",
    "Signer",
    "StateApplication",
    "StateError",
    "StateErrorHandler",
    "StateHandler",
    "StateTiers",
    "StoreRefused",
    "StoreUnavailable",
    "TooLarge",
    "UndeclaredKind",
    "Unsupported",
    "place",
]

"""State for Tornado applications, placed by what it needs.

kinds.py              a kind of state and its needs
placement.py          tiers, their capabilities, place(), the guard
cookies.py            cookies on the wire, read strictly and written one way
signed_cookie.py      the client tier
client_state.py       one request's kinds in signed cookies
sealing.py            session ID -> store key and sealed record
session.py            one request's session, its status, the merge
session_id_cookie.py  the cookie that carries a session ID
layouts.py            the shapes an application's data has had
record_contents.py    what a record may say: data, or that the session is over
session_records.py    sessions as records in a store: clocks, sizes, ends
touches.py            when the idle clock of which session was last pushed
turns.py              requests of one process that change one session take turns
store_keys.py         which of many sessions live, and ending them
server_session.py     the server tier
stores/               where server-side records live: the contract, memory, memcached
tiers.py              an application's tiers, and which kind goes into which
request_state.py      one request's state, addressed by kind
held_connection.py    a connection that lets nothing out before the commit
lifecycle.py          load before the handler, commit before the first byte
exceptions.py         what can go wrong
"""

from .cookies import CookieNames
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
from .server_session import ServerSessionTier
from .signed_cookie import SignedCookieTier, Signer
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

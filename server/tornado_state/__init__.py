"""State for Tornado applications, placed by what it needs.

kinds.py            a kind of state: name, type, needs
values.py           values of a type, as JSON text and back
placement.py        tiers, their capabilities, place(), the guard
journal.py          what a request asked for, held against what is confirmed
request_state.py    one request's state, addressed by kind
visit.py            what a request says of itself: cookies, and whence it came
handlers.py         handlers that declare kinds
application.py      load before the handler, commit before the first byte
held_connection.py  a connection that lets nothing out before the commit
composition.py      an application's kinds, placement and tiers, put together
settings.py         the settings that are about state, read and checked
events.py           what happens to sessions: counted, logged, told
exceptions.py       what can go wrong
cookies/            the client tier: on the wire, signing, one request's kinds
sessions/           the server tier: session, clocks, sealing, records
stores/             where server-side records live: the contract, memory, memcached, Redis
testing/            for the tests of applications and of stores
"""

from .application import StateApplication
from .exceptions import (
    CompositionError,
    Conflict,
    CrossSite,
    IdentityAssigned,
    InsecureTransport,
    InvalidValue,
    MisplacedKind,
    NotKnownHere,
    OutcomeUnknown,
    ResponseStarted,
    SessionEnded,
    StaleValue,
    StateError,
    StoreRefused,
    StoreUnavailable,
    TooLarge,
    Unanswered,
    UndeclaredKind,
    Unsupported,
)
from .handlers import StateHandler
from .kinds import Kind, Needs
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

__all__ = [
    "DATABASE",
    "SERVER_SESSION",
    "SIGNED_COOKIE",
    "Capabilities",
    "CompositionError",
    "Conflict",
    "CrossSite",
    "IdentityAssigned",
    "InsecureTransport",
    "InvalidValue",
    "Kind",
    "MisplacedKind",
    "Needs",
    "NotKnownHere",
    "OutcomeUnknown",
    "Placement",
    "PlacementTable",
    "RequestState",
    "ResponseStarted",
    "SessionEnded",
    "StaleValue",
    "StateApplication",
    "StateError",
    "StateHandler",
    "StoreRefused",
    "StoreUnavailable",
    "TooLarge",
    "Unanswered",
    "UndeclaredKind",
    "Unsupported",
    "place",
]

"""State for Tornado applications, placed by what it needs.

kinds.py            a kind of state: name, type, needs
kind_options.py     what may be said of a kind beside name, type and default
needs.py            what a kind needs of the place that keeps it
values.py           values of a type, as JSON text and back
likeness.py         whether a value came back as what it was
placement.py        tiers, their capabilities, place(), the guard
journal.py          what a request asked for, held against what is confirmed
conflicts.py        whether two changes of one kind are at odds
recent.py           what was worked out lately, within bounds
confirmed.py        the texts that are confirmed, of whatever version
updates.py          what the function of an update makes of a value
in_hand.py          a value that a request has in hand, or had
request_state.py    one request's state: its kinds, and what a session can do besides
kind_mapping.py     the kinds of a handler as a mapping
persons_sessions.py the sessions of whoever is signed in, listed and ended
sockets.py          WebSockets that end with their session
open_state.py       a visitor's state anew, after the answer began
request_values.py   what one request has in either tier
request_tiers.py    what becomes of that: committed, sent, or forgotten
identity.py         who is signed in
adoption.py         what was kept of a visitor elsewhere, brought over
visit.py            what a request says of itself: cookies, and whence it came
handlers.py         handlers that declare kinds
declaring.py        what a handler's class declares, and must not hide
application.py      load before the handler, commit before the first byte
delegates.py        what Tornado's server talks to, for one request
routes.py           the handlers that an application's routes lead to
answer_head.py      what would break an answer's head, and what is told to who keeps it
held_connection.py  a connection that lets nothing out before the commit
connection_before.py a connection before another one, for what that does itself
held_answer.py      an answer that waits, and who waits until it has left
composition.py      an application's kinds, placement and tiers, put together
settings.py         the settings that are about state, read and checked
networks.py         who an address is, for whoever counts
events.py           what happens to sessions: counted, logged, told
explaining.py       a line in the log for each thing done, and not done
timing.py           how long a request waited for its state
metrics.py          counters for Prometheus, as a handler to mount
exceptions.py       what can go wrong
predecessors/       what kept a visitor's state before, and what kinds adopt of it
cookies/            the client tier: on the wire, signing, one request's kinds
sessions/           the server tier: session, clocks, sealing, records
stores/             where server-side records live: the contract, memory, memcached, Redis
testing/            for the tests of applications and of stores
"""

from .application import StateApplication
from .exceptions import (
    CompositionError,
    Conflict,
    CookieNeeded,
    CrossSite,
    IdentityAssigned,
    InsecureTransport,
    InvalidValue,
    MisplacedKind,
    NotKnownHere,
    OutcomeUnknown,
    ReservedCookie,
    ResponseStarted,
    SessionEnded,
    StaleValue,
    StateError,
    StoreRefused,
    StoreUnavailable,
    TooLarge,
    TooManySessions,
    Unanswered,
    UndeclaredKind,
    Unsupported,
)
from .handlers import StateHandler
from .kinds import Kind
from .needs import Needs
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
from .sessions.listing import SessionList
from .sockets import StateWebSocketHandler

__all__ = [
    "DATABASE",
    "SERVER_SESSION",
    "SIGNED_COOKIE",
    "Capabilities",
    "CompositionError",
    "Conflict",
    "CookieNeeded",
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
    "ReservedCookie",
    "ResponseStarted",
    "SessionEnded",
    "SessionList",
    "StaleValue",
    "StateApplication",
    "StateError",
    "StateHandler",
    "StateWebSocketHandler",
    "StoreRefused",
    "StoreUnavailable",
    "TooLarge",
    "TooManySessions",
    "Unanswered",
    "UndeclaredKind",
    "Unsupported",
    "place",
]

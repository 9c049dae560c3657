"""What can go wrong: a status, a sentence and the data of each."""

from __future__ import annotations

from typing import Any

import pytest
from tornado_state import (
    CompositionError,
    Conflict,
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
    UndeclaredKind,
    Unsupported,
)
from tornado_state.exceptions import RecordTooLarge

ERRORS: list[tuple[StateError, int, dict[str, Any]]] = [
    (StateError("x"), 500, {}),
    (CompositionError("x"), 500, {}),
    (MisplacedKind("a", "signed cookie", ("fresh",), None), 500, {"kind": "a", "right_tier": None}),
    (UndeclaredKind("a", "b"), 500, {"kind": "a"}),
    (InvalidValue("a", "why", "[2].b"), 500, {"kind": "a", "path": "a[2].b"}),
    (IdentityAssigned("a"), 500, {"kind": "a"}),
    (ReservedCookie("a"), 500, {"name": "a"}),
    (ResponseStarted(), 500, {}),
    (StaleValue("a"), 500, {"kind": "a"}),
    (InsecureTransport(), 500, {}),
    (TooLarge("a", 5, 4), 413, {"what": "a", "size": 5, "limit": 4}),
    (Conflict(("a", "b")), 409, {"kinds": ("a", "b")}),
    (SessionEnded(), 401, {}),
    (CrossSite(), 403, {}),
    (Unsupported("x"), 501, {}),
    (StoreUnavailable("x"), 503, {"retry_after": 1}),
    (OutcomeUnknown("x"), 503, {"retry_after": 1}),
    (NotKnownHere("x"), 503, {"retry_after": 1}),
    (StoreRefused("x"), 503, {"retry_after": 5}),
    (TooManySessions(60), 429, {"retry_after": 60}),
    (RecordTooLarge(5), 413, {"size": 5, "limit": 0}),
    (RecordTooLarge(5, 4), 413, {"size": 5, "limit": 4}),
]


@pytest.mark.parametrize(
    ("error", "status", "data"), ERRORS, ids=[type(error).__name__ for error, _, _ in ERRORS]
)
def test_an_error_has_a_status_a_sentence_and_data(
    error: StateError, status: int, data: dict[str, Any]
) -> None:
    """Of one root, and telling a client the same thing."""
    assert error.status == status
    assert str(error)
    assert {name: getattr(error, name) for name in data} == data

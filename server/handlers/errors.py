"""What went wrong, as a client is told: one shape, one code and one status for each error.

Rule 1: a message is a sentence for the person who asked. It never shows what only a log may show.
Rule 2: ``fields`` are there with 422 and only then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tornado.web import HTTPError, RequestHandler
from tornado_state import (
    NotKnownHere,
    SessionEnded,
    StateError,
    StoreRefused,
    TooLarge,
    TooManySessions,
)

from ..accounts.errors import AccountError, AccountsUnavailable, FieldRefused
from ..shop import InvalidFields


class Refused(HTTPError):
    """A request that a handler refuses; ``message`` is for the client, the code for the log too."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(status, code)


@dataclass(frozen=True)
class ErrorAnswer:
    """The answer to a request that went wrong; ``retry_after`` in seconds."""

    status: int
    code: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    retry_after: int | None = None

    @property
    def title(self) -> str:
        """The status in words, for a page's title."""
        return _TITLES.get(self.status, "Something went wrong")

    @property
    def json(self) -> dict[str, Any]:
        """The answer in the shape of the contract."""
        told: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.fields:
            told["fields"] = dict(self.fields)
        return {"error": told}


_TITLES: Mapping[int, str] = {
    400: "That could not be read",
    401: "Please sign in",
    403: "Not from there",
    404: "Nothing here",
    405: "Not this way",
    409: "Somebody was faster",
    413: "That is too much",
    415: "Not in this form",
    422: "Something is not right",
    429: "One moment, please",
    501: "Not in this application",
    503: "Out of reach",
}

#: Code and message of a status nobody said more about.
_BY_STATUS: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", "This request cannot be read."),
    401: ("not_signed_in", "Nobody is signed in here."),
    403: ("cross_origin", "This request came from another site, so nothing was changed."),
    404: ("not_found", "This address leads nowhere."),
    405: ("method_not_allowed", "This cannot be done here."),
    409: ("conflict", "Another request changed the same thing meanwhile. Please try again."),
    413: ("too_large", "This is more than fits."),
    415: ("unsupported_media_type", "Send JSON or a form."),
    422: ("invalid_fields", "Some fields have wrong values."),
    429: ("too_many_tries", "Too many tries. Please wait a moment."),
    500: ("internal_error", "Something went wrong here."),
    501: ("not_possible_here", "This application cannot do that."),
    503: ("store_unavailable", "The session store does not answer right now. Please try again."),
}

_SESSION_ENDED = ErrorAnswer(401, "session_ended", "Your session has ended. Please sign in again.")


def methods_of(handler: type[RequestHandler]) -> list[str]:
    """Return the methods a handler has; HEAD comes with GET."""
    methods = [
        method
        for method in ("GET", "POST", "PUT", "DELETE")
        if getattr(handler, method.lower()) is not getattr(RequestHandler, method.lower())
    ]
    return [*methods, "HEAD"] if "GET" in methods else methods


def status_of(error: BaseException | None, status: int) -> int:
    """Return the status ``error`` stands for; ``status`` when it says nothing about that."""
    if isinstance(error, StateError | AccountError):
        return error.status
    return 422 if isinstance(error, InvalidFields) else status


def error_answer(status: int, error: BaseException | None) -> ErrorAnswer:
    """Return what to tell a client about ``error``, which is answered with ``status``."""
    code, message = _BY_STATUS.get(status, ("error", "This did not work."))
    match error:
        case Refused():
            return ErrorAnswer(status, error.code, error.message)
        case InvalidFields():
            return ErrorAnswer(status, code, message, error.fields)
        case AccountError():
            return _account_error(error, code)
        case StateError():
            return _state_error(error, code, message)
    return ErrorAnswer(status, code, message)


def _account_error(error: AccountError, code: str) -> ErrorAnswer:
    named = {401: "sign_in_refused", 409: "username_taken", 503: "busy"}.get(error.status, code)
    if isinstance(error, AccountsUnavailable):
        named = "accounts_unavailable"
    fields, message = {}, str(error)
    if isinstance(error, FieldRefused):
        fields, message = error.fields, _BY_STATUS[422][1]
    retry_after = getattr(error, "retry_after", None)
    return ErrorAnswer(error.status, named, message, fields, retry_after)


def _state_error(error: StateError, code: str, message: str) -> ErrorAnswer:
    match error:
        case SessionEnded():
            return _SESSION_ENDED
        case TooLarge():
            message = (
                f"This does not fit: it would take {error.size:,} bytes, and there is room for "
                f"{error.limit:,}. What was there before is still there."
            )
        case NotKnownHere():
            message = "This shop is being renewed right now. Please try again in a moment."
        case TooManySessions():
            code = "too_many_sessions"
            message = (
                "Too much is kept for visitors of your network. Please sign in, keep less in the "
                "cart, or try again later. Nothing was changed."
            )
        case StoreRefused():
            message = "The session store has no room right now. Nothing was changed."
    return ErrorAnswer(error.status, code, message, {}, getattr(error, "retry_after", None))

"""What all of the shop's handlers share: answers, errors, headers.

Rule 1: one method answers people and programs; which of them asked is decided in one place.
Rule 2: whatever may show a person's state is ``no-store`` and has no ETag (ASVS 5.0 14.3.2).
Rule 3: a form is answered with 303 to a path of our own. The page it came from is looked up among
ours, so a ``Referer`` can choose between them and nothing else (ASVS 5.0 3.7.2). What the next page
has to say goes into a notice, never into the path.
Rule 4: every page tells who is signed in and what is in the cart, as far as that is in reach; a
program's request loads what its handler needs and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from tornado.concurrent import Future
from tornado.escape import json_encode
from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError
from tornado_state import Kind, SessionEnded, StateHandler, Unanswered, UndeclaredKind

from ..accounts import Accounts
from ..accounts.errors import AccountError
from ..shop import CART, CREDENTIALS, NOTICE, PREFERENCES, Credentials, InvalidFields
from .bodies import MAX_BODY
from .devices import describe_device
from .errors import ErrorAnswer, Refused, error_answer, methods_of, status_of
from .events import log_event
from .formats import FOR_TEMPLATES
from .headers import SecureHeaders
from .negotiation import asks_for_html
from .notices import sentences
from .placements import outage, whereabouts
from .referers import page_of

T = TypeVar("T")

#: What is wrong with what was entered, so the form is shown again with it.
_FORM_AGAIN = {400, 409, 422, 429}


class ShopHandler(SecureHeaders, StateHandler):
    """A handler of the shop.

    ``kinds`` are those that a program's request is about; a page shows all. ``page`` is whether the
    route is made for people first, ``form`` the template that shows a refused form again, with what
    is wrong with it.
    """

    preferences = PREFERENCES
    cart = CART
    credentials = CREDENTIALS
    notice = NOTICE

    kinds: ClassVar[tuple[Kind[Any], ...]] = ()
    page: ClassVar[bool] = False
    form: str | None = None
    entered: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    def kinds_for(cls, request: HTTPServerRequest) -> tuple[Kind[Any], ...]:
        """Return what the request is about."""
        if asks_for_html(request.headers, page=cls.page):
            return tuple(cls.declared_kinds.values())
        return cls.kinds

    def get_current_user(self) -> Credentials | None:
        """Return who is signed in, for show: None also while nobody can tell."""
        return self.peek(CREDENTIALS)

    def set_default_headers(self) -> None:
        """Set the security headers, and keep every answer out of caches."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Vary", "Accept, Cookie")

    def compute_etag(self) -> str | None:
        """Have no ETag: it would tell about personal content."""
        return None

    def prepare(self) -> None:
        """Refuse a body that is larger than anything the shop takes."""
        if len(self.request.body) > MAX_BODY:
            raise Refused(413, "too_large", f"A body may have {MAX_BODY:,} bytes at most.")

    async def head(self, *args: str) -> None:
        """Answer as `get` would; Tornado leaves the body out."""
        result = self.get(*args)
        if result is not None:
            await result

    # What a handler uses

    @property
    def accounts(self) -> Accounts:
        """The accounts database."""
        accounts: Accounts = self.settings["accounts"]
        return accounts

    @cached_property
    def wants_html(self) -> bool:
        """Whether a person's browser asked."""
        return asks_for_html(self.request.headers, page=self.page)

    @property
    def device(self) -> str:
        """A description of what the request came from, for whoever sees the list of sessions."""
        return describe_device(self.request.headers.get("User-Agent", ""))

    def signed_in(self) -> Credentials:
        """Return who is signed in; 401 tells an ended session from none."""
        credentials = self.credentials
        if credentials is not None:
            return credentials
        if self.state.ended:
            raise SessionEnded
        raise Refused(401, "not_signed_in", "Nobody is signed in here.")

    def answer(self, value: Any, template: str, **names: Any) -> None:
        """Answer with ``value`` as JSON, or with the page that shows it."""
        if self.wants_html:
            self.render(template, **names)
        else:
            self.write_json(value)

    def answer_form(
        self, value: Any, location: str, status: int = 200, *, notice: str | None = None
    ) -> None:
        """Answer a change: with ``value`` as JSON, 204 for None, or 303 to ``location``.

        The page there says ``notice``. If the session had ended, and this begins another one, both
        answers say so.
        """
        begun = bool(self.kinds) and self._has_begun_anew()
        if self.wants_html:
            self._say(*(["session-begun"] if begun else []), *([notice] if notice else []))
            self.redirect(location, status=303)
        elif value is None:
            self.set_status(204)
        else:
            self.set_status(status)
            self.write_json({**value, "session_ended": True} if begun else value)

    def _has_begun_anew(self) -> bool:
        return self.state.ended and (self.state.changed or self.state.store_key is not None)

    def _say(self, *notices: str) -> None:
        if notices:
            self.notice = list(dict.fromkeys([*self.peek(NOTICE), *notices]))

    def _notices(self) -> list[str]:
        """Return what this page has to say; then it is said."""
        names = self.peek(NOTICE) if self.request.method == "GET" else []
        if names:
            del self.notice
        return sentences(names, self.current_user.username if self.current_user else "")

    def render(self, template_name: str, **names: Any) -> Future[None]:
        """Render a page; one that is no error says what is still to be said."""
        notices = [] if names.get("error") else self._notices()
        return super().render(template_name, notices=notices, **names)

    def write_json(self, value: Any) -> None:
        """Write ``value`` as JSON."""
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.write(json_encode(value))

    def came_from(self, fragment: str = "") -> str:
        """Return the page a form was sent from; ``fragment`` is what to scroll to there."""
        return page_of(self.request.headers.get("Referer", ""), fragment)

    def log_event(self, event: str, **facts: str | int | None) -> None:
        """Log a security event of this request."""
        log_event(event, self.request.remote_ip, **facts)

    def peek(self, kind: Kind[T]) -> T:
        """Return the value of ``kind`` for show: its default where it is not known."""
        return self.state[kind] if self.knows(kind) else kind.initial()

    def knows(self, kind: Kind[Any]) -> bool:
        """Return whether the value of ``kind`` is known, if only to be absent."""
        try:
            self.state[kind]
        except (UndeclaredKind, Unanswered):
            return False
        return True

    # What pages and errors are made of

    def get_template_namespace(self) -> dict[str, Any]:
        """Return what every page shows."""
        placement = self.settings["placement"]
        knows_who = self.knows(CREDENTIALS)
        return {
            **super().get_template_namespace(),
            "shop_title": self.settings["shop_title"],
            "preferences": self.peek(PREFERENCES),
            "signed_out": knows_who and self.current_user is None,
            "session_ended": knows_who and self.state.ended,
            "in_cart": {sku: item.quantity for sku, item in self.peek(CART).items()},
            "whereabouts": whereabouts(placement),
            "outage": outage(placement),
            "entered": self.entered,
            "error": None,
            "title": None,
            **FOR_TEMPLATES,
        }

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer with an error, which may bring its own status."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        super().send_error(status_of(error, status_code), **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Tell what went wrong, in the contract's shape or as a page."""
        told = error_answer(status_code, kwargs.get("exc_info", (None, None, None))[1])
        if told.retry_after is not None:
            self.set_header("Retry-After", str(told.retry_after))
        if status_code == 405:
            self.set_header("Allow", ", ".join(methods_of(type(self))))
        if status_code == 403:
            self.log_event("refused", code=told.code)
        if self.wants_html:
            self._render_error(told)
        else:
            self.write_json(told.json)
            self.finish()

    def _render_error(self, told: ErrorAnswer) -> None:
        entered_wrong = told.status in _FORM_AGAIN or told.code == "wrong_credentials"
        again = self.form if entered_wrong else None
        names = self.form_names() if again else {}
        self.render(again or "error.html", error=told, title=told.title, **names)

    def form_names(self) -> dict[str, Any]:
        """Return what the template of a refused form shows beside it."""
        return {}

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log what has a status of its own in a line; a traceback is for what nobody foresaw."""
        if isinstance(value, AccountError | InvalidFields) and status_of(value, 500) != 500:
            value = HTTPError(status_of(value, 500), type(value).__name__)
        super().log_exception(typ, value, tb)

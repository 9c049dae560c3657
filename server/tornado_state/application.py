"""Load before the handler, commit before the first byte of the response.

Tornado awaits nothing between a handler's method and the response, so this works one layer below:
the application gives each handler that declares kinds a delegate which loads its state before the
handler begins, and a connection which holds the response until the store has confirmed what the
handler changed. That covers ``finish``, ``flush``, redirects, error pages, streaming and handlers
of other people alike.

Rule 1: what a handler acts on was true when its method began: the state is loaded when the whole
body is there. A handler that takes the body as it comes (``stream_request_body``) begins with the
headers, and so does its state.
Rule 2: the first byte leaves after the commit. If the commit fails, the response made so far is
thrown away and the request is answered by a new instance of the same handler, with its own
``write_error``; the access log tells only what was sent.
Rule 3: an answer below 500 keeps what was changed, however it was given. An answer of 500 and
above, and an exception nobody foresaw, keep nothing that was not committed before. What
``write_error`` answers with 400 to 499 it has foreseen; where it answers below that, as if nothing
had gone wrong, what it changes itself counts and nothing else.
Rule 4: nothing to ask of the store, nothing to wait for: the response passes straight through.
Rule 5: a protocol switch (101) cannot wait. What it changed must be committed before, with
``await state.commit()``; otherwise the handshake fails and nothing is kept.
"""

from __future__ import annotations

import logging
import re
import time
from functools import partial
from typing import Any

from tornado import httputil
from tornado.http1connection import HTTP1Connection
from tornado.log import app_log
from tornado.web import Application, RequestHandler

from .composition import Composition, Requirements
from .declaring import check_attributes
from .delegates import AnswerOnly, LoadFirst
from .events import Events
from .exceptions import CompositionError
from .handlers import StateHandler
from .held_connection import HeldConnection, HeldForeignConnection
from .request_state import RequestState
from .routes import handlers_of
from .settings import read_settings
from .stores import SessionStore, open_store
from .stores.strangers import at_the_edge
from .timing import TimedState
from .visit import Visit, make_origin_readable

log = logging.getLogger(__name__)


class StateApplication(Application):
    """A Tornado application whose handlers have state; every option is a Tornado setting.

    ==================================  ===========================================================
    ``cookie_secret``, ``key_version``  as Tornado's; at least 32 bytes nobody can guess
    ``session_store``                   a URL, or a `SessionStore`; needed where a kind needs it
    ``session_idle_timeout``            30 min, as seconds or timedelta; ends unused sessions
    ``session_absolute_timeout``        12 h; ends sessions, used or not
    ``session_remember_timeout``        30 days; both, for ``sign_in(…, remember=True)``
    ``session_anonymous_idle_timeout``  as ``session_idle_timeout``; for those without a sign-in
    ``session_anonymous_room``          None; bytes of the store for those (:mod:`.sessions.room`)
    ``session_signed_in_room``          None; the same for all others that are large
    ``session_persistent``              True; False for cookies that end with the browser
    ``https_in_front``                  False; True for a proxy that has https without saying so
    ``session_list``                    False; True, or a `SessionList`: list a person's sessions
    ``session_look_every``              3 s; how soon an open socket finds its session ended
    ``state_name``                      prefix of cookie names; from the application's class
    ``cookie_secure``                   True; False is for plain http on loopback
    ``cookie_samesite``                 "Lax", "Strict" or "None"
    ``cookie_domain``                   None: only the host that sets them
    ``cookie_partitioned``              False
    ``placement``                       an explicit `PlacementTable`; `place` decides without
    ``state_timing``                    False; True: say in ``Server-Timing`` what state took
    ``state_clock``                     seconds since 1970; a test's own clock
    ``state_events``                    called with the name of each event (:mod:`.events`)
    ==================================  ===========================================================

    Raises `CompositionError` for anything that cannot be.
    """

    def __init__(
        self,
        handlers: Any = None,
        default_host: str | None = None,
        transforms: Any = None,
        **settings: Any,
    ) -> None:
        read = read_settings(settings, _name_of(type(self)))
        super().__init__(handlers, default_host, transforms, **settings)
        self.state_events = Events(settings.get("state_events"))
        store = _store(settings.get("session_store"))
        self._composition = Composition(
            read,
            at_the_edge(store) if store is not None else None,
            settings.get("placement"),
            self.state_events,
            settings.get("state_clock", time.time),
        )
        self.session_store = store
        self._state_class = TimedState if read.timing else RequestState
        self._known: set[type[StateHandler]] = set()
        self._declare_all()
        if not read.names.secure:
            log.warning("cookies are not Secure: plain http, for this machine only")

    @property
    def composition(self) -> Composition:
        """How the application's state is put together."""
        return self._composition

    def add_handlers(self, host_pattern: str, host_handlers: Any) -> None:
        """As Tornado's; what the handlers declare is looked at now."""
        super().add_handlers(host_pattern, host_handlers)
        self._declare_all()

    def _declare_all(self) -> None:
        default = self.settings.get("default_handler_class")
        for handler in [*handlers_of(self.default_router), *([default] if default else [])]:
            if isinstance(handler, Application):
                _check_within(handler)
            elif _has_state(handler) and handler not in self._known:
                self._declare(handler)

    def _declare(self, handler: type[StateHandler]) -> None:
        check_attributes(handler)
        self._composition.declare(handler.__name__, handler.declared_kinds)
        self._known.add(handler)

    # Tornado types this by the private class it returns; what its caller uses is the delegate's
    # interface.
    def get_handler_delegate(  # type: ignore[override]
        self,
        request: httputil.HTTPServerRequest,
        target_class: type[RequestHandler],
        target_kwargs: dict[str, Any] | None = None,
        path_args: list[bytes] | None = None,
        path_kwargs: dict[str, bytes] | None = None,
    ) -> httputil.HTTPMessageDelegate:
        """Give a handler that declares kinds its state, any other one what Tornado gives it."""
        make_origin_readable(request.headers)
        connection = request.connection
        if connection is None or not issubclass(target_class, StateHandler):
            return super().get_handler_delegate(
                request, target_class, target_kwargs, path_args, path_kwargs
            )

        delegate = LoadFirst(self, request, target_class, target_kwargs or {})
        try:
            state = self._state_for(request, target_class)
        except Exception as error:  # noqa: BLE001 - of whatever class: the client gets an answer
            app_log.error("the state of a request could not be put together", exc_info=True)
            return AnswerOnly(delegate.answer, error)
        if state is not None:
            held = HeldConnection if type(connection) is HTTP1Connection else HeldForeignConnection
            request.connection = held(connection, state, delegate, target_class.__name__)
        handler = super().get_handler_delegate(
            request, target_class, target_kwargs, path_args, path_kwargs
        )
        return handler if state is None else delegate.before(state, handler)

    def _state_for(
        self, request: httputil.HTTPServerRequest, target_class: type[StateHandler]
    ) -> RequestState | None:
        """Return the state of a request, None for a handler that has none."""
        made = self._composition
        required = made.requirements_of.get(target_class) or self._required(request, target_class)
        if not required.kinds:
            return None
        visit = Visit.of(request, made.cookie_names, made.settings.https_in_front)
        return self._state_class(made, required, visit, target_class.counts_as_use)

    def _required(
        self, request: httputil.HTTPServerRequest, target_class: type[StateHandler]
    ) -> Requirements:
        if target_class not in self._known:
            self._declare(target_class)
        required = self._composition.requirements(tuple(target_class.kinds_for(request)))
        asked = getattr(target_class.kinds_for, "__func__", None)
        if asked is StateHandler.kinds_for.__func__:  # type: ignore[attr-defined]
            self._composition.requirements_of[target_class] = required
        return required

    def log_request(self, handler: RequestHandler) -> None:
        """Log once it is known what was sent."""
        connection = handler.request.connection
        log_request = partial(super().log_request, handler)
        if isinstance(connection, HeldConnection) and connection.held is not None:
            connection.held.when_sent = log_request
        else:
            log_request()


def _check_within(application: Application) -> None:
    """Raise `CompositionError` for a handler with state that is served without any."""
    if isinstance(application, StateApplication):
        return
    for handler in handlers_of(application.default_router):
        if _has_state(handler):
            raise CompositionError(
                f"{handler.__name__} has state, and {type(application).__name__}, which serves it "
                "within this application, is no StateApplication"
            )


def _has_state(handler: object) -> bool:
    return isinstance(handler, type) and issubclass(handler, StateHandler)


def _store(given: Any) -> SessionStore | None:
    if given is None or isinstance(given, SessionStore):
        return given
    if not isinstance(given, str):
        raise CompositionError(f"session_store is a URL or a SessionStore, not {given!r}")
    try:
        return open_store(given)
    except ValueError as error:
        raise CompositionError(f"session_store: {error}") from error


def _name_of(application: type) -> str:
    """Return the words of a class's name as part of a cookie's name."""
    if application is StateApplication:
        return "state"
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", application.__name__).lower()
    return re.sub(r"[^a-z0-9-]", "", words.removesuffix("-application"))[:32].strip("-") or "state"

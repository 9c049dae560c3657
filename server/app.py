"""The application: the shop's handlers over a placement of its state."""

from __future__ import annotations

from typing import Any

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.web import RequestHandler
from tornado_state import (
    SIGNED_COOKIE,
    CookieNames,
    PlacementTable,
    ServerSessionTier,
    SignedCookieTier,
    Signer,
    StateApplication,
    StateTiers,
)
from tornado_state.stores import SessionStore

from .accounts import Accounts
from .handlers import (
    MOST_DROPPED,
    ROUTES,
    SHOP_SETTINGS,
    CommitFailedHandler,
    Dropping,
    TooLargeHandler,
    is_too_large,
)
from .operation.logs import log_request
from .settings import Settings
from .shop import NOTICE


class ShopApplication(StateApplication):
    """An application that answers 413 to a body too large for it, whoever it was for."""

    def get_handler_delegate(  # type: ignore[override]
        self,
        request: HTTPServerRequest,
        target_class: type[RequestHandler],
        *args: Any,
        **kwargs: Any,
    ) -> HTTPMessageDelegate:
        """Give what is too large to whoever says so."""
        connection = request.connection
        if not is_too_large(request.headers) or not isinstance(connection, HTTP1Connection):
            return super().get_handler_delegate(request, target_class, *args, **kwargs)
        connection.set_max_body_size(MOST_DROPPED)
        return Dropping(super().get_handler_delegate(request, TooLargeHandler))


def make_app(
    placement: PlacementTable,
    settings: Settings,
    *,
    name: str,
    title: str,
    accounts: Accounts,
    store: SessionStore | None,
) -> StateApplication:
    """Return the shop with its state where ``placement`` says.

    ``name`` is part of every cookie's name and signature, so that no application of the same host
    takes another's; ``store`` is None where no kind is placed in a session. Notices are no part of
    what is compared: they are where they belong in every application.
    """
    tiers = PlacementTable(
        {**placement, NOTICE: SIGNED_COOKIE}, allow_misplaced=bool(placement.misplaced)
    )
    return ShopApplication(
        ROUTES,
        tiers=make_tiers(tiers, settings, name=name, store=store),
        state_error_handler=CommitFailedHandler,
        accounts=accounts,
        placement=placement,
        shop_title=title,
        log_function=log_request,
        **SHOP_SETTINGS,
    )


def make_tiers(
    placement: PlacementTable, settings: Settings, *, name: str, store: SessionStore | None
) -> StateTiers:
    """Return the tiers that ``placement`` needs."""
    names = CookieNames(name, settings.secure_cookies)
    signer = Signer(settings.cookie_secret, name)
    server_session = None
    if store is not None:
        server_session = ServerSessionTier(
            store,
            signer,
            names,
            kinds=placement,
            idle_timeout=settings.idle_timeout,
            absolute_timeout=settings.absolute_timeout,
        )
    signed_cookie = SignedCookieTier(signer, names, lifetime=settings.absolute_timeout)
    return StateTiers(placement, signed_cookie, server_session)

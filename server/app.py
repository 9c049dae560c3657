"""The application: the shop's handlers over a placement of its state."""

from __future__ import annotations

from typing import Any, cast

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.web import RequestHandler
from tornado_state import SIGNED_COOKIE, PlacementTable, StateApplication
from tornado_state.stores import SessionStore

from .accounts import Accounts
from .handlers import (
    DEVICE,
    MOST_DROPPED,
    ROUTES,
    SHOP_SETTINGS,
    Dropping,
    TooLargeHandler,
    is_too_large,
)
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
        if not is_too_large(request.headers):
            return super().get_handler_delegate(request, target_class, *args, **kwargs)
        cast("HTTP1Connection", request.connection).set_max_body_size(MOST_DROPPED)
        return Dropping(super().get_handler_delegate(request, TooLargeHandler))


def make_app(
    placement: PlacementTable,
    settings: Settings,
    *,
    title: str,
    accounts: Accounts,
    store: SessionStore | None,
    **more: Any,
) -> ShopApplication:
    """Return the shop with its state where ``placement`` says.

    The settings' state name is part of every cookie's name and signature, so that no application
    of the same host takes another's; ``store`` is None where no kind is placed in a session.
    Notices are no part of what is compared, nor is what a device is known by: they are where they
    belong in every application. ``more`` are settings of Tornado's.
    """
    return ShopApplication(
        ROUTES,
        placement=placement.with_kinds({NOTICE: SIGNED_COOKIE, DEVICE: SIGNED_COOKIE}),
        state_name=settings.state_name,
        cookie_secret=settings.cookie_secret,
        cookie_secure=settings.secure_cookies,
        # Plain http without --dev is something behind a proxy, which may not say that it has https.
        https_in_front=not settings.dev and settings.certfile is None,
        session_store=store,
        session_idle_timeout=settings.idle_timeout,
        session_absolute_timeout=settings.absolute_timeout,
        session_anonymous_idle_timeout=settings.anonymous_idle_timeout,
        session_anonymous_room=settings.anonymous_room,
        session_signed_in_room=settings.signed_in_room,
        accounts=accounts,
        shop_title=title,
        **SHOP_SETTINGS,
        **more,
    )

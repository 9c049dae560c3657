"""Which URL is whose, and what the handlers want of Tornado."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import account, cart, other, pages, preferences, sessions, sign_in

_SERVER = Path(__file__).parent.parent

ROUTES = [
    (r"/", pages.IndexHandler),
    (r"/health", other.HealthHandler),
    (r"/products", pages.ProductsHandler),
    (r"/preferences", preferences.PreferencesHandler),
    (r"/cart", cart.CartHandler),
    (r"/cart/([^/]+)", cart.ItemHandler),
    (r"/cart/([^/]+)/remove", cart.RemoveItemHandler),
    (r"/register", account.RegisterHandler),
    (r"/login", sign_in.LoginHandler),
    (r"/logout", sign_in.LogoutHandler),
    (r"/account", account.AccountHandler),
    (r"/password", account.PasswordHandler),
    (r"/sessions", sessions.SessionsHandler),
    (r"/sessions/end", sessions.EndSessionsHandler),
]

#: For `Application`, beside the routes. The handlers also read ``accounts``, ``placement``,
#: ``shop_title`` and, where pages may be framed, ``frame_ancestors`` (a CSP source list).
SHOP_SETTINGS: dict[str, Any] = {
    "template_path": str(_SERVER / "templates"),
    "static_path": str(_SERVER / "static"),
    "static_handler_class": other.StaticHandler,
    "default_handler_class": other.NotFoundHandler,
    "cross_origin_protection": True,
}

"""What predecessors left with their visitors, an application that adopts it, and its releases."""

from __future__ import annotations

import json
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from state_app import NEW, OLD, Browser, serving_application
from tornado.web import create_signed_value
from tornado_state import Kind, StateApplication, StateHandler
from tornado_state.predecessors import (
    MOVED_FROM_COOKIE,
    MOVED_FROM_SESSION,
    Adopted,
    ExpressSession,
    Moved,
    Pycket,
    from_signed_cookie,
)
from watched_store import Clock, WatchedStore

SECRET = "only the shop knows this, and nobody else"

#: Made by express-session 1.19.0 with connect-memcached 3.0.0, and the secret "keyboard cat".
SID = "yqP3_cC5_82pwaDBrh2MM_SpgBMKMGoA"
EXPRESS_COOKIE = f"s%3A{SID}.pfHM7iZurdwaOhGfDQGtL1N%2FSoTONMH4A%2BLmDns%2FgkY"
EXPRESS_RECORD = (
    '{"cookie":{"originalMaxAge":1800000,"expires":"2026-11-28T02:31:39.946Z","httpOnly":true,'
    '"path":"/"},"user":"ann","cart":["tea"]}'
)

#: pycket's records, as `pickle.dumps` makes them for it.
PYCKET_ID = "3f0b7a60-5f2e-4f6e-9d4f-6d6f1a1f7a11"


def old_cookie(name: str, value: str, clock: Clock, secret: str = SECRET) -> str:
    """Return a cookie as ``set_signed_cookie`` made it."""
    return create_signed_value(secret, name, value, clock=clock).decode()


class Predecessors:
    """Three of them, with Ann signed in by each, and the kinds that adopt what they have."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = WatchedStore(self.clock)
        self.records: dict[str, Any] = {
            SID: EXPRESS_RECORD.replace("2026", "2023"),
            PYCKET_ID: pickle.dumps({"user": "ann", "cart": ["tea"]}),
        }
        self.loads = 0
        self.failing: Exception | None = None
        self.express = ExpressSession(self._load, ["new secret", "keyboard cat"], prefix="")
        self.pycket = Pycket(self._load, remember=True)
        self.user = Kind(
            "user",
            str,
            identity=True,
            confidential=True,
            revocable=True,
            adopts=[
                from_signed_cookie("user"),
                self.pycket.field("user"),
                self.express.field("user"),
            ],
        )
        self.cart = Kind(
            "cart",
            list[str],
            default=[],
            fresh=True,
            adopts=[
                from_signed_cookie("cart", json.loads),
                self.pycket.field("cart"),
                self.express.field("cart"),
            ],
        )
        self.theme = Kind(
            "theme",
            str,
            default="light",
            outage_proof=True,
            outlives_logout=True,
            adopts=[from_signed_cookie("theme"), self.express.field("theme")],
        )

    def jar(self, predecessor: str) -> dict[str, str]:
        """Return the cookies of Ann's browser."""
        return {
            "tornado": {
                "user": old_cookie("user", "ann", self.clock),
                "cart": old_cookie("cart", '["tea"]', self.clock),
            },
            "pycket": {"PYCKET_ID": old_cookie("PYCKET_ID", PYCKET_ID, self.clock)},
            "express": {"connect.sid": EXPRESS_COOKIE},
        }[predecessor]

    async def _load(self, key: str) -> Any:
        self.loads += 1
        if self.failing:
            raise self.failing
        return self.records.get(key)

    def application(self, **settings: Any) -> StateApplication:
        """Return the application that adopts them."""
        kinds = {"user": self.user, "cart": self.cart, "theme": self.theme}
        theme = type("Theme", (Shown,), {"theme": self.theme})
        return shop(self, {"/": type("Shop", (Shown,), kinds), "/theme": theme}, **settings)

    @asynccontextmanager
    async def serving(self, **settings: Any) -> AsyncIterator[Browser]:
        """Serve it; gives a browser."""
        async with serving_application(self.application(**settings)) as browser:
            yield browser


def shop(world: Any, routes: dict[str, Any], **settings: Any) -> StateApplication:
    """Return an application on the store and the clock of ``world``."""
    settings = {
        "cookie_secret": SECRET,
        "session_store": world.store,
        "state_clock": world.clock,
        "state_name": "shop",
        **settings,
    }
    return StateApplication([*routes.items()], **settings)


class Shown(StateHandler):
    """Shows what it has; and does with it what a query says."""

    def get(self) -> None:
        kinds = {kind.name: kind for kind in self.declared_kinds.values()}
        if self.get_argument("drop", ""):
            del self.state[kinds[self.get_argument("drop")]]
        if self.get_argument("add", ""):
            self.state[kinds["cart"]].append(self.get_argument("add"))
        if self.get_argument("fail", ""):
            raise ZeroDivisionError
        shown = {name: self.state[kind] for name, kind in kinds.items()}
        self.write({**shown, "ended": "cart" in kinds and self.state.ended})

    def post(self) -> None:
        self.state.destroy()

    def put(self) -> None:
        self.state.sign_in(self.get_argument("name"))


async def shown(browser: Browser, path: str = "/", **headers: str) -> dict[str, Any]:
    """Return what the browser is shown."""
    answer = await browser.get(path, **headers)
    assert answer.code == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


class Release:
    """A release in which the cart, of a ``version``, is where ``adopts`` says it is not."""

    def __init__(self, before: Release | None, adopts: list[Moved | Adopted], **cart: Any) -> None:
        self.clock = before.clock if before else Clock()
        self.store = before.store if before else WatchedStore(self.clock)
        self.user = Kind("user", str, identity=True, adopts=[])
        self.cart = Kind("cart", list[str], default=[], adopts=adopts, **cart)

    def application(self, **settings: Any) -> StateApplication:
        """Return its application."""
        kinds = {"user": self.user, "cart": self.cart}
        return shop(self, {"/": type("Shop", (Shown,), kinds)}, **settings)


IN_SESSION, IN_COOKIE = {"fresh": True}, {"fresh": False}
__all__ = ["IN_COOKIE", "IN_SESSION", "MOVED_FROM_COOKIE", "MOVED_FROM_SESSION", "NEW", "OLD"]

"""Somebody signed in, for tests of what only they may do.

Rule 1: it is what a sign-in over the wire leaves behind: a new session in the application's own
store, or a signed cookie where the application keeps its identity kind there.
Rule 2: the store is asked on the event loop of the test, which is the one that the application is
served on. Where that loop stands still - a test of ``AsyncHTTPTestCase``, a fixture - it runs until
the store has confirmed. Where it runs, nothing can wait but the test itself: ``await sign_in(…)``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any

from tornado.ioloop import IOLoop

from ..application import StateApplication
from ..composition import Composition
from ..cookies.wire import SetCookie
from ..exceptions import UndeclaredKind
from ..kinds import Kind
from ..placement import SIGNED_COOKIE


class CookieHeader(str):
    """The value of a Cookie header. Awaited, it is itself, once the store has confirmed."""

    __slots__ = ("_confirmed",)

    _confirmed: Awaitable[object] | None

    def __new__(cls, cookie: SetCookie, confirmed: Awaitable[object] | None) -> CookieHeader:
        header = super().__new__(cls, f"{cookie.name}={cookie.value}")
        header._confirmed = confirmed
        return header

    def __await__(self) -> Generator[Any, Any, CookieHeader]:
        if self._confirmed is not None:
            yield from self._confirmed.__await__()
        return self


def sign_in(app: StateApplication, value: Any, *, remember: bool = False) -> CookieHeader:
    """Return the Cookie header of somebody whom ``value``, of the identity kind, names.

    Raises as ``state.sign_in`` does, and `StoreUnavailable` where the store gives no answer. While
    the event loop runs it is to be awaited; only a store in memory does without.
    """
    composition = app.composition
    kind = composition.placement.identity
    if kind is None:
        raise UndeclaredKind("an identity kind", "this application's handlers")
    text = kind.encode(value)
    kind.person(value)
    if composition.placement[kind] is SIGNED_COOKIE:
        return CookieHeader(composition.signed_cookies.keep(kind, text, ""), None)
    return _begin_session(composition, kind, text, remember=remember)


def _begin_session(
    composition: Composition, kind: Kind[Any], text: bytes, *, remember: bool
) -> CookieHeader:
    assert composition.sessions is not None, "a kind that no signed cookie keeps is in a session"
    cookie, confirmed = composition.sessions.begun({kind.record_name: text}, remembered=remember)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        IOLoop.current().run_sync(lambda: confirmed)
        return CookieHeader(cookie, None)
    return CookieHeader(cookie, asyncio.ensure_future(confirmed))

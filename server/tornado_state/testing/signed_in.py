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
from tornado.web import Application

from ..application import StateApplication
from ..composition import Composition
from ..cookies.wire import SetCookie
from ..exceptions import UndeclaredKind
from ..kinds import Kind
from ..placement import SIGNED_COOKIE


class CookieHeader(str):
    """The value of a Cookie header. Awaited, it is itself, once the store has confirmed."""

    #: What is waited for, if anything is.
    confirmed: Awaitable[object] | None = None

    def __await__(self) -> Generator[Any, Any, CookieHeader]:
        if self.confirmed is not None:
            yield from self.confirmed.__await__()
        return self


def sign_in(app: Application, value: Any, *, remember: bool = False) -> CookieHeader:
    """Return the Cookie header of somebody whom ``value``, of the identity kind, names.

    ``app`` is a `StateApplication`, by whatever type a test knows it.
    Raises as ``state.sign_in`` does, and `StoreUnavailable` where the store gives no answer. While
    the event loop runs it is to be awaited; only a store in memory does without.
    """
    if not isinstance(app, StateApplication):
        raise TypeError(f"nobody can sign in to a {type(app).__name__}: it is no StateApplication")
    composition = app.composition
    kind = composition.placement.identity
    if kind is None:
        raise UndeclaredKind("an identity kind", "this application's handlers")
    text = kind.encode(value)
    kind.person(value)
    if composition.placement[kind] is SIGNED_COOKIE:
        return _header(composition.signed_cookies.keep(kind, text, ""))
    return _begin_session(composition, kind, text, remember=remember)


def _begin_session(
    composition: Composition, kind: Kind[Any], text: bytes, *, remember: bool
) -> CookieHeader:
    assert composition.sessions is not None, "a kind that no signed cookie keeps is in a session"
    records = composition.sessions.records
    new = records.drawn({kind.record_name: text}, None, remember)
    header, confirmed = _header(composition.sessions.keep(new)), records.insert(new)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        IOLoop.current().run_sync(lambda: confirmed)
    else:
        header.confirmed = asyncio.ensure_future(confirmed)
    return header


def _header(cookie: SetCookie) -> CookieHeader:
    return CookieHeader(f"{cookie.name}={cookie.value}")

"""From the command line to a serving application: what every composition root does.

Rule 1: everything that can be wrong is found out before anything is served: options, port,
certificate, accounts, and that it is memcached that answers. One line says what, the status is 2.
Rule 2: a memcached that is just away does not keep the application from starting, or nobody could
restart it during an outage. Another service on its port does, also if others of the fleet are away.
Rule 3: what ought to be known is said aloud at the start: where the state is kept, what is
misplaced and why, what is less than safe.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from socket import socket
from ssl import SSLContext

from tornado.web import Application
from tornado_state import SIGNED_COOKIE, PlacementTable, StoreUnavailable
from tornado_state.placement import unmet
from tornado_state.stores import MemcachedStore, MemoryStore, SessionStore, is_away

from ..accounts import Accounts
from ..accounts.errors import AccountsUnavailable
from ..accounts.places import (
    MEMCACHED,
    MEMORY,
    PRIVATE_MEMCACHED,
    SIGNED_COOKIES,
    Place,
    place_here,
)
from ..app import make_app
from ..settings import Settings, read_settings
from ..shop import CREDENTIALS
from ..start_error import StartError
from .descriptors import raise_limit
from .listening import bind_listeners, https_context
from .logs import configure_logs, log_request
from .private_memcached import private_memcached
from .serving import Worker, serve
from .workers import Workers

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Composition:
    """An application: what it is called, its port, and where its state is kept."""

    name: str
    title: str
    port: int
    placement: PlacementTable

    @property
    def has_sessions(self) -> bool:
        """Whether any kind is placed in the server session."""
        return any(tier is not SIGNED_COOKIE for tier in self.placement.values())


def main(composition: Composition) -> int:
    """Serve until told to stop; return the exit status."""
    try:
        return _run(composition)
    except StartError as error:
        print(f"{composition.name}: {error}", file=sys.stderr)
        return 2


def _run(composition: Composition) -> int:
    settings = read_settings(composition.name, composition.port)
    https = https_context(settings)
    raise_limit()
    with ExitStack() as stack:
        listeners = bind_listeners(settings)
        for listener in listeners:
            stack.callback(listener.close)
        if composition.has_sessions and settings.store == "memcached" and not settings.memcached:
            address = stack.enter_context(private_memcached(settings.name, settings.run_dir))
            settings = replace(settings, memcached=(address,), private_memcached=True)
        problems, room = asyncio.run(_check(composition, settings))
        settings = replace(settings, store_room=room)
        configure_logs(dev=settings.dev, access_log=settings.access_log)
        _announce(composition, settings, listeners[0], problems)
        running = _Running(composition, settings, https, listeners)
        if settings.processes > 1:
            return Workers(settings.processes, running.work, listeners, running.renew).run()
        running.work()
    return 0


@dataclass
class _Running:
    """What is served, and where."""

    composition: Composition
    settings: Settings
    https: SSLContext | None
    listeners: list[socket]

    def work(self, worker: Worker | None = None) -> None:
        """Serve, in the one process or in a worker's."""
        opening = open_application(self.composition, self.settings)
        asyncio.run(serve(opening, self.listeners, self.settings, self.https, worker))

    def renew(self) -> bool:
        """Read secrets and certificate again; False, and a line that says why, if that fails."""
        try:
            settings = read_settings(self.composition.name, self.composition.port)
            self.https = https_context(settings)
        except StartError as error:
            _log.error("nothing is renewed: %s", error)
            return False
        was = self.settings
        self.settings = replace(
            settings,
            memcached=was.memcached,
            private_memcached=was.private_memcached,
            store_room=was.store_room,
        )
        return True


@asynccontextmanager
async def open_application(
    composition: Composition, settings: Settings
) -> AsyncIterator[Application]:
    """Open what the application needs, and close it after the block; `StartError` if it cannot."""
    async with AsyncExitStack() as stack:
        accounts = await _open_accounts(composition, settings)
        stack.push_async_callback(accounts.close)
        store = _store(composition, settings, settings.store_deadline)
        if store is not None:
            stack.push_async_callback(store.close)
        yield make_app(
            composition.placement,
            settings,
            title=composition.title,
            accounts=accounts,
            store=store,
            log_function=log_request,
        )


async def _open_accounts(composition: Composition, settings: Settings) -> Accounts:
    try:
        return await Accounts.open(
            settings.accounts,
            absolute_timeout=settings.absolute_timeout,
            place=_place(composition, settings),
        )
    except AccountsUnavailable as error:
        raise StartError(f"--accounts: {error}") from error


def _store(composition: Composition, settings: Settings, deadline: float) -> SessionStore | None:
    if not composition.has_sessions:
        return None
    if settings.store == "memory":
        return MemoryStore()
    return MemcachedStore(settings.memcached, deadline=deadline)


def _place(composition: Composition, settings: Settings) -> Place:
    """Return where it is kept who is signed in."""
    if composition.placement[CREDENTIALS] is SIGNED_COOKIE:
        return place_here(SIGNED_COOKIES)
    if settings.store == "memory":
        return place_here(MEMORY)
    kind = PRIVATE_MEMCACHED if settings.private_memcached else MEMCACHED
    return place_here(kind, settings.memcached)


async def _check(composition: Composition, settings: Settings) -> tuple[list[str], int | None]:
    """Return what is wrong and may still be mended while it runs, and the store's room.

    The room is in bytes, None where nobody tells.
    """
    await (await _open_accounts(composition, settings)).close()
    store = _store(composition, settings, max(settings.store_deadline, 1))
    if store is None:
        return [], None
    try:
        await store.check()
    except StoreUnavailable as error:
        if not is_away(error):
            raise StartError(f"--memcached: {error}") from error
        away = f"{error}; until it answers, whatever is kept in sessions is out of reach"
        return [away], None
    finally:
        await store.close()
    return [], store.room


def _announce(
    composition: Composition, settings: Settings, listener: socket, problems: list[str]
) -> None:
    kept = "; ".join(f"{kind.name}: {tier.tier}" for kind, tier in composition.placement.items())
    _log.info("%s at %s (%s)", composition.title, _url(settings, listener), kept)
    for warning in (*_warnings(composition, settings), *settings.warnings, *problems):
        _log.warning(warning)


def _warnings(composition: Composition, settings: Settings) -> Iterator[str]:
    for kind in composition.placement.misplaced:
        tier = composition.placement[kind]
        lacking = ", ".join(unmet(kind.needs, tier))
        yield f"misplaced on purpose: {kind.name} in the {tier.tier} (unmet: {lacking})"
    if not settings.dev and settings.certfile is None:
        yield "plain http: a proxy in front must serve https, or browsers send no cookie back"
    if composition.has_sessions and settings.store == "memory":
        yield "sessions are kept in this process and end with it"


def _url(settings: Settings, listener: socket) -> str:
    host = "localhost" if settings.address in {"127.0.0.1", "::1"} else settings.address
    if ":" in host:
        host = f"[{host}]"
    scheme = "https" if settings.certfile else "http"
    return f"{scheme}://{host}:{listener.getsockname()[1]}"

"""The server tier of an application, and a cookie jar over it without HTTP between."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from tornado_state import SERVER_SESSION, Kind, PlacementTable, StateApplication
from tornado_state.cookies.wire import Cookies
from tornado_state.sessions.session import Session
from tornado_state.sessions.tier import ServerSessionTier
from tornado_state.stores import SessionStore

SECRET = secrets.token_urlsafe(32)


def tier_on(store: SessionStore, kind: Kind[Any]) -> ServerSessionTier:
    """Return the tier of an application with one kind; any number of them on one store agree."""
    application = StateApplication(
        cookie_secret=SECRET, session_store=store, placement=PlacementTable({kind: SERVER_SESSION})
    )
    tier = application.composition.sessions
    assert tier is not None
    return tier


class Visitor:
    """One cookie jar over one tier, which is asked as requests ask it: soon, where that will do."""

    def __init__(self, tier: ServerSessionTier, cookie: str = "") -> None:
        self.tier = tier
        self.cookie = cookie

    def on(self, tier: ServerSessionTier) -> Visitor:
        """Return the same jar where requests go to another process."""
        return Visitor(tier, self.cookie)

    async def load(self) -> Session:
        """Return the session the jar names."""
        tier = self.tier
        presented = tier.presented(Cookies([self.cookie], {tier.cookie_name}))
        if presented.session_id is not None:
            store_key = tier.records.sealer.store_key(presented.session_id)
            record = await tier.records.store.load_soon(store_key)
            if (session := tier.looked_up(presented, record)) is not None:
                return session
        return await tier.load(presented)

    async def commit(self, session: Session) -> None:
        """Commit, and keep the cookie."""
        begun = self.tier.commit_soon(session)
        if begun is not None:
            await asyncio.wait([begun.answer])
        if begun is None or not self.tier.committed(session, begun):
            await self.tier.commit(session)
        if session.cookie is not None:
            kept = f"{session.cookie.name}={session.cookie.value}"
            self.cookie = kept if session.cookie.keeps else ""

    async def begin(self, kind: Kind[Any], value: Any) -> Session:
        """Begin a session with ``value``."""
        session = await self.load()
        session.journal.assign(kind, value)
        await self.commit(session)
        return session

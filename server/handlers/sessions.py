"""An account's sessions: listed and ended.

Rule 1: the database knows which sessions an account has, the store which of them live. A row
without a record is not shown. It goes when sessions are ended, or when it is too old; looking at
the list writes nothing.
Rule 2: a session is ended in the store first and forgotten second, so that a store which is away
refuses, and nothing is forgotten that still lives. Many are ended and forgotten a few at a time: if
the store goes away in between, what has ended by then is known to have ended.
Rule 3: whoever acts on the whole account is among its sessions in the database. A record put back
into the store by somebody who can write there is not, and ends again.
Rule 4: a session may get a new ID while it is being ended. Its handle stays, so ending goes on
until the handle is gone.
"""

from __future__ import annotations

from collections.abc import Callable

from tornado_state import SessionEnded

from ..accounts import AccountSession
from ..shop import CREDENTIALS, EVERYTHING, InvalidFields
from .base import ShopHandler
from .bodies import read_fields, require
from .errors import Refused
from .formats import iso
from .placements import cannot_revoke
from .sign_in import sign_out

OTHERS = "others"

_AT_ONCE = 64


class SessionsBase(ShopHandler):
    """A handler that ends sessions."""

    kinds = EVERYTHING

    async def of_account(self, account_id: str) -> list[AccountSession]:
        """Return the account's sessions, this one among them; `SessionEnded` when it is not."""
        rows = await self.accounts.sessions(account_id)
        if self.state.store_key not in {row.store_key for row in rows}:
            self.state.destroy()
            await self.state.commit()
            raise SessionEnded
        return rows

    async def end_others(self, account_id: str, *mine: str) -> int:
        """End the account's sessions but this one and ``mine``; return how many there were."""
        kept = {self.state.store_key, *mine}
        return await self.end_where(account_id, lambda row: row.store_key not in kept)

    async def end_where(self, account_id: str, wanted: Callable[[AccountSession], bool]) -> int:
        """End the account's sessions that are ``wanted``; return how many there were."""
        ended = 0
        while rows := list(filter(wanted, await self.accounts.sessions(account_id))):
            store_keys = [row.store_key for row in rows[:_AT_ONCE]]
            await self.state.end(store_keys)
            await self.accounts.forget_sessions(store_keys)
            ended += len(store_keys)
        return ended

    def check_revocable(self) -> None:
        """Answer 501 with the reason where the sign-in is kept beyond the server's reach."""
        if not self.state.supports(CREDENTIALS, "revocable"):
            raise Refused(501, "not_possible_here", cannot_revoke(self.state.placement))


class SessionsHandler(SessionsBase):
    """``GET /sessions``."""

    async def get(self) -> None:
        """Show the sessions that live."""
        self.check_revocable()
        rows = await self._living(self.signed_in().account_id)
        sessions = [
            {
                "handle": row.handle,
                "current": row.store_key == self.state.store_key,
                "created_at": iso(row.created_at),
                "device": row.device,
            }
            for row in rows
        ]
        self.answer({"sessions": sessions}, "sessions.html", title="Sessions", sessions=sessions)

    async def _living(self, account_id: str) -> list[AccountSession]:
        rows = await self.of_account(account_id)
        living = await self.state.living(row.store_key for row in rows)
        return [row for row in rows if row.store_key in living]


class EndSessionsHandler(SessionsBase):
    """``POST /sessions/end``."""

    async def post(self) -> None:
        """End the others, or the one with this handle; one's own is a sign-out."""
        self.check_revocable()
        account_id = self.signed_in().account_id
        (handle,) = require(read_fields(self.request), "handle")
        if not isinstance(handle, str):
            raise InvalidFields({"handle": "Must be text."})
        if handle == OTHERS:
            await self.of_account(account_id)
            ended = await self.end_others(account_id)
        elif await self._is_current(account_id, handle):
            await sign_out(self)
            return
        else:
            ended = await self.end_where(account_id, lambda row: row.handle == handle)
            if not ended:
                raise Refused(404, "unknown_session", "There is no such session.")
        self.log_event("sessions_ended", account=account_id, count=ended)
        self.answer_form(None, "/sessions", notice="sessions-ended")

    async def _is_current(self, account_id: str, handle: str) -> bool:
        rows = await self.of_account(account_id)
        return any((row.handle, row.store_key) == (handle, self.state.store_key) for row in rows)

"""Sign in, sign out."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import Any

from tornado_state import StoreUnavailable

from ..accounts import SignIn, device_mark
from ..accounts.errors import AccountsUnavailable, SignInRefused, TooManyTries
from ..shop import CREDENTIALS, EVERYTHING, Credentials
from .base import ShopHandler
from .bodies import read_fields, require
from .errors import Refused
from .formats import iso
from .known_devices import DEVICE, with_mark
from .pages import described_account

#: As many sessions an account may have; a sign-in ends the oldest beyond them.
MOST_SESSIONS = 32


class LoginHandler(ShopHandler):
    """``GET`` and ``POST /login``."""

    device_marks = DEVICE

    kinds = (*EVERYTHING, DEVICE)
    form = "login.html"

    def get(self) -> None:
        """Show the form, to whoever is not signed in."""
        if self.credentials is None:
            self.render("login.html", title="Sign in")
        else:
            self.redirect("/account", status=303)

    async def post(self) -> None:
        """Sign in. Who is signed in already gets the current account, whatever was sent."""
        if self.credentials is not None:
            self._answer_already(self.credentials)
            return
        self.entered = read_fields(self.request)
        sign_in = await self._authenticate(*require(self.entered, "username", "password"))
        self.answer_form(described_account(await self._sign_in(sign_in)), "/")

    def _answer_already(self, credentials: Credentials) -> None:
        """Answer with the current account; a person who sent another name is told so."""
        if self.wants_html and not _is_name_of(credentials, read_fields(self.request)):
            self.answer_form(None, "/account", notice="already-signed-in")
        else:
            self.answer_form(described_account(credentials), "/")

    async def _authenticate(self, username: Any, password: Any) -> SignIn:
        try:
            sign_in = await self.accounts.authenticate(
                username, password, self.request.remote_ip, self.device_marks
            )
        except TooManyTries:
            self.log_event("sign_in_failed", why="too many tries")
            raise
        if sign_in is None:
            self.log_event("sign_in_failed", why="wrong name or password")
            raise _wrong()
        return sign_in

    async def _sign_in(self, sign_in: SignIn) -> Credentials:
        """Make the session, add its row to the database, and only then end the session before it.

        So an account that is disabled in between can never keep a living session: either its row is
        there to be found, or adding the row is refused and nobody gets the session. And a database
        that is away leaves everything as it was.
        """
        account = sign_in.account
        credentials = Credentials(account.id, account.username, account.email, iso(time.time()))
        self.state.sign_in(credentials)
        try:
            await self.state.commit(partial(self._add_session, sign_in))
        except SignInRefused:
            self.log_event("sign_in_failed", account=account.id, why="meanwhile refused")
            raise _wrong() from None
        self.log_event("sign_in", account=account.id)
        self.device_marks = with_mark(self.device_marks, device_mark(account.id))
        return credentials

    async def _add_session(self, sign_in: SignIn, store_key: str) -> None:
        if self.state.supports(CREDENTIALS, "revocable"):
            await self.accounts.add_session(sign_in, store_key, self.device)
            await self._end_oldest(sign_in.account.id, store_key)

    async def _end_oldest(self, account_id: str, mine: str) -> None:
        """End what the account has too much of; out of reach, it waits for another sign-in."""
        rows = await self.accounts.sessions(account_id)
        others = [row.store_key for row in rows if row.store_key != mine]
        oldest = others[MOST_SESSIONS - 1 :]
        if oldest:
            with suppress(StoreUnavailable):
                await self.state.end(oldest)
                await self.accounts.forget_sessions(oldest)


class LogoutHandler(ShopHandler):
    """``POST /logout``."""

    kinds = EVERYTHING

    async def post(self) -> None:
        """Sign out."""
        await sign_out(self)


async def sign_out(handler: ShopHandler) -> None:
    """End the session of the request; 204 once the store has confirmed, and only then.

    The account's list is the database's business: a row without a record is shown nowhere.
    What the browser keeps of the site goes too (ASVS 5.0 14.3.1), but not its cookies: preferences
    outlive sign-out.
    """
    credentials, store_key = handler.credentials, handler.state.store_key
    handler.state.destroy()
    await handler.state.commit()
    if store_key is not None and credentials is not None:
        with suppress(AccountsUnavailable):
            await handler.accounts.forget_sessions([store_key])
    if credentials is not None:
        handler.log_event("sign_out", account=credentials.account_id)
    handler.set_header("Clear-Site-Data", '"cache", "storage"')
    handler.answer_form(None, "/", notice="signed-out" if credentials is not None else None)


def _is_name_of(credentials: Credentials, fields: dict[str, Any]) -> bool:
    entered = fields.get("username", credentials.username)
    return str(entered).casefold() == credentials.username.casefold()


def _wrong() -> Refused:
    return Refused(401, "wrong_credentials", "The username or the password is wrong.")

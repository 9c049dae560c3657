"""Register, see the account, change its password."""

from __future__ import annotations

from typing import Any

from tornado_state import SessionEnded

from ..accounts import SignIn
from ..accounts.errors import AccountsUnavailable
from ..shop import CREDENTIALS
from .base import ShopHandler
from .bodies import read_fields, require
from .pages import described_account
from .sessions import SessionsBase


class RegisterHandler(ShopHandler):
    """``GET`` and ``POST /register``; nobody is signed in by it."""

    form = "register.html"

    def get(self) -> None:
        """Show the form."""
        self.render("register.html", title="Register")

    async def post(self) -> None:
        """Add an account."""
        self.entered = read_fields(self.request)
        username, email, password = require(self.entered, "username", "email", "password")
        remote = self.request.remote_ip
        account = await self.accounts.register(username, email, password, remote)
        self.log_event("register", account=account.id)
        value = {"username": account.username, "email": account.email}
        self.answer_form(value, "/login", status=201, notice="registered")


class AccountHandler(ShopHandler):
    """``GET /account``."""

    kinds = (CREDENTIALS,)

    def get(self) -> None:
        """Show who is signed in."""
        account = described_account(self.signed_in())
        self.answer(account, "account.html", title="Your account", account=account)


class PasswordHandler(SessionsBase):
    """``GET`` and ``POST /password``: the other sessions end where they can be ended at all."""

    form = "password.html"

    def get(self) -> None:
        """Show the form."""
        self.signed_in()
        self.render("password.html", title="Change your password")

    async def post(self) -> None:
        """Change the password."""
        account_id, remote = self.signed_in().account_id, self.request.remote_ip
        current, new = require(read_fields(self.request), "current", "new")
        notice = "password-changed"
        if not self.state.supports(CREDENTIALS, "revocable"):
            notice = "password-changed-only"
            await self.accounts.change_password(account_id, current, new, remote)
        else:
            await self.of_account(account_id)
            # Whatever would be refused is refused before any session ends for it.
            sign_in = await self.accounts.check_new_password(account_id, current, new, remote)
            ended = await self._change(sign_in, current, new)
            self.log_event("sessions_ended", account=account_id, count=ended)
        self.log_event("password_change", account=account_id)
        self.answer_form(None, "/account", notice=notice)

    async def _change(self, sign_in: SignIn, current: Any, new: Any) -> int:
        """Change the password, and continue under a new ID; return how many sessions ended.

        The order matters. The other sessions end first: a store that is away refuses before
        anything has changed. Then the session gets a record under its new ID and a row in the
        database. Then the password changes, which lets no sign-in through that was under way with
        the old one; whatever such sign-in came just before ends in the second pass. The old record
        goes last: whatever fails before, the session is still there.
        """
        account_id, old = sign_in.account.id, self.state.store_key
        ended = await self.end_others(account_id)
        changed: SignIn | None = None

        async def confirm(store_key: str) -> None:
            nonlocal changed, ended
            await self.accounts.add_session(changed or sign_in, store_key, self.device)
            if changed is None:
                changed = await self.accounts.change_password(
                    account_id, current, new, self.request.remote_ip
                )
                ended += await self.end_others(account_id, store_key)

        self.state.renew_id(grace=False)
        await self.state.commit(confirm)
        await self._keep_handle(account_id, old)
        return ended

    async def _keep_handle(self, account_id: str, old: str | None) -> None:
        """Have the session go on under the handle it had."""
        new = self.state.store_key
        try:
            kept = old and new and await self.accounts.keep_handle(account_id, old, new)
        except AccountsUnavailable:
            # It has a row of its own already, so it can be found and ended; by another handle.
            return
        if not kept:
            # Ended from elsewhere at this very moment, and so it stays.
            self.state.destroy()
            await self.state.commit()
            raise SessionEnded

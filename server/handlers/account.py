"""Register, see the account, change its password."""

from __future__ import annotations

from typing import Any

from ..accounts.errors import PasswordRefused, WrongPassword
from ..accounts.passwords import password_problem
from ..shop import CART, CREDENTIALS, PREFERENCES
from ..state import SessionEnded
from .base import ShopHandler
from .bodies import read_fields, require
from .pages import described_account
from .sessions import SessionsBase


class RegisterHandler(ShopHandler):
    """``GET`` and ``POST /register``; nobody is signed in by it."""

    kinds = (PREFERENCES,)
    form = "register.html"

    def get(self) -> None:
        """Show the form."""
        self.render("register.html", title="Register")

    async def post(self) -> None:
        """Add an account."""
        self.entered = read_fields(self.request)
        fields = require(self.entered, "username", "email", "password")
        account = await self.accounts.register(*fields)
        self.log_event("register", account=account.id)
        value = {"username": account.username, "email": account.email}
        self.answer_form(value, "/login#registered", status=201)


class AccountHandler(ShopHandler):
    """``GET /account``."""

    kinds = (CREDENTIALS, PREFERENCES, CART)

    def get(self) -> None:
        """Show who is signed in."""
        account = described_account(self.signed_in())
        revocable = self.state.supports(CREDENTIALS, "revocable")
        self.answer(
            account, "account.html", title="Your account", account=account, revocable=revocable
        )


class PasswordHandler(SessionsBase):
    """``GET`` and ``POST /password``: the other sessions end where they can be ended at all."""

    form = "password.html"

    def get(self) -> None:
        """Show the form."""
        self.signed_in()
        self.render("password.html", title="Change your password")

    async def post(self) -> None:
        """Change the password.

        The order matters. What is wrong with the request is found first, then the other sessions
        end: a store that is away refuses before anything has changed. Then the password changes,
        which lets no sign-in through that was under way with the old one. Whatever such sign-in
        came just before ends in the second pass.
        """
        credentials = self.signed_in()
        fields = read_fields(self.request)
        current, new = require(fields, "current", "new")
        account_id = credentials["account_id"]
        if not self.state.supports(CREDENTIALS, "revocable"):
            await self.accounts.change_password(account_id, current, new)
        else:
            await self._check(credentials, current, new)
            ended = await self.end_others(account_id)
            await self.accounts.change_password(account_id, current, new)
            ended += await self.end_others(account_id)
            await self._continue_under_new_id(account_id)
            self.log_event("sessions_ended", account=account_id, count=ended)
        self.log_event("password_change", account=account_id)
        self.answer_form(None, "/account#password-changed")

    async def _check(self, credentials: dict[str, Any], current: Any, new: Any) -> None:
        """Refuse what `change_password` would refuse, before any session ends for it."""
        problem = password_problem(new, credentials["username"], credentials["email"])
        if problem or new == current:
            raise PasswordRefused({"new": problem or "Choose another one than the current."})
        if await self.accounts.authenticate(credentials["username"], current) is None:
            raise WrongPassword

    async def _continue_under_new_id(self, account_id: str) -> None:
        old = self.state.store_key
        self.state.renew_id()
        await self.state.commit()
        new = self.state.store_key
        if old is None or new is None or not await self.accounts.move_session(account_id, old, new):
            # Ended from elsewhere at this very moment, and so it stays.
            self.state.destroy()
            await self.state.commit()
            raise SessionEnded

"""What can go wrong with accounts, one class each, under one root.

Absence is not failure: no such account, or a wrong password at sign-in, is ``None``. An exception
says that something was refused, or that nobody could tell. Its text is a sentence for the person
who asked, and never shows a password, a hash or what the database said.
"""

from __future__ import annotations

from collections.abc import Mapping


class AccountError(Exception):
    """The root. ``status`` is the HTTP status that tells a client the same thing."""

    status = 500


class FieldRefused(AccountError):
    """Values were refused. ``fields`` says for each one, by its name, what is wrong with it."""

    status = 422

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__(" ".join(self.fields.values()))


class PasswordRefused(FieldRefused):
    """A new password does not pass the policy (:mod:`.passwords`)."""


class WrongPassword(FieldRefused):
    """The current password, asked for to change it, is not the current one."""

    def __init__(self) -> None:
        super().__init__({"current": "This is not your current password."})


class UsernameTaken(AccountError):
    """Somebody has this name already, in this or another spelling."""

    status = 409

    def __init__(self) -> None:
        super().__init__("This username is taken.")


class UnknownAccount(AccountError):
    """No account has this name. Only ever said to whoever runs the service."""

    status = 404

    def __init__(self, username: str) -> None:
        super().__init__(f"There is no account named {username!r}.")


class SignInRefused(AccountError):
    """Since the password was verified, the account was disabled or its password changed."""

    status = 401

    def __init__(self) -> None:
        super().__init__("This sign-in is no longer valid.")


class TooManyTries(AccountError):
    """Too many wrong passwords in a row for this name. ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(f"Too many tries. Try again in {retry_after} s.")


class Busy(AccountError):
    """Too many passwords are waiting to be verified. ``retry_after`` is in seconds."""

    status = 503

    def __init__(self, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__("Too many people are signing in right now.")


class AccountsUnavailable(AccountError):
    """The accounts database gave no answer: nobody can tell. ``retry_after`` is in seconds.

    What was asked for may then have happened or not.
    """

    status = 503

    def __init__(
        self, why: str = "The accounts database does not answer.", retry_after: int = 1
    ) -> None:
        self.retry_after = retry_after
        super().__init__(why)

"""The shape of a request in an application's file: one for every table. `example.toml` has them
all.

Rule: what is not known is refused, so that a slip of the pen is no silent omission.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file."""


class Looks(Table, frozen=True):
    """What an answer looks like; it does if all of it is so. ``json`` is by dotted paths."""

    status: int | tuple[int, ...] = ()
    holds: str = ""
    lacks: str = ""
    location: str = ""
    json: dict[str, Any] = {}


class Take(Table, frozen=True):
    """Where a value stands in an answer; one of these.

    The value of a ``cookie``; a ``header``; what is at the dotted path ``json``; the content of the
    ``meta`` element, or the value of the input ``field``, of this name; the first group of
    ``pattern``. What a page writes with entities, and a cookie with percent signs, is undone.
    """

    cookie: str | None = None
    header: str | None = None
    json: str | None = None
    meta: str | None = None
    field: str | None = None
    pattern: str | None = None


class Step(Table, frozen=True):
    """A request: ``form``, ``json`` or ``text`` is its body.

    ``success`` and ``refusal`` say what its answers look like, ``take`` what of them is used later
    on as ``{name}``, ``follow`` whether redirects are followed.
    """

    path: str
    method: Method = "POST"
    form: dict[str, str] | None = None
    json: Any = None
    text: str | None = None
    headers: dict[str, str] = {}
    follow: bool | None = None
    success: Looks | None = None
    refusal: Looks | None = None
    take: dict[str, Take] = {}


class Request(Step, frozen=True):
    """A request, or with ``steps`` several in order; the last one's answer counts."""

    path: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def in_order(self) -> tuple[Step, ...]:
        """The requests that it is."""
        return self.steps or (self,)


class SignOut(Request, frozen=True):
    """The request that signs out; ``in_browser``, there is none: a page forgets what it holds."""

    in_browser: bool = False


class Write(Request, frozen=True):
    """The request that writes. ``keys`` are what ``{key}`` may be, anything where it is empty."""

    keys: tuple[str, ...] = ()
    without_sign_in: bool = True
    sensitive: bool = True


class Password(Request, frozen=True):
    """The request that changes the password.

    ``has_option`` is False where nothing on the site ends one's other sessions after it.
    """

    has_option: bool | None = None


class Question(Step, frozen=True):
    """A request, and the text that stands in the answer if it is as asked."""

    method: Method = "GET"
    holds: str = ""


class Token(Step, frozen=True):
    """A request whose answer has what others bring along: ``{token}``, or the names in ``take``."""

    method: Method = "GET"
    pattern: str | None = None
    cookie: str | None = None

    @property
    def taken(self) -> dict[str, Take]:
        """What is taken of its answer, by name."""
        if self.cookie or self.pattern:
            return {"token": Take(cookie=self.cookie, pattern=self.pattern), **self.take}
        return self.take


def steps_of(table: Step) -> tuple[Step, ...]:
    """Return the requests of a table in order."""
    return table.in_order if isinstance(table, Request) else (table,)

"""The accounts' database URL: read, and refused in one line that shows no password."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from .errors import AccountsUnavailable

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def read_url(url: str | Path) -> URL:
    """Return the URL with an asynchronous driver; `AccountsUnavailable` when it cannot be one.

    A path is that of a SQLite file; whatever is in it, it is no part of a URL.
    """
    try:
        parsed = make_url(url) if isinstance(url, str) else _in_file(url)
    except (ArgumentError, ValueError) as error:
        raise AccountsUnavailable(
            "The accounts' address is not a database URL such as sqlite:///accounts.sqlite3."
        ) from error
    in_file = parsed.database and not parsed.database.startswith((":memory:", "file:"))
    if parsed.get_backend_name() == "sqlite" and not in_file:
        raise AccountsUnavailable(
            "Accounts in SQLite need a file, as in sqlite:///accounts.sqlite3: "
            "what is in memory, no other process sees."
        )
    named = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    if named.drivername.endswith("+asyncpg") and "sslmode" in named.query:
        # What everything else calls sslmode, asyncpg calls ssl.
        query = {"ssl" if name == "sslmode" else name: text for name, text in named.query.items()}
        named = named.set(query=query)
    return named


def _in_file(path: Path) -> URL:
    return URL.create("sqlite", database=str(path.absolute()))


def refusal(url: URL, error: BaseException) -> AccountsUnavailable:
    """Return the one line for whoever gave this URL. No driver is trusted with the password."""
    why = first_line(error)
    if url.password:
        why = why.replace(str(url.password), "…")
    return AccountsUnavailable(f"No accounts by way of {url.drivername}: {why}.")


def first_line(error: BaseException) -> str:
    """Return what the error says, or the one it is about, in one line without a full stop."""
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip() or type(cause).__name__).splitlines()[0].rstrip(".")

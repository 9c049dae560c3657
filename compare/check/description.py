"""What an application's file may say. `example.toml` explains each line of it.

Rule 1: what is not known is refused, so that a slip of the pen is no silent omission.
Rule 2: nothing is sent that the file does not allow: each request is one of its tables.
Rule 3: ``{names}`` in a text are filled in when it is used; others than those listed are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from .placeholders import filled, placeholders, uses

_OF_A_PERSON = frozenset({"username", "email", "password", "token"})
_OF_A_START = frozenset({"port", "store", "store_port", "folder", "python"})

_LEAST_KEYS = 3

#: What each table's texts may contain.
_KNOWN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "start": _OF_A_START,
        "token": frozenset(),
        "register": _OF_A_PERSON,
        "sign_in": _OF_A_PERSON,
        "sign_out": frozenset({"token"}),
        "who": frozenset({"username", "email"}),
        "password": _OF_A_PERSON | {"new_password"},
        "write": frozenset({"key", "value", "token"}),
        "read": frozenset({"key", "value"}),
    }
)


class Unusable(Exception):
    """The file, or the application that it describes, cannot be used; the text says why."""


class NotTried(Exception):
    """The application, or its file, has not what it takes; the text says what."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Request(_Table, frozen=True):
    """A request: ``form`` or ``json`` is its body."""

    path: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    form: dict[str, str] | None = None
    json: Any = None
    headers: dict[str, str] = {}


class Write(Request, frozen=True):
    """The request that writes. ``keys`` are what ``{key}`` may be, anything where it is empty."""

    keys: tuple[str, ...] = ()
    without_sign_in: bool = True


class Question(_Table, frozen=True):
    """A GET request, and the text that stands in the answer if it is as asked."""

    path: str
    holds: str
    headers: dict[str, str] = {}


class Token(_Table, frozen=True):
    """What a page gives that other requests have to bring along: ``{token}``.

    It is the first group of ``pattern`` in the page, or the value of ``cookie``.
    """

    path: str
    pattern: str | None = None
    cookie: str | None = None


class Account(_Table, frozen=True):
    """An account that is there."""

    username: str
    password: str
    email: str = ""


class Start(_Table, frozen=True):
    """How to start the application: ``ready`` is a path that answers below 500 once it is up."""

    command: tuple[str, ...]
    directory: str = "."
    environment: dict[str, str] = {}
    ready: str = "/"
    patience: float = 30.0


class Store(_Table, frozen=True):
    """The store that is started for it, and frozen, killed and looked into."""

    kind: Literal["memcached", "redis"]


class Timeouts(_Table, frozen=True):
    """Its time-outs, in seconds; for them alone it is started with ``environment`` as well."""

    idle: float | None = None
    absolute: float | None = None
    environment: dict[str, str] = {}


class Description(_Table, frozen=True):
    """An application. See ``example.toml``."""

    name: str
    url: str
    sign_in: Request
    sign_out: Request
    who: Question
    start: Start | None = None
    store: Store | None = None
    account: Account | None = None
    register: Request | None = None
    token: Token | None = None
    password: Request | None = None
    write: Write | None = None
    read: Question | None = None
    timeouts: Timeouts = Timeouts()
    ca_file: str | None = None
    #: Where the file is; paths are relative to it.
    folder: str = ""


def with_a_port(url: str) -> str:
    """Return the URL of an application that is yet to get its port with some port."""
    return str(filled(url, {"port": "80"}))


def read(path: Path) -> Description:
    """Return what the file describes; `Unusable` says what is wrong with it."""
    try:
        return described(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{path}: not a text file") from error


def described(text: str, path: Path) -> Description:
    """Return what ``text``, the content of ``path``, describes; `Unusable` otherwise."""
    try:
        description = msgspec.toml.decode(text, type=Description)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unusable(f"{path}: {_said(str(error))}") from error
    for wrong in _mistakes(description):
        raise Unusable(f"{path}: {wrong}")
    return msgspec.structs.replace(description, folder=str(path.parent.absolute()))


def _said(error: str) -> str:
    """Return msgspec's message in the words of a TOML file."""
    error = error.replace("Object ", "").replace("`$.", "[").replace("`$", "[top level").strip()
    return re.sub(r"- at \[([^`]*)`", r"in [\1]", error)


def _mistakes(description: Description) -> Iterator[str]:
    if not _is_address(with_a_port(description.url)):
        yield "url: http:// or https:// and a host, without a path"
    if not description.account and not description.register:
        yield "either [register] or [account] is needed"
    if description.store and not description.start:
        yield "[store] needs [start]: it is started together with the application"
    if description.timeouts.environment and not description.start:
        yield "[timeouts]: environment needs [start]: the application is started anew with it"
    if (description.write is None) != (description.read is None):
        yield "[write] and [read] need each other"
    if description.token and not (description.token.pattern or description.token.cookie):
        yield "[token] needs pattern or cookie"
    if description.token and not _has_a_group(description.token.pattern):
        yield "[token]: pattern: a regular expression with (brackets) around the token"
    for table, known in _KNOWN.items():
        value = msgspec.to_builtins(getattr(description, table))
        yield from (
            f"[{table}]: there is no {{{name}}}; there is {_listed(known)}"
            for name in sorted(placeholders(value) - known)
        )
    yield from _unusable_requests(description)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(re.match(r"https?://[^/]+$", url) and parts.hostname and parts.port != 0)
    except ValueError:
        return False


def _has_a_group(pattern: str | None) -> bool:
    try:
        return pattern is None or re.compile(pattern).groups > 0
    except re.error:
        return False


def _is_json(value: Any) -> bool:
    try:
        return bool(json.dumps(value))
    except TypeError:
        return False


def _unusable_requests(description: Description) -> Iterator[str]:
    for table in ("register", "sign_in", "sign_out", "password", "write"):
        request = getattr(description, table)
        if request and request.form is not None and request.json is not None:
            yield f"[{table}]: form or json, not both"
        if request and not _is_json(request.json):
            yield f"[{table}]: json: dates belong between quotation marks"
        if request and uses(request, "token") and not description.token:
            yield f"[{table}]: {{token}} needs [token]"
    if description.write and 0 < len(description.write.keys) < _LEAST_KEYS:
        yield f"[write]: keys: {_LEAST_KEYS} at least"
    if description.write and not (
        uses(description.write, "value") or uses(description.write, "key")
    ):
        yield "[write]: {value} or {key} has to be in it, or nothing could be found again"


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "none"

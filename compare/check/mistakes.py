"""What is wrong with a description that can be read: each in a sentence, and none is guessed
away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import msgspec

from .placeholders import filled, placeholders, uses
from .shape import SignOut, Step, Take, Write, steps_of
from .tables import Description

_OF_A_START = frozenset({"port", "store", "store_port", "folder", "python"})
_ANYWHERE = frozenset({"url", "port", "host"})
_OF_A_PERSON = frozenset({"username", "email", "password", "basic"})
_LEAST_KEYS = 3

#: What each table's texts may contain besides what is taken from answers.
_KNOWN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "register": _OF_A_PERSON,
        "sign_in": _OF_A_PERSON,
        "sign_out": _OF_A_PERSON,
        "who": _OF_A_PERSON,
        "password": _OF_A_PERSON | {"new_password"},
        "end_others": _OF_A_PERSON,
        "write": _OF_A_PERSON | {"key", "value"},
        "read": _OF_A_PERSON | {"key", "value"},
    }
)


def with_a_port(url: str) -> str:
    """Return the URL of an application that is yet to get its port with some port."""
    return str(filled(url, {"port": "80"}))


def mistakes(description: Description) -> Iterator[str]:
    """Yield what is wrong with it."""
    yield from _of_the_whole(description)
    yield from _of_accounts(description)
    for token in description.tokens:
        yield from _of_a_token(token.taken)
    yield from _of_placeholders(description)
    yield from _of_paths(description)
    for table in _KNOWN:
        for step in _steps(description, table):
            yield from _of_a_request(table, step)
    yield from _of_who_and_write(description)


def _of_the_whole(description: Description) -> Iterator[str]:
    if not _is_address(with_a_port(description.url)):
        yield "url: http:// or https:// and a host, without a path"
    if description.store and not description.start:
        yield "[store] needs [start]: it is started together with the application"
    if description.timeouts.environment and not description.start:
        yield "[timeouts]: environment needs [start]: the application is started anew with it"
    if (description.write is None) != (description.read is None):
        yield "[write] and [read] need each other"


def _of_accounts(description: Description) -> Iterator[str]:
    account = description.account
    if not account and not description.register:
        yield "either [register] or [account] is needed"
    if account and not description.register and not (account.password or account.password_env):
        yield "[account] needs password or password_env"


def _of_a_token(taken: Mapping[str, Take]) -> Iterator[str]:
    if not taken:
        yield "[token] needs pattern or cookie"
    if any(not _has_a_group(each.pattern) for each in taken.values()):
        yield "[token]: pattern: a regular expression with (brackets) around the token"


def _of_placeholders(description: Description) -> Iterator[str]:
    start = placeholders(msgspec.to_builtins(description.start))
    yield from _strangers("start", start, _OF_A_START)
    taken = _taken(description) | _ANYWHERE
    for table, known in _KNOWN.items():
        value = msgspec.to_builtins(getattr(description, table))
        yield from _strangers(table, placeholders(value), known | taken)


def _strangers(table: str, used: set[str], known: frozenset[str]) -> Iterator[str]:
    for name in sorted(used - known):
        if name == "token":
            yield f"[{table}]: {{token}} needs [token]"
        yield f"[{table}]: there is no {{{name}}}; there is {_listed(known)}"


def _taken(description: Description) -> frozenset[str]:
    """Return the names of all that is taken from answers."""
    names = {name for token in description.tokens for name in token.taken}
    for table in _KNOWN:
        names |= {name for step in _steps(description, table) for name in step.take}
    return frozenset(names)


def _steps(description: Description, table: str) -> tuple[Step, ...]:
    value = getattr(description, table)
    return steps_of(value) if value else ()


def _of_a_request(table: str, step: Step) -> Iterator[str]:
    if isinstance(step, SignOut):
        if bool(step.path) == step.in_browser:
            yield "[sign_out]: path, or in_browser = true where nothing is sent"
    elif not step.path:
        yield f"[{table}]: path, or steps with a path each"
    if sum(each is not None for each in (step.form, step.json, step.text)) > 1:
        yield f"[{table}]: form or json, not both"
    if not _is_json(step.json):
        yield f"[{table}]: json: dates belong between quotation marks"
    for name, take in step.take.items():
        if sum(each is not None for each in msgspec.structs.astuple(take)) != 1:
            yield f"[{table}]: take: {name}: one place to take it from"
        if not _has_a_group(take.pattern):
            yield f"[{table}]: take: {name}: a regular expression with (brackets) around it"


def _of_paths(description: Description) -> Iterator[str]:
    """Yield what stands for a path and is none: an address, or what a page would take for one."""
    paths = [("visits", path) for path in description.visits or ()]
    if description.start and description.start.ready is not None:
        paths.append(("[start]: ready", description.start.ready))
    paths += [("[token]: path", token.path) for token in description.tokens]
    for table in _KNOWN:
        paths += [(f"[{table}]: path", step.path) for step in _steps(description, table)]
    for where, path in paths:
        if path and not path.startswith(("/", "{")):
            yield f"{where}: “{path}” has to begin with /"


def _of_who_and_write(description: Description) -> Iterator[str]:
    who, write, read = description.who, description.write, description.read
    if not (who.holds or who.success):
        yield "[who]: holds, or success: what tells who is signed in"
    if read and not read.holds:
        yield "[read]: holds: what stands there if {value} is kept"
    if isinstance(write, Write) and 0 < len(write.keys) < _LEAST_KEYS:
        yield f"[write]: keys: {_LEAST_KEYS} at least"
    if write and not (uses(write, "value") or uses(write, "key")):
        yield "[write]: {value} or {key} has to be in it, or nothing could be found again"


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


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "none"

"""The head of an answer: what would break it, and what whoever keeps a copy of it must know.

Rule 1: a head that cannot be sent is refused before anything is committed, as Tornado refuses it.
Rule 2: what is confirmed goes out with every answer. ``Vary: Cookie`` where state was read,
``private`` where a cookie goes out, whatever else the handler said (RFC 9111 3.5, 5.2.2.7).
"""

from __future__ import annotations

import re
from itertools import chain

from tornado.httputil import HTTPHeaders, HTTPOutputError

from .exceptions import ResponseStarted
from .explaining import explain_cookies
from .request_tiers import RequestTiers

_DIGITS = re.compile(r"[0-9]+")


def complete(
    status: int,
    headers: HTTPHeaders,
    state: RequestTiers,
    retry_after: int | None,
    *,
    explains: bool,
) -> None:
    """Add cookies, and what caches and clients must know; say which, if that is asked for.

    ``retry_after`` is in seconds, for a 503 that does not say so itself.
    """
    cookies = state.last_cookies()
    for cookie in cookies:
        headers.add("Set-Cookie", cookie.header)
    if cookies:
        headers["Cache-Control"] = _private(headers.get("Cache-Control", ""))
    if cookies or state.was_read:
        has_one = "Vary" in headers._as_list
        headers["Vary"] = _with_cookie(headers["Vary"]) if has_one else "Cookie"
    if explains:
        explain_cookies(cookies)
    if (timing := state.timing) is not None:
        headers.add("Server-Timing", timing)
    if status == 503 and retry_after is not None and "Retry-After" not in headers:
        headers["Retry-After"] = str(retry_after)


def close_without(state: RequestTiers) -> None:
    """Close ``state``, of which no head will tell; nothing to do where one has left.

    Raises `ResponseStarted`, or whatever else it is, for a change that only a head would keep.
    """
    if state.has_left:
        return
    state.check_may_switch()
    state.commit_cookies()
    if state.set_cookies():
        raise ResponseStarted
    state.close()


def check_head(headers: HTTPHeaders, chunk: bytes | None) -> None:
    """Raise `ValueError` for what breaks the head, `HTTPOutputError` for too much of a body."""
    # Of what Tornado keeps, for to have each pair made takes longer than all the rest.
    head = "".join(chain(headers._as_list, *headers._as_list.values()))
    if not head.isascii():
        head.encode("latin-1")
    if "\r" in head or "\n" in head:
        broken = [name for name, value in headers.get_all() if {*"\r\n"} & {*name, *value}]
        raise ValueError(f"a header's value breaks its line: {broken[0]}")
    lengths = headers.get_list("Content-Length")
    if not lengths:
        return
    length = ",".join(lengths)
    if not _DIGITS.fullmatch(length):
        raise ValueError(f"a Content-Length is a number, not {length!r}")
    if chunk and len(chunk) > int(length):
        raise HTTPOutputError("Tried to write more data than Content-Length")


def _private(given: str) -> str:
    """Return a Cache-Control that keeps an answer with a cookie out of shared caches."""
    parts = [part.strip() for part in given.split(",") if part.strip()]
    kept = [p for p in parts if p.lower() != "public" and not p.lower().startswith("s-maxage")]
    names = {part.partition("=")[0].lower() for part in kept}
    return ", ".join(kept if names & {"private", "no-store"} else [*kept, "private"])


def _with_cookie(given: str) -> str:
    """Return a Vary that names the Cookie header."""
    names = [name.strip() for name in given.split(",") if name.strip()]
    if "*" in names or "cookie" in (name.lower() for name in names):
        return given
    return ", ".join([*names, "Cookie"])

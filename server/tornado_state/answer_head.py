"""The head of an answer: what would break it, and what whoever keeps a copy of it must know.

Rule 1: a head that cannot be sent is refused before anything is committed, as Tornado refuses it.
Rule 2: ``Vary: Cookie`` where state was read, ``private`` where a cookie goes out, whatever else
the handler said (RFC 9111 3.5, 5.2.2.7).
"""

from __future__ import annotations

import re

from tornado.httputil import HTTPHeaders, HTTPOutputError

_BREAKS = re.compile(rb"[\r\n]")
_DIGITS = re.compile(r"[0-9]+")


def check_head(headers: HTTPHeaders, chunk: bytes | None) -> None:
    """Raise `ValueError` for what breaks the head, `HTTPOutputError` for too much of a body."""
    for name, value in headers.get_all():
        if _BREAKS.search(f"{name}: {value}".encode("latin-1")):
            raise ValueError(f"a header's value breaks its line: {name}")
    length = headers.get("Content-Length")
    if length is None:
        return
    if not _DIGITS.fullmatch(length):
        raise ValueError(f"a Content-Length is a number, not {length!r}")
    if chunk and len(chunk) > int(length):
        raise HTTPOutputError("Tried to write more data than Content-Length")


def tell_keepers(headers: HTTPHeaders, *, sets_cookies: bool, depends: bool) -> None:
    """Tell whoever keeps a copy of the answer; ``depends`` is whether state was read."""
    if sets_cookies:
        headers["Cache-Control"] = _private(headers.get("Cache-Control", ""))
    if sets_cookies or depends:
        headers["Vary"] = _with_cookie(headers.get("Vary", ""))


def _private(given: str) -> str:
    """Return a Cache-Control that keeps an answer with a cookie out of shared caches."""
    parts = [part.strip() for part in given.split(",") if part.strip()]
    kept = [p for p in parts if p.lower() != "public" and not p.lower().startswith("s-maxage")]
    names = {part.partition("=")[0].lower() for part in kept}
    return ", ".join(kept if names & {"private", "no-store"} else [*kept, "private"])


def _with_cookie(given: str) -> str:
    """Return a Vary that names the Cookie header."""
    if not given:
        return "Cookie"
    names = [name.strip() for name in given.split(",") if name.strip()]
    if "*" in names or "cookie" in (name.lower() for name in names):
        return given
    return ", ".join([*names, "Cookie"])

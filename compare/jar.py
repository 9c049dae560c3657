"""A browser's cookie jar for one host, as a mapping. Pure.

Rule 1: a jar is what a browser keeps (RFC 6265 5.2 to 5.4): the last value set stands, blanks
around names and values do not count, what has expired is deleted, what is too large is dropped, and
a cookie goes to the paths that it was set for.
Rule 2: a cookie for every path is kept under its name, another under ``name;path``: the same name
may stand for two cookies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: Of name and value; browsers drop more without a word (RFC 6265bis 5.6).
MOST_OF_A_COOKIE = 4096


@dataclass(frozen=True)
class SetCookie:
    """A Set-Cookie header. ``attributes`` are by their names in lower case."""

    name: str
    value: str
    attributes: Mapping[str, str]

    @property
    def deletes(self) -> bool:
        """Whether it tells a browser to forget the cookie."""
        if "max-age" in self.attributes:  # it counts for more (RFC 6265 5.3)
            digits = self.attributes["max-age"]
            return digits.lstrip("-").isdigit() and int(digits[:12]) <= 0
        try:
            date = parsedate_to_datetime(self.attributes["expires"]).replace(tzinfo=UTC)
        except (KeyError, ValueError, OverflowError):
            return False
        return date <= datetime.now(UTC)  # always in UTC (RFC 6265 5.1.1)

    @property
    def size(self) -> int:
        """Bytes of name and value."""
        return len(self.name.encode()) + len(self.value.encode())

    def key(self, request_path: str) -> str:
        """Return where a jar keeps it when a request for ``request_path`` was answered with it."""
        path = self.attributes.get("path", "")
        if not path.startswith("/"):  # RFC 6265 5.1.4
            path = request_path.partition("?")[0].rpartition("/")[0] or "/"
        return self.name if path == "/" else f"{self.name};{path}"


def parsed(header: str) -> SetCookie:
    """Return what a Set-Cookie header says."""
    pair, *others = header.split(";")
    name, _, value = pair.partition("=")
    attributes = {}
    for other in others:
        attribute, _, text = other.partition("=")
        attributes[attribute.strip().lower()] = text.strip()
    return SetCookie(name.strip(), value.strip(), attributes)


def deletes(header: str) -> bool:
    """Return whether a Set-Cookie header tells a browser to forget the cookie."""
    return parsed(header).deletes


def after(
    jar: Mapping[str, str], set_cookies: Iterable[str], request_path: str = "/"
) -> dict[str, str]:
    """Return what a browser that held ``jar`` holds once it got these Set-Cookie headers."""
    kept = dict(jar)
    for header in set_cookies:
        cookie = parsed(header)
        if cookie.deletes:
            kept.pop(cookie.key(request_path), None)
        elif cookie.name and cookie.size <= MOST_OF_A_COOKIE:
            kept[cookie.key(request_path)] = cookie.value
    return kept


def name_of(key: str) -> str:
    """Return the cookie's name."""
    return key.partition(";")[0]


def cookie_header(jar: Mapping[str, str], request_path: str = "/") -> str:
    """Return the Cookie header of a request: longer paths first (RFC 6265 5.4)."""
    path = request_path.partition("?")[0]
    sent = [key for key in jar if _goes_to(path, key.partition(";")[2] or "/")]
    sent.sort(key=lambda key: -len(key.partition(";")[2]))
    return "; ".join(f"{name_of(key)}={jar[key]}" for key in sent)


def _goes_to(path: str, scope: str) -> bool:
    return scope in {"/", path} or path.startswith(scope.rstrip("/") + "/")

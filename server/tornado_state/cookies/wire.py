"""Cookies as they stand on the wire: the request's read strictly, the response's written one way.

Rule 1: a name counts only as it was set, byte for byte. Blanks are space and tab; everything else
that lenient parsers strip or unescape (0x85, 0xA0, quotes with octal escapes) makes it another name
or no value.
Rule 2: two candidates for one name are ambiguous and neither is used; a server cannot tell which
one an attacker planted (RFC 6265bis 8.6).
Rule 3: what is sent is ``Secure``, ``HttpOnly``, ``SameSite=Lax``, ``Path=/``, without ``Domain``,
under a ``__Host-`` name (ASVS 5.0 3.3.1 to 3.3.4). Plain http in development goes without
``Secure`` and prefix.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from http.cookies import Morsel

#: Name and value together; browsers silently drop more (RFC 6265bis 5.6).
MAX_COOKIE = 4096

#: cookie-octet of RFC 6265 4.1.1, so no quotes, blanks, commas, semicolons or backslashes.
_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")


def read_cookies(headers: Iterable[str], names: Container[str]) -> dict[str, str]:
    """Return those of ``names`` that the headers give exactly once and with a clean value."""
    found: dict[str, str] = {}
    ambiguous: set[str] = set()
    for header in headers:
        for pair in header.split(";"):
            name, _, value = pair.strip(" \t").partition("=")
            if name not in names:
                continue
            if name in found:
                ambiguous.add(name)
            found[name] = value
    return {
        name: value
        for name, value in found.items()
        if name not in ambiguous and _VALUE.fullmatch(value)
    }


@dataclass(frozen=True, slots=True)
class SetCookie:
    """One Set-Cookie header; ``max_age`` in seconds, 0 to delete."""

    name: str
    value: str
    max_age: int
    secure: bool = True

    @property
    def header(self) -> str:
        """The header's value."""
        morsel: Morsel[str] = Morsel()
        morsel.set(self.name, self.value, self.value)
        morsel["path"] = "/"
        morsel["max-age"] = str(self.max_age)
        if self.max_age == 0:
            morsel["expires"] = "Thu, 01 Jan 1970 00:00:00 GMT"
        morsel["httponly"] = True
        morsel["samesite"] = "Lax"
        morsel["secure"] = self.secure
        return morsel.OutputString()


@dataclass(frozen=True, slots=True)
class CookieNames:
    """How an application names its cookies, so that two on one host never share one.

    Ports do not separate cookies (RFC 6265 8.5); names and secrets must.
    """

    application: str
    secure: bool = True

    def name(self, what: str) -> str:
        """Return the cookie name for a kind, or for the session ID."""
        return f"{'__Host-' if self.secure else ''}{self.application}-{what}"

    def set(self, what: str, value: str, max_age: int) -> SetCookie:
        """Return the header that keeps ``value`` for ``max_age`` seconds."""
        return SetCookie(self.name(what), value, max_age, self.secure)

    def clear(self, what: str) -> SetCookie:
        """Return the header that deletes the cookie."""
        return self.set(what, "", 0)

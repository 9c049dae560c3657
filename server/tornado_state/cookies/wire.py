"""Cookies as they stand on the wire: the request's read strictly, the response's written one way.

Rule 1: a name counts only as it was set, byte for byte. Blanks are space and tab; everything else
that lenient parsers strip or unescape (0x85, 0xA0, quotes with octal escapes) makes it another name
or no value. One pair of quotes around a clean value is taken off: they are part of the grammar
(RFC 6265 4.1.1), and some clients put them around whatever has a ``=`` in it.
Rule 2: two candidates for one name are ambiguous and neither is used; a server cannot tell which
one an attacker planted (RFC 6265bis 8.6). A name without a ``=`` is no candidate for itself.
Rule 3: what is sent is ``Secure``, ``HttpOnly``, ``SameSite=Lax``, ``Path=/``, without ``Domain``,
under a ``__Host-`` name (ASVS 5.0 3.3.1 to 3.3.4), as far as an application does not ask for
another: then under ``__Secure-``. Plain http in development goes without ``Secure`` and prefix.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

#: Name and value together; browsers silently drop more (RFC 6265bis 5.6).
MAX_COOKIE = 4096

#: Names and values of all cookies of an application that a browser brings along. nginx as installed
#: takes 8,192 bytes of a header; beyond that every request is answered 400, until the cookies are
#: cleared by hand. The rest is for cookies of others.
MAX_COOKIES = 7680

#: cookie-octet of RFC 6265 4.1.1, so no quotes, blanks, commas, semicolons or backslashes.
_OCTETS = bytes(octet for octet in range(0x21, 0x7F) if octet not in b'",;\\')

_NONE: Sequence[str] = ()


class Cookies:
    """Those of ``names`` that a request's Cookie headers give, with every candidate for each.

    It does not change.
    """

    __slots__ = ("_candidates",)

    def __init__(self, headers: Iterable[str], names: Container[str]) -> None:
        self._candidates: dict[str, list[str]] = {}
        for header in headers:
            for pair in header.split(";"):
                name, separator, value = pair.strip(" \t").partition("=")
                if separator and name in names:
                    self._candidates.setdefault(name, []).append(_unquoted(value))

    def get(self, name: str) -> str | None:
        """Return the one clean value of a name; None for none, junk, or several."""
        candidates = self._candidates.get(name, _NONE)
        return (candidates[0] or None) if len(candidates) == 1 else None

    def after(self, answered: Iterable[SetCookie]) -> Cookies:
        """Return the cookies that the browser has once ``answered`` have arrived."""
        after = Cookies((), ())
        after._candidates = dict(self._candidates)
        for cookie in answered:
            after._candidates.pop(cookie.name, None)
            if cookie.keeps:
                after._candidates[cookie.name] = [cookie.value]
        return after

    def size(self) -> int:
        """Return the bytes that they take in a request, with what stands between them."""
        return sum(
            len(name) + len(value) + 3 for name, all_ in self._candidates.items() for value in all_
        )

    def candidates(self, name: str) -> Sequence[str]:
        """Return every value the name has, "" for one that is junk."""
        return self._candidates.get(name, _NONE)

    def __contains__(self, name: str) -> bool:
        return name in self._candidates


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    # What is left without them is none of them; this is much faster than a regular expression.
    return value if value.isascii() and not value.encode().translate(None, _OCTETS) else ""


@dataclass(frozen=True, slots=True)
class SetCookie:
    """One Set-Cookie header's value. ``max_age`` is in seconds, 0 to delete, None for a cookie that
    ends with the browser.
    """

    name: str
    value: str
    max_age: int | None
    attributes: str

    @property
    def header(self) -> str:
        """The header's value."""
        age = "" if self.max_age is None else f"; Max-Age={self.max_age}"
        gone = "; expires=Thu, 01 Jan 1970 00:00:00 GMT" if self.max_age == 0 else ""
        return f"{self.name}={self.value or _EMPTY}{gone}{age}{self.attributes}"

    @property
    def keeps(self) -> bool:
        """Whether the browser is to keep something, and not to delete it."""
        return self.max_age != 0


_EMPTY = '""'

SameSite = Literal["Lax", "Strict", "None"]


@dataclass(frozen=True, slots=True)
class CookieNames:
    """How an application names its cookies, so that two on one host never share one.

    Ports do not separate cookies (RFC 6265 8.5); names and secrets must.
    """

    application: str
    secure: bool = True
    samesite: SameSite = "Lax"
    domain: str | None = None
    partitioned: bool = False

    def name(self, what: str) -> str:
        """Return the cookie name for a kind, or for the session ID."""
        return f"{self._prefix}{self.application}-{what}"

    def set(self, what: str, value: str, max_age: int | None) -> SetCookie:
        """Return the header that keeps ``value`` for ``max_age`` seconds."""
        return SetCookie(self.name(what), value, max_age, self._attributes)

    def clear(self, what: str) -> SetCookie:
        """Return the header that deletes the cookie."""
        return self.set(what, "", 0)

    @property
    def _prefix(self) -> str:
        if not self.secure:
            return ""
        return "__Secure-" if self.domain else "__Host-"

    @property
    def _attributes(self) -> str:
        """Every attribute but the age, in the order of RFC 6265bis 4.1."""
        parts = [f"Domain={self.domain}"] if self.domain else []
        parts += ["Path=/", *(["Secure"] if self.secure else []), "HttpOnly"]
        parts += [f"SameSite={self.samesite}", *(["Partitioned"] if self.partitioned else [])]
        return "".join(f"; {part}" for part in parts)

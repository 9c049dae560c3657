"""Visitors of a contender, each with a cart of their own, and the proof that it keeps them.

Rule 1: a contender that does not do what all of them are to do is `Disproved`, before it is
measured, and is not measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from ..jar import parsed
from .cart import Cart, as_text, cart, one_more

_PATIENCE = 30.0
_SAMPLE = 20
#: Connections over which visitors begin: one that waits for each answer would take long.
_AT_ONCE = 8


class Disproved(Exception):
    """A contender does not do what it is measured for; the text says what it did."""


class Visitor:
    """Somebody on a connection to a contender, with the cookies of a Cookie header."""

    def __init__(self, connection: HTTPConnection, cookies: str = "") -> None:
        self._connection = connection
        self._jar = dict(pair.split("=", 1) for pair in cookies.split("; ") if pair)

    @property
    def cookies(self) -> str:
        """The Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self._jar.items())

    def ask(self, method: str, path: str = "/cart", body: Cart | None = None) -> Cart | None:
        """Return the JSON that is answered, None with 404; `Disproved` for all else."""
        headers: dict[str, str] = {"Cookie": self.cookies} if self._jar else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self._connection.request(method, path, as_text(body) if body else None, headers)
        answer = self._connection.getresponse()
        read = answer.read()
        for header in answer.headers.get_all("Set-Cookie", []):
            cookie = parsed(header)
            self._jar[cookie.name] = cookie.value
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Disproved(f"{method} {path} was answered with {answer.status}")
        found: Cart = json.loads(read)
        return found

    def tamper(self) -> None:
        """Change a character in the middle of every cookie."""
        self._jar = {name: _altered(value) for name, value in self._jar.items()}


@contextmanager
def connected(url: str) -> Iterator[HTTPConnection]:
    """Have a connection; what it raises is `Disproved`."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE)
    try:
        yield connection
    except (OSError, HTTPException, ValueError) as error:
        raise Disproved(f"it did not answer: {type(error).__name__} {error}") from error
    finally:
        connection.close()


def prove_bare(url: str) -> None:
    """Make sure that a framework alone answers what it is to answer."""
    with connected(url) as connection:
        _expect(Visitor(connection).ask("GET", "/bare"), cart(0), "its constant cart")


def prove(url: str) -> None:
    """Make sure that carts are kept, each visitor's own, and that no changed cookie opens one."""
    one, other = cart(1), cart(2)
    with connected(url) as connection:
        nobody, first, second = (Visitor(connection) for _ in range(3))
        _expect(nobody.ask("GET"), None, "no cart without a cookie")
        first.ask("PUT", body=one)
        second.ask("PUT", body=other)
        _expect(first.ask("GET"), one, "the first visitor's cart")
        _expect(second.ask("GET"), other, "the second visitor's cart")
        _expect(first.ask("POST"), one_more(one), "the cart as it was written")
        _expect(first.ask("GET"), one_more(one), "what was written, read back")
        _expect(second.ask("GET"), other, "what was not written, as it was")
        thief = Visitor(connection, first.cookies)
        thief.tamper()
        _expect(thief.ask("GET"), None, "no cart for a cookie that was changed")


def begin(url: str, count: int, lines: int | None = None) -> list[str]:
    """Have ``count`` visitors put a cart into their session; return their Cookie headers."""

    def some(first: int) -> list[tuple[int, str]]:
        with connected(url) as connection:
            return [(n, _begun(connection, n, lines)) for n in range(first, count, _AT_ONCE)]

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        found = [each for several in threads.map(some, range(_AT_ONCE)) for each in several]
    headers = [header for _, header in sorted(found)]
    if len(set(headers)) < count:
        raise Disproved(f"of {count:,} sessions some are the same")
    return headers


def _begun(connection: HTTPConnection, number: int, lines: int | None) -> str:
    visitor = Visitor(connection)
    visitor.ask("PUT", body=cart(number) if lines is None else cart(number, lines))
    return visitor.cookies


def prove_kept(url: str, headers: list[str]) -> None:
    """Make sure that some of many sessions still have their own cart, whatever was written."""
    with connected(url) as connection:
        for number in range(0, len(headers), max(1, len(headers) // _SAMPLE)):
            found = Visitor(connection, headers[number]).ask("GET") or {}
            _expect(found.get("number"), cart(number)["number"], "a cart after the measurement")


def _expect(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise Disproved(f"it did not answer {what}, but {str(found)[:80]}")


def _altered(value: str) -> str:
    middle = len(value) // 2
    return value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1 :]

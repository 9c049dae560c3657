"""A person's browser, as far as a server can tell: a cookie jar that sends and keeps cookies.

Rule 1: what goes over the wire is built and read by h11, so that an exchange is kept byte for byte
and sizes are those of the wire.
Rule 2: a jar does what a browser's does for one host and path "/": the last value set stands,
what has expired is deleted, and what is too large is dropped. It never forgets by itself; whoever
holds a copy is not bound to Max-Age either.
Rule 3: everything has an end. An answer takes ten seconds and four megabytes at the most, then it
is `NoAnswer`.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import h11

from .findings import Exchange

#: Of name and value; browsers drop more without a word (RFC 6265bis 5.6).
MOST_OF_A_COOKIE = 4096

_LONGEST_ANSWER = 4 * 1024 * 1024
_SECONDS = 10.0
_READ = 65_536
_PORTS = {"http": 80, "https": 443}


class NoAnswer(Exception):
    """No answer came that HTTP knows; the text says what happened instead."""


@dataclass(frozen=True)
class Reply:
    """What came back. Sizes are bytes on the wire, heads included; ``seconds`` until the end."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    bytes_sent: int
    bytes_received: int
    seconds: float

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in lower case, None without one."""
        return next((value for known, value in self.headers if known == name), None)

    @property
    def set_cookies(self) -> list[str]:
        """Every Set-Cookie header."""
        return [value for name, value in self.headers if name == "set-cookie"]

    @property
    def text(self) -> str:
        """The body."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """What the body says; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Browser:
    """Somebody with a cookie jar in front of the application at ``url``.

    ``exchanges`` are those it has had so far, ``cookies_set`` the Set-Cookie headers among them.
    ``ca_file`` has the certificates that are believed on https, the system's without one.
    """

    def __init__(self, url: str, name: str, jar: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.name = name
        self.jar = dict(jar or {})
        self.exchanges: list[Exchange] = []
        self.cookies_set: list[str] = []
        self.ca_file: str | None = None

    def send(self, method: str, path: str, value: Any = None, **headers: str) -> Reply:
        """Send ``value`` as JSON, nothing at all for None; an underscore in a header is a hyphen.

        Raises `NoAnswer`.
        """
        return self.begin(method, path, value, **headers).finish()

    def begin(self, method: str, path: str, value: Any = None, **headers: str) -> Begun:
        """Send all of a request but its last byte; see `send`."""
        body = b"" if value is None else json.dumps(value).encode()
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        sent.setdefault("Accept", "application/json")
        if body:
            sent.setdefault("Content-Type", "application/json")
        return self.begin_with(method, path, body, sent)

    def begin_with(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Begun:
        """Send all of a request but its last byte: ``body`` and ``headers`` as they are."""
        sent = dict(headers)
        if body or method != "GET":
            sent["Content-Length"] = str(len(body))
        if self.jar:
            sent.setdefault("Cookie", cookie_header(self.jar))
        return Begun(self, method, path, sent, body)

    def take(self, exchange: Exchange, reply: Reply) -> None:
        """Remember an exchange, and keep the cookies that came with it, as a browser does."""
        self.exchanges.append(exchange)
        self.cookies_set += reply.set_cookies
        for header in reply.set_cookies:
            name, _, value = header.partition(";")[0].partition("=")
            if _deletes(header):
                self.jar.pop(name, None)
            elif len(name) + len(value) <= MOST_OF_A_COOKIE:
                self.jar[name] = value


class Begun:
    """A request of which everything but the last byte has been sent."""

    def __init__(
        self, browser: Browser, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        self._browser = browser
        parts = urlsplit(browser.url)
        fields = [("Host", parts.netloc), ("Connection", "close"), *headers.items()]
        self._http = h11.Connection(h11.CLIENT)
        with _no_answer():
            request = h11.Request(method=method, target=path, headers=fields)
            parts_sent = (request, h11.Data(data=body), h11.EndOfMessage())
            self._request = b"".join(self._http.send(part) or b"" for part in parts_sent)
        self._started = time.monotonic()
        with _no_answer():
            address = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
            self._connection = socket.create_connection(address, _SECONDS)
            if parts.scheme == "https":
                wrap = ssl.create_default_context(cafile=browser.ca_file).wrap_socket
                self._connection = wrap(self._connection, server_hostname=parts.hostname)
            self._connection.sendall(self._request[:-1])

    def finish(self) -> Reply:
        """Send the last byte, and return the answer; `NoAnswer` without one."""
        with self._connection, _no_answer():
            self._connection.sendall(self._request[-1:])
            answer = _everything(self._connection, self._started + _SECONDS)
        reply = self._reply(answer)
        response = _text(answer.partition(b"\r\n\r\n")[0]) + "\r\n\r\n" + reply.text
        exchange = Exchange(self._browser.name, _text(self._request), response)
        self._browser.take(exchange, reply)
        return reply

    def _reply(self, answer: bytes) -> Reply:
        if not answer:
            raise NoAnswer("the connection was closed without an answer")
        try:
            response, body = _read(self._http, answer)
        except h11.RemoteProtocolError as error:
            raise NoAnswer(f"what came back is no HTTP: {error}") from error
        headers = tuple((name.decode(), text.decode("latin-1")) for name, text in response.headers)
        seconds = time.monotonic() - self._started
        return Reply(response.status_code, headers, body, len(self._request), len(answer), seconds)


def _deletes(header: str) -> bool:
    attributes = [part.strip().lower() for part in header.split(";")[1:]]
    if any(each.startswith("max-age=") for each in attributes):  # it counts for more (RFC 6265 5.3)
        return any(each in {"max-age=0", "max-age=-1"} for each in attributes)
    expires = [each.removeprefix("expires=") for each in attributes if each.startswith("expires=")]
    try:
        return any(parsedate_to_datetime(each) <= datetime.now(UTC) for each in expires)
    except ValueError:
        return False


def cookie_header(jar: Mapping[str, str]) -> str:
    """Return the Cookie header for a jar."""
    return "; ".join(f"{name}={value}" for name, value in jar.items())


@contextmanager
def _no_answer() -> Iterator[None]:
    """Say of what goes wrong on the way that there was no answer, and why."""
    try:
        yield
    except TimeoutError as error:
        raise NoAnswer(f"no complete answer within {_SECONDS:.0f} s") from error
    except OSError as error:
        raise NoAnswer(error.strerror or str(error)) from error
    except (h11.LocalProtocolError, UnicodeEncodeError) as error:
        raise NoAnswer(f"this cannot be sent: {error}") from error


def _everything(connection: socket.socket, until: float) -> bytes:
    """Return what comes back until the other side closes."""
    answer = bytearray()
    while (left := until - time.monotonic()) > 0:
        connection.settimeout(left)
        chunk = connection.recv(_READ)
        if not chunk:
            return bytes(answer)
        answer += chunk
        if len(answer) > _LONGEST_ANSWER:
            raise NoAnswer(f"the answer has more than {_LONGEST_ANSWER:,} bytes")
    raise TimeoutError


def _read(connection: h11.Connection, answer: bytes) -> tuple[h11.Response, bytes]:
    """Return the response and its body."""
    connection.receive_data(answer)
    connection.receive_data(b"")
    body = bytearray()
    response: h11.Response | None = None
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += event.data
    assert response is not None, "h11 ends no message that has not begun"
    return response, bytes(body)


def _text(message: bytes) -> str:
    return message.decode("utf-8", "replace")

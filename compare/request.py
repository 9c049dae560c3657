"""One request and its answer, on the wire.

Rule 1: both are built and read by h11, so an exchange is kept byte for byte and sizes are those of
the wire.
Rule 2: everything has an end. An answer takes ten seconds, four megabytes and a head of a quarter
of one at the most, then it is `NoAnswer`.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import h11

from .findings import Exchange

_LONGEST_ANSWER = 4 * 1024 * 1024
#: As Chromium has it. h11's own limit is 16 KB, for a head that comes in more than one piece.
_LONGEST_HEAD = 262_144
_SECONDS = 10.0
_READ = 65_536
_PORTS = {"http": 80, "https": 443}


class NoAnswer(Exception):
    """No whole answer came that HTTP knows; the text says what happened instead.

    ``status`` is what the answer began with, None where not even that came.
    """

    status: int | None = None


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


class Request:
    """A request of which everything but the last byte has been sent, by ``actor`` to ``url``.

    ``target`` is its method and path; ``ca_file`` has the certificates that are believed on https,
    the system's without one.
    """

    def __init__(
        self,
        actor: str,
        url: str,
        target: tuple[str, str],
        headers: Mapping[str, str],
        body: bytes,
        *,
        ca_file: str | None = None,
    ) -> None:
        parts = urlsplit(url)
        fields = [("Host", parts.netloc), ("Connection", "close"), *headers.items()]
        self._actor = actor
        self._answer = _Answer()
        method, path = target
        with _no_answer():
            request = h11.Request(method=method, target=path, headers=fields)
            parts_sent = (request, h11.Data(data=body), h11.EndOfMessage())
            self._sent = b"".join(self._answer.http.send(part) or b"" for part in parts_sent)
        self._started = time.monotonic()
        with _no_answer():
            address = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
            self._connection = socket.create_connection(address, _SECONDS)
            if parts.scheme == "https":
                wrap = ssl.create_default_context(cafile=ca_file).wrap_socket
                self._connection = wrap(self._connection, server_hostname=parts.hostname)
            self._connection.sendall(self._sent[:-1])

    def finish(self) -> Reply:
        """Send the last byte, and return the answer; `NoAnswer` without one."""
        try:
            with self._connection, _no_answer():
                self._connection.sendall(self._sent[-1:])
                self._read()
        except NoAnswer as error:
            error.status = self._answer.status
            if error.status:
                error.args = (f"{error}; it began with {error.status}",)
            raise
        return self._answer.reply(len(self._sent), time.monotonic() - self._started)

    def abandon(self) -> None:
        """Close the connection, whatever has been sent; nothing where it is closed already."""
        self._connection.close()

    @property
    def exchange(self) -> Exchange:
        """The request, and as much of its answer as has come."""
        return Exchange(self._actor, _text(self._sent), self._answer.text)

    def _read(self) -> None:
        until = self._started + _SECONDS
        while not self._answer.is_complete:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._connection.settimeout(left)
            self._answer.take(self._connection.recv(_READ))


class _Answer:
    """What comes back, as it comes."""

    def __init__(self) -> None:
        self.http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self.is_complete = False
        self._response: h11.Response | None = None
        self._raw = bytearray()
        self._body = bytearray()

    @property
    def status(self) -> int | None:
        """What it began with, None where nothing came."""
        return self._response.status_code if self._response else None

    @property
    def text(self) -> str:
        """Its head as it came, and its body."""
        return _text(self._raw.partition(b"\r\n\r\n")[0]) + "\r\n\r\n" + _text(self._body)

    def take(self, chunk: bytes) -> None:
        """Take what came next, b"" where the other side has closed."""
        if not chunk and not self._raw:
            raise NoAnswer("the connection was closed without an answer")
        self._raw += chunk
        if len(self._raw) > _LONGEST_ANSWER:
            raise NoAnswer(f"the answer has more than {_LONGEST_ANSWER:,} bytes")
        try:
            self.http.receive_data(chunk)
            while not self.is_complete and (event := self.http.next_event()) is not h11.NEED_DATA:
                self._take_event(event)
        except h11.RemoteProtocolError as error:
            raise NoAnswer(f"what came back is no HTTP: {error}") from error

    def _take_event(self, event: Any) -> None:
        if isinstance(event, h11.Response):
            self._response = event
        elif isinstance(event, h11.Data):
            self._body += event.data
        elif isinstance(event, h11.EndOfMessage):
            self.is_complete = True

    def reply(self, sent: int, seconds: float) -> Reply:
        """Return it whole."""
        assert self._response is not None, "h11 ends no message that has not begun"
        headers = tuple(
            (name.decode(), text.decode("latin-1")) for name, text in self._response.headers
        )
        body = bytes(self._body)
        return Reply(self._response.status_code, headers, body, sent, len(self._raw), seconds)


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


def _text(message: bytes | bytearray) -> str:
    return message.decode("utf-8", "replace")

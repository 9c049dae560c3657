"""A program that uses the shop over one connection and keeps its cookies."""

from __future__ import annotations

import http.client
import json
import ssl
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from compare.waiting import PATIENCE


class Answer(NamedTuple):
    """What came back; ``body`` is what the JSON says, None without one."""

    status: int
    headers: http.client.HTTPMessage
    body: Any


class ShopClient:
    """One visitor. ``https`` is what to trust where the URL is an https one."""

    def __init__(self, url: str, https: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        self.cookies: dict[str, str] = {}
        self.connection = (
            http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=https)
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=PATIENCE)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for ``path``; an underscore in a header's name is a hyphen."""
        return self._send("GET", path, None, headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        """Send ``body`` as JSON."""
        return self._send("POST", path, json.dumps(body).encode(), headers)

    def begin_post(self, path: str, body: Any) -> bytes:
        """Send all but the last byte of a request; `end_post` sends it."""
        self._begin("POST", path, json.dumps(body).encode(), {})
        self.connection.send(json.dumps(body).encode()[:-1])
        return json.dumps(body).encode()[-1:]

    def end_post(self, last: bytes) -> Answer:
        """Send the last byte, and return the answer."""
        self.connection.send(last)
        return self._answer()

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        self._begin(method, path, body, headers)
        if body:
            self.connection.send(body)
        return self._answer()

    def _begin(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> None:
        self.connection.putrequest(method, path)
        self.connection.putheader("Accept", "application/json")
        if self.cookies:
            pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            self.connection.putheader("Cookie", pairs)
        if body is not None:
            self.connection.putheader("Content-Type", "application/json")
            self.connection.putheader("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.connection.putheader(name.replace("_", "-"), value)
        self.connection.endheaders()

    def _answer(self) -> Answer:
        response = self.connection.getresponse()
        text = response.read()
        for header in response.headers.get_all("Set-Cookie", []):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, response.headers, json.loads(text) if text else None)

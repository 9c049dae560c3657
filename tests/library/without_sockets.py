"""Requests to an application without sockets between: what a model asks thousands of times."""

from __future__ import annotations

import asyncio
from typing import Any

from tornado import httputil


class Answer(httputil.HTTPConnection):
    """The connection of one request: takes the answer down."""

    def __init__(self) -> None:
        self.code = 0
        self.headers = httputil.HTTPHeaders()
        self.body = b""
        self.finished = asyncio.Event()
        self.stream = None
        self.context: Any = None

    def write_headers(self, start_line: Any, headers: Any, chunk: bytes | None = None) -> Any:
        assert not self.code, "two answers to one request"
        self.code, self.headers = start_line.code, headers
        return self.write(chunk or b"")

    def write(self, chunk: bytes) -> Any:
        assert not self.finished.is_set(), "written after the end"
        self.body += chunk
        written: asyncio.Future[None] = asyncio.Future()
        written.set_result(None)
        return written

    def finish(self) -> None:
        self.finished.set()

    def set_close_callback(self, callback: Any) -> None:
        """Nobody goes away."""


async def ask(application: Any, path: str, jar: dict[str, str], method: str = "POST") -> Answer:
    """Return the answer, whose cookies ``jar`` takes as a browser does."""
    answer = Answer()
    headers = httputil.HTTPHeaders({"Host": "here"})
    if jar:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
    line = httputil.RequestStartLine(method, path, "HTTP/1.1")
    request = httputil.HTTPServerRequest(connection=answer, start_line=line, headers=headers)
    request.protocol, request.body = "http", b""
    delegate = application.find_handler(request)
    if (waits := delegate.headers_received(line, headers)) is not None:
        await waits
    delegate.finish()
    await answer.finished.wait()
    for header in answer.headers.get_list("Set-Cookie"):
        pair, *attributes = header.split("; ")
        name, _, value = pair.partition("=")
        jar.pop(name, None)
        if "Max-Age=0" not in attributes:
            jar[name] = value
    return answer

"""Processes of `rolled_app`, and who visits them."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado_state.testing import CookieJar

from compare.processes import OwnProcess
from compare.waiting import free_port, wait_until

APP = Path(__file__).parent / "rolled_app.py"


class RolledProcess:
    """One process, ready to serve at ``url``."""

    def __init__(self, store: str, release: int = 1, step: int = 0) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, str(APP), str(self.port), store, str(release), str(step)]
        self.process = OwnProcess(command)
        wait_until(self._serves, "a release serves", pause=0.05)

    def _serves(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def finish(self) -> None:
        """Have it finish what is in flight, and wait until it has ended."""
        if self.process.runs:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.finish()


class Visitor:
    """Somebody with a browser."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.jar = CookieJar()

    async def asks(
        self, process: RolledProcess, path: str = "/", method: str = "GET"
    ) -> HTTPResponse:
        """Return the answer; it keeps its cookies."""
        return await self.jar.fetch(
            AsyncHTTPClient(),
            process.url + path,
            method=method,
            body=b"" if method in {"POST", "PUT"} else None,
            raise_error=False,
            request_timeout=20,
        )

    async def signs_in(self, process: RolledProcess) -> None:
        """Sign in."""
        answer = await self.asks(process, f"/?name={self.name}", "PUT")
        assert answer.code == 200, answer

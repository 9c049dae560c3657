"""The demo as a person starts it, on three free ports in a row."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from types import TracebackType
from typing import Self

from compare.app_process import ROOT, environment_with
from compare.waiting import PATIENCE, free_port, wait_until


def free_ports() -> int:
    """Return the first of three free ports in a row."""
    while True:
        first = free_port()
        if first < 65_533 and all(_is_free(first + number) for number in range(3)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def run_demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one that ends by itself, and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", "compare.demo", *arguments],
        cwd=ROOT,
        env=environment_with({"PYTHONWARNINGS": "", **environment}),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )


class DemoProcess:
    """``python -m compare.demo``; ``url`` is where its page is."""

    def __init__(self) -> None:
        self.port = free_ports()
        self.url = f"http://localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and return once it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "compare.demo", f"--port={self.port}"],
            cwd=ROOT,
            env=environment_with({}),
            stdout=subprocess.DEVNULL,
        )
        wait_until(lambda: not _is_free(self.port + 2), "the demo listens")

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop, as Ctrl-C does, and return its exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        status = self._process.wait(3 * PATIENCE)
        self._process = None
        return status

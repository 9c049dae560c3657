"""The demo as a person starts it, on a free port, and its panes wherever there is room."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from warm_start import WarmProcess, forked_for, run_warm

from compare.app_process import environment_with
from compare.shop_visitor import ShopVisitor
from compare.waiting import PATIENCE, free_port, wait_until


def run_demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one that ends by itself, and return what it said."""
    env = environment_with({"PYTHONWARNINGS": "", **environment})
    return run_warm("-m", "compare.demo", *arguments, env=env)


class DemoProcess:
    """``python -m compare.demo``; ``url`` is where its page is, ``log`` gets its complaints,
    ``started_in`` are the seconds until it listened.
    """

    def __init__(self, log: Path | None = None, **environment: str) -> None:
        self._log = log
        self._environment = environment
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.panes: dict[str, int] = {}
        self.started_in = 0.0
        self._process: subprocess.Popen[bytes] | WarmProcess | None = None

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

    def learn(self, page: str) -> None:
        """Learn from its page at which ports its panes are, by name."""
        found = re.findall(r'data-frame="([a-z-]+)"[^>]* data-pane="http://localhost:(\d+)"', page)
        self.panes = {name: int(port) for name, port in found}

    def start(self) -> None:
        """Start it, and return once it listens."""
        began = time.monotonic()
        command = [sys.executable, "-m", "compare.demo", f"--port={self.port}"]
        self._process = self.begin(command, environment_with(self._environment))
        wait_until(self._listens, "the demo listens")
        self.started_in = time.monotonic() - began

    def begin(
        self, command: Sequence[str], environment: dict[str, str]
    ) -> subprocess.Popen[bytes] | WarmProcess:
        """Start it by a command."""
        with ExitStack() as stack:
            log = stack.enter_context(self._log.open("wb")) if self._log else None
            return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop, as Ctrl-C does, and return its exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        status = self._process.wait(3 * PATIENCE)
        self._process = None
        return status


class WarmDemoProcess(DemoProcess):
    """The same for tests of what it does: it, and its applications, start at once."""

    def begin(self, command: Sequence[str], environment: dict[str, str]) -> WarmProcess:
        """Fork it."""
        return WarmProcess(command, env=environment)


def ask(
    demo: DemoProcess, method: str, path: str, body: bytes = b"", pane: str = "", **headers: str
) -> tuple[http.client.HTTPResponse, str]:
    """Ask the page, or a ``pane`` of it by name; an underscore in a header is a hyphen."""
    port = demo.panes[pane] if pane else demo.port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2 * PATIENCE)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Host": f"localhost:{port}", **sent})
    response = connection.getresponse()
    told = response.read().decode()
    connection.close()
    return response, told


def visitor_of(demo: DemoProcess) -> str:
    """Open the page; return the visitor's cookie."""
    response, page = ask(demo, "GET", "/")
    assert response.status == 200
    demo.learn(page)
    return (response.getheader("Set-Cookie") or "").partition(";")[0]


def post(
    demo: DemoProcess, path: str, value: Any, cookie: str, **headers: str
) -> tuple[int, dict[str, Any]]:
    """Ask for something, as the page does; return the status and what was told."""
    response, told = ask(demo, "POST", path, json.dumps(value).encode(), Cookie=cookie, **headers)
    return response.status, json.loads(told)


def visitor_in_pane(demo: DemoProcess, pane: str, cookie: str) -> ShopVisitor:
    """Return the visitor of this cookie, using the shop in a pane by hand."""
    name, _, value = cookie.partition("=")
    return ShopVisitor(f"http://localhost:{demo.panes[pane]}", "by hand", {name: value})


def processes_of(demo: DemoProcess, name: str = "") -> list[psutil.Process]:
    """Return the processes that run for it, those with ``name`` in their command line."""
    found, begun = [], psutil.Process(demo.pid).children(recursive=True)
    for pid in forked_for(demo.pid):
        with suppress(psutil.NoSuchProcess):
            begun.append(psutil.Process(pid))
    for each in begun:
        with suppress(psutil.NoSuchProcess):  # as it may end while it is looked at
            if each.status() != psutil.STATUS_ZOMBIE and any(name in w for w in each.cmdline()):
                found.append(each)
    return found


def kill_processes_of(demo: DemoProcess, name: str = "") -> None:
    """Kill them; one that ends with another, as a memcached does with its guard, is gone then."""
    for each in processes_of(demo, name):
        with suppress(psutil.NoSuchProcess):
            each.kill()


def has_ended(process: psutil.Process) -> bool:
    """Return whether it runs no more, whether or not anybody has asked for its exit status."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True

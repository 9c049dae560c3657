"""One of the applications as a process of its own, the way a person starts it.

Leaving the ``with`` block kills it.
"""

from __future__ import annotations

import re
import shutil
import signal
import ssl
import sys
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO
from urllib.parse import urlsplit

from .processes import (
    GuardedProcess,
    OwnProcess,
    ProcessFailed,
    StartedInBlock,
    environment_with,
)
from .waiting import PATIENCE, wait_until

__all__ = ["ROOT", "AppProcess", "environment_with"]

ROOT = Path(__file__).parent.parent

_URL = re.compile(r" at (https?://[^ ]+) \(")


class AppProcess(StartedInBlock):
    """``python -m module options`` on a free port, with a run directory of its own by default.

    ``url`` is where it serves, ``stderr`` what it has said so far. ``certfile`` is trusted when
    asking whether it is ready; ``cookie_secrets`` are what it signs with, by version.
    """

    def __init__(
        self,
        module: str,
        *options: str,
        port: int = 0,
        run_dir: Path | None = None,
        certfile: Path | None = None,
        cookie_secrets: Mapping[int, str] | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="app-"))
        self.run_dir = run_dir or self._folder / "run"
        self._port = f"--port={port}"
        self._command = [sys.executable, "-m", module, self._port]
        self._command += [f"--run-dir={self.run_dir}", *options]
        self._secret_file = self._folder / "cookie-secret"
        if cookie_secrets is not None:
            self.write_cookie_secrets(cookie_secrets)
            self._command.append(f"--cookie-secret-file={self._secret_file}")
        self._environment = environment_with(environment)
        self._log = self._folder / "stderr"
        self._certfile = certfile
        self._process: GuardedProcess | None = None
        self.url = ""

    @property
    def process(self) -> GuardedProcess:
        """The process."""
        assert self._process is not None
        return self._process

    @property
    def runs(self) -> bool:
        """Whether it has been started, and has not ended, whoever ended it."""
        return self._process is not None and self._process.runs

    @property
    def pid(self) -> int:
        """The process's ID; with several workers, their parent's."""
        return self.process.pid

    @property
    def stderr(self) -> str:
        """What it has said so far."""
        return self._log.read_text()

    def write_cookie_secrets(self, cookie_secrets: Mapping[int, str]) -> None:
        """Have it find these secrets, by version, when it is started next."""
        self._secret_file.touch(mode=0o600)
        lines = (f"{version}:{secret}\n" for version, secret in cookie_secrets.items())
        self._secret_file.write_text("".join(lines))

    def start(self, *more: str) -> None:
        """Start it, for once with ``more`` options, and return once it answers."""
        command = [*self._command, *more]
        with self._log.open("wb") as log:
            self._process = self.begin(command, log)
        wait_until(self._answers, "the application answers")
        # Started again, it is found where it was.
        port = f"--port={urlsplit(self.url).port}"
        self._command[self._command.index(self._port)] = self._port = port

    def begin(self, command: Sequence[str], log: IO[bytes]) -> GuardedProcess:
        """Begin a process that says in ``log`` what it has to say."""
        return OwnProcess(command, cwd=ROOT, env=self._environment, stderr=log)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Return the exit status once it has ended, negative for a signal's number."""
        return self.process.wait(2 * PATIENCE)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, and return its exit status."""
        self.send(number)
        return self.wait()

    def kill(self) -> None:
        """End it at once."""
        self.process.end()

    def close(self) -> None:
        """End it and remove what it left."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        if not self.runs:
            raise ProcessFailed(f"the application ended: {self.stderr.strip()}")
        found = _URL.search(self.stderr)
        if not found:
            return False
        self.url = found[1]
        context = ssl.create_default_context(cafile=self._certfile) if self._certfile else None
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=1, context=context) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

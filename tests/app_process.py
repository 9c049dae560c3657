"""One of the applications as a process of its own, the way a person starts it.

Leaving the ``with`` block kills it. Warnings are errors there as they are here.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from memcached_process import PATIENCE, wait_until

ROOT = Path(__file__).parent.parent
SECRET = "correct-horse-battery-staple-0123456789"

_URL = re.compile(r" at (https?://[^ ]+) \(")


def run_app(module: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run an application that ends by itself, and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", module, *options],
        cwd=ROOT,
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )


class AppProcess:
    """``python -m module options`` on a free port, with a run directory of its own by default.

    ``url`` is where it serves, ``stderr`` what it has said so far. ``certfile`` is trusted when
    asking whether it is ready.
    """

    def __init__(
        self,
        module: str,
        *options: str,
        port: int = 0,
        run_dir: Path | None = None,
        certfile: Path | None = None,
        **environment: str,
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="app-"))
        self.run_dir = run_dir or self._folder / "run"
        self._command = [sys.executable, "-W", "error", "-m", module, f"--port={port}"]
        self._command += [f"--run-dir={self.run_dir}", *options]
        self._environment = _environment(environment)
        self._log = self._folder / "stderr"
        self._certfile = certfile
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process."""
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        """The process's ID; with several workers, their parent's."""
        return self.process.pid

    @property
    def stderr(self) -> str:
        """What it has said so far."""
        return self._log.read_text()

    def start(self) -> None:
        """Start it, and return once it answers."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stderr=log,
                start_new_session=True,  # so that a test may press Ctrl-C there and not here
            )
        wait_until(self._answers, "the application answers")

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
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End it and remove what it left."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"the application ended: {self.stderr}"
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


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without anybody's options: CI sets none of them, a person may."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | more

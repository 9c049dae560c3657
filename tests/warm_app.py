"""Applications that start at once: forked from a process that has imported what they import.

For tests of what an application does. What is about how one starts and ends starts it as a person
does, by `AppProcess` itself.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from compare.app_process import AppProcess
from compare.processes import Guard, ProcessFailed

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(
    [f"server.{name}_app" for name in ("cookie", "session", "recommended")]
)


class WarmAppProcess(AppProcess):
    """`AppProcess` but for where its process comes from."""

    def begin(self, command: Sequence[str], log: IO[bytes]) -> WarmProcess:
        """Fork it."""
        return WarmProcess(command, env=self._environment, stderr=log)


class WarmProcess:
    """What `OwnProcess` is, for ``python -m module options``."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], stderr: IO[bytes]
    ) -> None:
        _python, _m, module, *options = command
        self._process = _FORKING.Process(
            target=_run, args=(module, options, dict(env), Path(stderr.name)), daemon=True
        )
        self._process.start()
        self._guard = Guard(self.pid)

    @property
    def pid(self) -> int:
        """The process's ID."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it has not ended, whoever ended it."""
        return self.poll() is None

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal's number; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        if self.runs:
            os.kill(self.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status; `ProcessFailed` if it has not ended after ``timeout`` seconds."""
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            raise ProcessFailed(f"a process did not end within {timeout:.0f} s")
        self._guard.dismiss()
        return status

    def end(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)
        self.wait()


def _run(module: str, options: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    os.setsid()
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = options
    sys.modules.pop(module, None)  # it is run, not imported
    runpy.run_module(module, run_name="__main__", alter_sys=True)

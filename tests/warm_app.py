"""Applications that start at once: forked from a process that has imported what they import.

Their Argon2id is as cheap as it gets. For tests of what an application does: what is about how one
starts and ends, or what a password costs, starts it as a person does, by `AppProcess` itself.
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

from argon2 import PasswordHasher

from compare.app_process import AppProcess
from compare.processes import GuardedProcess
from server.accounts import passwords

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(
    [f"server.{name}_app" for name in ("cookie", "session", "recommended")]
)


class WarmAppProcess(AppProcess):
    """`AppProcess` but for where its process comes from."""

    def begin(self, command: Sequence[str], log: IO[bytes]) -> WarmProcess:
        """Fork it."""
        return WarmProcess(command, env=self._environment, stderr=log)


class WarmProcess(GuardedProcess):
    """One that is forked, for ``python -m module options``."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], stderr: IO[bytes]
    ) -> None:
        _python, _m, module, *options = command
        self._process = _FORKING.Process(
            target=_run, args=(module, options, dict(env), Path(stderr.name)), daemon=True
        )
        self._process.start()
        assert self._process.pid is not None
        super().__init__(self._process.pid)

    def poll(self) -> int | None:
        """See `GuardedProcess.poll`."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """See `GuardedProcess.send_signal`."""
        if self.runs:
            os.kill(self.pid, number)

    def _join(self, timeout: float | None) -> None:
        self._process.join(timeout)


def _cheap_argon2id() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def _run(module: str, options: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    os.setsid()
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = options
    sys.modules.pop(module, None)  # it is run, not imported
    passwords.owasp_argon2id = _cheap_argon2id
    runpy.run_module(module, run_name="__main__", alter_sys=True)

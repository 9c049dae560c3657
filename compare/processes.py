"""Processes that end with this one, and what can go wrong with them.

Rule 1: a process that is started here ends when this one does, however that comes about, with
whatever it started itself. A shell holds one end of a pipe and kills when the pipe breaks. A death
signal would come as soon as the thread has ended that started it (prctl(2), PR_SET_PDEATHSIG).
Rule 2: a process that is gone, or does not go, is `ProcessFailed`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_GUARD = 'read -r _ || kill -s KILL -- "-$0"'


class ProcessFailed(Exception):
    """A process that is needed is gone, or does not do what it was started for; a sentence."""


class OwnProcess(subprocess.Popen[bytes]):
    """A process in a session of its own, so that it may be sent Ctrl-C and this one not.

    It has to be waited for.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: int | IO[bytes] | None = None,
        stderr: int | IO[bytes] | None = None,
    ) -> None:
        super().__init__(
            command, cwd=cwd, env=env, stdout=stdout, stderr=stderr, start_new_session=True
        )
        self._guard = subprocess.Popen(
            ["sh", "-c", _GUARD, str(self.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.poll() is None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status; `ProcessFailed` if it has not ended after ``timeout`` seconds."""
        try:
            status = super().wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise ProcessFailed(f"a process did not end within {timeout:.0f} s") from error
        self._dismiss_guard()
        return status

    def end(self) -> None:
        """End it at once."""
        self.kill()
        self.wait()

    def _dismiss_guard(self) -> None:
        if self._guard.poll() is None:
            self._guard.communicate(b"\n")

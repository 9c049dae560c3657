"""Processes that end with this one, and what can go wrong with them.

Rule 1: a process that is started here ends when this one does, however that comes about, with
whatever it started itself. A shell holds one end of a pipe and kills when the pipe breaks. A death
signal would come as soon as the thread has ended that started it (prctl(2), PR_SET_PDEATHSIG).
Rule 2: a process that is gone, or does not go, is `ProcessFailed`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Self

#: Nothing begins before there is somebody to end it, nor when this process has ended meanwhile.
_GATE = 'read -r _ && exec "$@" </dev/null'
_GUARD = 'read -r _ || kill -s KILL -- "-$0"'


#: Seconds between two looks whether a process has ended.
_PAUSE = 0.01

#: What asks this process to end.
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ProcessFailed(Exception):
    """A process that is needed is gone, or does not do what it was started for; a sentence."""


def end_in_order() -> None:
    """Have SIGTERM and SIGHUP do what Ctrl-C does: leave every ``with`` block, then end.

    The exit status is 128 and the signal's number, as of a shell. A second signal is too late.
    """
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has SIGHUP
            signal.signal(number, _leave)


class _Held:
    """Whether the end has to wait, and the number of the signal that does."""

    back = False
    number: int | None = None


def _leave(number: int, _frame: FrameType | None = None) -> None:
    if _Held.back:
        _Held.number = number
        return
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


@contextmanager
def _whole() -> Iterator[None]:
    """Leave no block in the middle of this one. Signals reach the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _Held.back = True
    try:
        yield
    finally:
        _Held.back = False
    number, _Held.number = _Held.number, None
    if number is not None:
        _leave(number)


class StartedInBlock(ABC):
    """What runs for as long as a ``with`` block: a start that fails leaves nothing behind."""

    @abstractmethod
    def start(self) -> None:
        """Start it."""

    @abstractmethod
    def close(self) -> None:
        """End it, however far it has come."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Guard:
    """Kills the processes of a session, by its leader's ID, when this process has ended."""

    def __init__(self, pid: int) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, str(pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Have it kill nobody: its session has ended."""
        assert self._process.stdin is not None
        if not self._process.stdin.closed:  # it may have been killed as well
            self._process.communicate(b"\n")


class GuardedProcess(ABC):
    """A process in a session of its own, so that it may be sent Ctrl-C and this one not.

    It has to be waited for.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._guard = Guard(pid)

    @abstractmethod
    def poll(self) -> int | None:
        """Return the exit status, negative for a signal's number; None while it runs."""

    @abstractmethod
    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""

    @abstractmethod
    def _join(self, timeout: float | None) -> None:
        """Wait until it has ended, for ``timeout`` seconds at most."""

    @property
    def runs(self) -> bool:
        """Whether it has not ended, whoever ended it."""
        return self.poll() is None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status; `ProcessFailed` if it has not ended after ``timeout`` seconds."""
        self._join(timeout)
        status = self.poll()
        if status is None:
            raise ProcessFailed(f"a process did not end within {timeout:.0f} s")
        self._guard.dismiss()
        return status

    def end(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)
        self.wait()


class OwnProcess(GuardedProcess):
    """One that is started by a command."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: int | IO[bytes] | None = None,
        stderr: int | IO[bytes] | None = None,
    ) -> None:
        with _whole():
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _GATE, "sh", *command],
                cwd=cwd,
                env=env,
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            super().__init__(self._process.pid)
            self._open_gate()

    def _open_gate(self) -> None:
        gate = self._process.stdin
        assert gate is not None
        with suppress(BrokenPipeError), gate:
            gate.write(b"\n")

    def poll(self) -> int | None:
        """See `GuardedProcess.poll`. Whoever left it half way would leave Popen's lock taken."""
        with _whole():
            return self._process.poll()

    def send_signal(self, number: signal.Signals) -> None:
        """See `GuardedProcess.send_signal`."""
        with _whole():
            self._process.send_signal(number)

    def _join(self, timeout: float | None) -> None:
        until = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None and (until is None or time.monotonic() < until):
            time.sleep(_PAUSE)


def environment_with(more: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without anybody's options: CI sets none of them, a person may."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONWARNINGS")
    return {name: os.environ[name] for name in kept if name in os.environ} | dict(more)

"""The process of an application that a check starts.

Rule 1: it is up when the page that its file names is there: what a proxy says in its place is not.
Rule 2: it is asked to end, and made to end when it does not; with it whatever it started, also what
has left its process group.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from ..browser import Browser, NoAnswer, Reply
from ..harmless import one_line
from ..processes import OwnProcess, ProcessFailed, environment_with
from .description import Start, Unusable
from .placeholders import filled

_MISSING = 404


class Started:
    """An application as a process, with ``values`` filled into its command."""

    def __init__(
        self, start: Start, folder: str, values: Mapping[str, str], more: Mapping[str, str]
    ) -> None:
        self._start = start
        self._log = Path(values["folder"], "log")
        directory = Path(folder, start.directory)
        if not directory.is_dir():
            raise Unusable(f"[start]: directory: {directory} is not there")
        environment = environment_with(filled({**start.environment, **more}, values))
        try:
            with self._log.open("ab") as log:
                self._process = OwnProcess(
                    filled(start.command, values),
                    cwd=directory,
                    env=environment,
                    stdout=log,
                    stderr=log,
                )
        except (OSError, ValueError) as error:
            raise Unusable(f"{' '.join(start.command)}: {error}") from error

    @property
    def pid(self) -> int:
        """The process's ID."""
        return self._process.pid

    @property
    def ended(self) -> str | None:
        """What it said last if it has ended, None otherwise."""
        status = self._process.poll()
        if status is None:
            return None
        said = self._log.read_text(errors="replace").strip().splitlines()
        return f"it ended with status {status}" + (f": {one_line(said[-1])}" if said else "")

    def gone(self) -> str | None:
        """Return the same of one that answers no more, and may be about to end."""
        with suppress(ProcessFailed):
            self._process.wait(1)
        return self.ended

    def wait(self, ask: Callable[[], Reply], *, named: bool) -> None:
        """Return once what is asked for is there; ``named`` says that the file names the page."""
        give_up = time.monotonic() + self._start.patience
        last = "it does not answer"
        while time.monotonic() < give_up:
            if self.ended:
                raise Unusable(f"the application did not start: {self.ended}")
            try:
                reply = ask()
                if reply.status < 500 and not (named and reply.status == _MISSING):
                    return
                last = f"it answers {reply.status}"
            except NoAnswer as error:
                last = str(error)
            time.sleep(0.05)  # between two looks
        patience = f"after {self._start.patience:g} s (patience in [start])"
        raise Unusable(f"the application was not up {patience}: {last}")

    def end(self) -> None:
        """End it and whatever it started: a command may be a shell's or a reloader's."""
        others = self._others()
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGTERM)
        with suppress(ProcessFailed):
            self._process.wait(self._start.grace)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        for each in others:
            with suppress(psutil.NoSuchProcess):
                each.kill()

    def _others(self) -> list[psutil.Process]:
        """Return what it started, wherever that is now; a process's number is not used again."""
        with suppress(psutil.NoSuchProcess):
            return list(psutil.Process(self.pid).children(recursive=True))
        return []


def asker(url: str, path: str, ca_file: str | None) -> Callable[[], Reply]:
    """Return what asks for a page."""

    def ask() -> Reply:
        browser = Browser(url, "starter")
        browser.ca_file = ca_file
        return browser.begin_with("GET", path, b"", {"Accept": "*/*"}).finish()

    return ask

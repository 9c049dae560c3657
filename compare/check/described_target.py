"""An application that is described: running already, or started together with its store.

Rule 1: what was started is ended with the ``with`` block, with everything that it started itself,
unless that has left its process group.
Rule 2: no experiment sends more requests than it has said it would.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ..app_process import environment_with
from ..browser import Browser, NoAnswer
from ..memcached_process import MemcachedProcess
from ..processes import OwnProcess, ProcessFailed
from ..redis_process import RedisProcess
from ..shop_visitor import Person
from ..store_process import StoreProcess
from ..waiting import free_port
from .description import Description, NotTried, Start, Unusable
from .placeholders import filled, uses

_STORES: Mapping[str, type[StoreProcess]] = {"memcached": MemcachedProcess, "redis": RedisProcess}
_KEYS = tuple(f"key{number}" for number in range(1, 41))


class DescribedTarget:
    """See the module's rules. ``people`` have an account, ``written`` is what was written last."""

    def __init__(self, description: Description, parent: DescribedTarget | None = None) -> None:
        self.description = description
        self.url = description.url
        self.ca_file = description.ca_file and str(Path(description.folder, description.ca_file))
        self.people: list[Person] = []
        self.changed_passwords: dict[str, str] = {}
        self.written: dict[str, str] = {}
        self.cookie_names: set[str] = set()
        self.sent = self.allowed = self._limit = 0
        self._parent = parent
        self._timed: DescribedTarget | None = None
        self._store: StoreProcess | None = None
        self._process: OwnProcess | None = None
        self._stack = ExitStack()
        self._folder = Path(tempfile.mkdtemp(prefix="check-"))
        self._stack.callback(shutil.rmtree, self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    # What experiments ask of a target

    @property
    def skus(self) -> list[str]:
        """What may be written to."""
        write = self.description.write
        if write is None:
            raise NotTried("the file has no [write]")
        return list(write.keys or _KEYS)

    @property
    def keeps_several(self) -> bool:
        """Whether what is written to one of them leaves the others as they are."""
        return not self.description.write or uses(self.description.write, "key")

    @property
    def memcached(self) -> StoreProcess:
        """Its store."""
        if self._store is None:
            raise NotTried("the file has no [store]")
        return self._store

    @contextmanager
    def frozen_store(self) -> Iterator[None]:
        """Freeze the store for the block."""
        self.memcached.freeze()
        try:
            yield
        finally:
            self.memcached.thaw()

    @contextmanager
    def no_store(self) -> Iterator[None]:
        """Have no store for the block, and an empty one afterwards."""
        self.memcached.kill()
        try:
            yield
        finally:
            self.memcached.start()

    def forged_session(self, text: str) -> dict[str, str]:
        """Return a jar with ``text`` wherever a cookie was; no secret is known here."""
        return dict.fromkeys(self.cookie_names, text)

    def unsigned_session(self, text: str) -> dict[str, str]:
        """Return the same."""
        return self.forged_session(text)

    def timed(self) -> DescribedTarget:
        """Return it with its time-outs, started anew where its file says so."""
        if not self.description.timeouts.environment:
            return self
        if self._timed is None:
            self._timed = self._stack.enter_context(DescribedTarget(self.description, self))
        return self._timed

    # What visitors ask of it

    def allow(self, requests: int) -> None:
        """Allow so many requests from now on."""
        self.allowed, self._limit = self.sent + requests, requests

    def spend(self) -> None:
        """Count a request; `NotTried` where it is one too many."""
        if self._parent:
            self._parent.spend()
            return
        if self.sent >= self.allowed:
            raise NotTried(f"it took more than {self._limit} requests")
        self.sent += 1

    def password_of(self, person: Person) -> str:
        """Return it, as it is now."""
        return self.changed_passwords.get(person.username, person.password)

    def new_person(self) -> Person:
        """Return somebody to be registered, or the one there is."""
        if (account := self.description.account) and not self.description.register:
            return Person(account.username, account.email or account.username, account.password)
        name = f"u{secrets.token_hex(6)}"
        return Person(name, f"{name}@post.example")

    @property
    def pid(self) -> int:
        """The process that was started for it."""
        assert self._process is not None
        return self._process.pid

    @property
    def ended(self) -> str | None:
        """What it said last if it was started here and has ended, None otherwise."""
        if self._process is None or self._process.poll() is None:
            return None
        said = self._log.read_text(errors="replace").strip().splitlines()
        return f"it ended with status {self._process.returncode}" + (
            f": {said[-1][:200]}" if said else ""
        )

    def gone(self) -> str | None:
        """Return the same of one that answers no more, and may be about to end."""
        if self._process is not None:
            with suppress(ProcessFailed):
                self._process.wait(1)
        return self.ended

    # Starting

    def _start(self) -> None:
        if self.description.store:
            kind = self.description.store.kind
            if shutil.which(_STORES[kind].name) is None:
                raise Unusable(f"please install {_STORES[kind].name}")
            self._store = self._stack.enter_context(_STORES[kind](tcp=True))
        if self.description.start:
            self._start_command(self.description.start)

    def _start_command(self, start: Start) -> None:
        port = free_port()
        values = {"port": str(port), "folder": str(self._folder), "python": sys.executable}
        if self._store:
            values |= {"store": self._store.address, "store_port": str(self._store.port)}
        self.url = filled(self.description.url, values)
        directory = Path(self.description.folder, start.directory)
        if not directory.is_dir():
            raise Unusable(f"[start]: directory: {directory} is not there")
        environment = start.environment
        if self._parent:
            environment = environment | self.description.timeouts.environment
        with self._log.open("wb") as log:
            try:
                self._process = OwnProcess(
                    filled(start.command, values),
                    cwd=directory,
                    env=environment_with(filled(environment, values)),
                    stdout=log,
                    stderr=log,
                )
            except (OSError, ValueError) as error:
                raise Unusable(f"{' '.join(start.command)}: {error}") from error
        self._stack.callback(self._end, self._process)
        self._wait(start)

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _wait(self, start: Start) -> None:
        give_up = time.monotonic() + start.patience
        last = "it does not answer"
        while time.monotonic() < give_up:
            if self.ended:
                raise Unusable(f"the application did not start: {self.ended}")
            try:
                browser = Browser(self.url, "starter")
                browser.ca_file = self.ca_file
                reply = browser.begin_with("GET", start.ready, b"", {"Accept": "*/*"}).finish()
                if reply.status < 500:
                    return
                last = f"{start.ready} answers {reply.status}"
            except NoAnswer as error:
                last = str(error)
            time.sleep(0.05)  # between two looks
        raise Unusable(f"the application was not up after {start.patience:.0f} s: {last}")

    def _end(self, process: OwnProcess) -> None:
        """End it and whatever it started: a command may be a shell's or a reloader's."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

"""An application that is described: running already, or started together with its store.

Rule 1: what was started is ended with the ``with`` block, with everything that it started itself.
Rule 2: no experiment sends more requests than it has said it would.
Rule 3: accounts are registered once and used by one experiment after the other: many applications
allow few of them. Where no more are to be had, those that are there have to do.
"""

from __future__ import annotations

import base64
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from ..browser import Begun
from ..memcached_process import MemcachedProcess
from ..processes import StartedInBlock
from ..redis_process import RedisProcess
from ..shop_visitor import Person, Unexpected
from ..store_process import StoreProcess
from ..waiting import free_port
from .answers import Shape
from .description import Description, NotTried, Start, Unusable
from .pace import Paced
from .placeholders import filled, placeholders, uses
from .started import Started, asker

_STORES: Mapping[str, type[StoreProcess]] = {"memcached": MemcachedProcess, "redis": RedisProcess}
_KEYS = tuple(f"key{number}" for number in range(1, 41))
_LEAST_SECRET = 8


class DescribedTarget(StartedInBlock):
    """See the module's rules. ``people`` have an account, ``written`` is what was written last.

    ``looks`` are how a change that was made, and one that was refused, were answered, ``blind``
    says why nothing that is written can be found again.
    """

    def __init__(self, description: Description, parent: DescribedTarget | None = None) -> None:
        self.description = description
        self.url = description.url
        self.ca_file = description.ca_file and str(Path(description.folder, description.ca_file))
        self.people: list[Person] = []
        self.changed_passwords: dict[str, str] = {}
        self.written: dict[str, str] = {}
        self.taken: dict[str, dict[str, str]] = {}
        self.begun: list[Begun] = []
        self.cookie_names: set[str] = set()
        self.known_to_all: dict[str, str] = {}
        self.secrets: set[str] = set()
        self.looks: tuple[Shape, Shape | None] | None = parent.looks if parent else None
        self.blind: str = parent.blind if parent else ""
        self.sent = self.allowed = self._limit = 0
        self.pace: Paced = parent.pace if parent else Paced(description.pace)
        self._parent = parent
        self._timed: DescribedTarget | None = None
        self._store: StoreProcess | None = None
        self._started: Started | None = None
        self._stack = ExitStack()
        self._folder = Path(tempfile.mkdtemp(prefix="check-"))
        self._stack.callback(shutil.rmtree, self._folder, ignore_errors=True)

    # What experiments ask of a target

    @property
    def skus(self) -> list[str]:
        """What may be written to."""
        write = self.description.write
        if write is None:
            raise NotTried("the file has no [write]")
        if self.blind:
            raise NotTried(self.blind)
        return list(write.keys or _KEYS)

    @property
    def writes(self) -> bool:
        """Whether something can be written, and found again."""
        return self.description.write is not None and not self.blind

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
        """Count a request, when its time has come; `NotTried` where it is one too many."""
        if self._parent:
            self._parent.spend()
            return
        if self.sent >= self.allowed:
            raise NotTried(f"it took more than {self._limit} requests")
        self.sent += 1
        self.pace.keep()

    def abandon(self) -> None:
        """Send no more of what has been begun and not ended."""
        while self.begun:
            self.begun.pop().abandon()

    def keep_secret(self, *values: str) -> None:
        """Let none of these stand whole in anything that is said of it."""
        top = self._parent or self
        bare = (value.strip('"') for value in values)
        told = {value for value in bare if len(value) >= _LEAST_SECRET}
        top.secrets |= told | {quote(value, safe="") for value in told}

    def password_of(self, person: Person) -> str:
        """Return it, as it is now."""
        return self.changed_passwords.get(person.username, person.password)

    def person(self, number: int, register: Callable[[Person], None]) -> Person:
        """Return somebody with an account, by number, registered when first asked for."""
        account = self.description.account
        if account and not self.description.register:
            person = Person(account.username, account.email or account.username, account.password)
            self.people[:] = [person]
            return person
        if number >= len(self.people):
            name = f"u{secrets.token_hex(6)}"
            person = Person(name, f"{name}@post.example")
            try:
                register(person)
                self.people.append(person)
            except Unexpected:
                if not self.people:
                    raise
        return self.people[number % len(self.people)]

    def values(self) -> dict[str, str]:
        """Return what may stand in every request."""
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return {"url": self.url, "port": str(port), "host": parts.netloc}

    def values_of(self, person: Person) -> dict[str, str]:
        """Return what may stand in a request about somebody."""
        password = self.password_of(person)
        self.keep_secret(password)
        basic = base64.b64encode(f"{person.username}:{password}".encode()).decode()
        return person._asdict() | {"password": password, "basic": basic}

    @property
    def pid(self) -> int:
        """The process that was started for it."""
        assert self._started is not None
        return self._started.pid

    def gone(self) -> str | None:
        """Return what it said last if it was started here and has ended, or is about to."""
        return self._started.gone() if self._started else None

    # Starting

    def close(self) -> None:
        """End what was started here."""
        self._stack.close()

    def start(self) -> None:
        """Start the store and the application that the description has."""
        if self.description.store:
            kind = self.description.store.kind
            if shutil.which(_STORES[kind].name) is None:
                raise Unusable(f"please install {_STORES[kind].name}")
            self._store = self._stack.enter_context(_STORES[kind](tcp=True))
        if self.description.start:
            self._start_command(self.description.start)

    def _start_command(self, start: Start) -> None:
        values = {"port": str(free_port()), "folder": str(self._folder), "python": sys.executable}
        if self._store:
            values |= {"store": self._store.address, "store_port": str(self._store.port)}
        self.url = filled(self.description.url, values)
        more = self.description.timeouts.environment if self._parent else {}
        self._started = Started(start, self.description.folder, values, more)
        self._stack.callback(self._started.end)
        who = self.description.who.path
        ready = start.ready or ("/" if placeholders(who) else who)
        named = start.ready is not None
        self._started.wait(asker(self.url, ready, self.ca_file), named=named)

"""Who is measured: a framework alone, and each session layer on it; the list is contenders.toml.

Rule 1: a contender is a process of its own, set up as the documentation of what it is made of has
it. What a README leaves at its default stays there, but for what alone would make it slow or fail.
Rule 2: each serves the same. ``GET /bare`` answers a constant cart, by a framework alone. ``PUT
/cart`` keeps the cart that is sent, ``GET /cart`` answers the one that is kept, 404 without one,
and ``POST /cart`` makes one more of its first item, keeps and answers it.
Rule 3: each is told ``PORT``, ``STORE`` (a URL, ``cookie``, or nothing) and ``CART`` in the
environment.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from ..app_process import ROOT
from ..peers.environments import install

_FOLDER = Path(__file__).parent
APPS = _FOLDER / "apps"
ENVIRONMENTS = ROOT / "build" / "bench" / "environments"

BARE, READ, WRITE = "bare", "read", "write"
MEMCACHED, REDIS, MEMORY, COOKIE, NOTHING = "memcached", "redis", "memory", "cookie", ""

#: gunicorn as its settings page has it for several at once in one process: threads, and connections
#: that are kept. By default it would take no more than 1,000 of them.
_GUNICORN = (
    *("--workers=1", "--worker-class=gthread", "--threads=4", "--log-level=warning"),
    *("--keep-alive=75", "--worker-connections=2000", "--backlog=2048"),
)


@dataclass(frozen=True)
class Contender:
    """One of those measured; its fields are explained in contenders.toml.

    ``app`` is a file in apps/, ``environment`` is what else it is told.
    """

    name: str
    title: str
    framework: str
    app: str
    packages: tuple[str, ...]
    store: str = NOTHING
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_bare(self) -> bool:
        """Whether it is a framework alone."""
        return self.name == self.framework

    @property
    def is_ours(self) -> bool:
        """Whether it is this project's."""
        return self.app == "tornado/ours.py"

    @property
    def cases(self) -> tuple[str, ...]:
        """What is asked of it."""
        return (BARE,) if self.is_bare else (READ, WRITE)

    @property
    def room(self) -> str:
        """What it runs in: ``node``, ``python`` (the peers' own) or ``tornado`` (the project's)."""
        return self.app.partition("/")[0]

    @property
    def versions(self) -> tuple[str, ...]:
        """Its packages with their versions."""
        pinned = pinned_in(self.room)
        return tuple(f"{each} {pinned.get(each) or version(each)}" for each in self.packages)

    def prepare(self) -> None:
        """Install what it needs unless it is there; `Unusable` says what went wrong."""
        if pinned_in(self.room):
            install(APPS / self.room, ENVIRONMENTS / self.room)

    def command(self, port: int) -> list[str]:
        """Return what starts it on ``port``."""
        file, there = APPS / self.app, ENVIRONMENTS / "python" / "bin"
        if self.room == "node":
            return ["node", str(file)]
        if self.framework in {"flask", "django"}:
            where = f"--chdir={file.parent}", f"--bind=127.0.0.1:{port}", f"{file.stem}:app"
            return [str(there / "gunicorn"), *_GUNICORN, *where]
        return [str(there / "python") if self.room == "python" else sys.executable, str(file)]

    def told(self, port: int, store: str, cart: str) -> dict[str, str]:
        """Return what it finds in its environment; ``store`` is a URL, or as in contenders.toml."""
        own = {"PORT": str(port), "STORE": store, "CART": cart, "PYTHONDONTWRITEBYTECODE": "1"}
        node = {"NODE_PATH": str(ENVIRONMENTS / "node" / "node_modules"), "NODE_ENV": "production"}
        return own | (node if self.room == "node" else {}) | dict(self.environment)


@cache
def pinned_in(room: str) -> Mapping[str, str]:
    """Return the versions that the file of a room pins, none where the project's own are used."""
    if room == "node":
        pinned: dict[str, dict[str, str]] = json.loads((APPS / room / "package.json").read_text())
        return pinned["dependencies"]
    if room == "python":
        lines = (APPS / room / "requirements.txt").read_text().splitlines()
        return {name: exact for name, _, exact in (line.partition("==") for line in lines)}
    return {}


def _read() -> dict[str, Contender]:
    rows = tomllib.loads((_FOLDER / "contenders.toml").read_text())
    return {
        name: Contender(**{"name": name, "framework": name} | row) for name, row in rows.items()
    }


#: By name, in the order in which reports have them.
CONTENDERS: Mapping[str, Contender] = _read()


def with_their_frameworks(names: Iterable[str]) -> list[Contender]:
    """Return those contenders, and each framework alone that one of them is held against."""
    wanted = {framework for name in names for framework in (name, CONTENDERS[name].framework)}
    return [each for name, each in CONTENDERS.items() if name in wanted]

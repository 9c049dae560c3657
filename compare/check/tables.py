"""The tables of an application's file, as data. `example.toml` explains each line."""

from __future__ import annotations

from typing import Literal

import msgspec

from .placeholders import placeholders
from .shape import Password, Question, Request, SignOut, Table, Token, Write


class Account(Table, frozen=True):
    """An account that is there. ``password_env`` names a variable that has its password."""

    username: str
    password: str = ""
    password_env: str = ""
    email: str = ""


class Start(Table, frozen=True):
    """How to start the application: ``ready`` is a page that is there once it is up.

    It is asked to end (SIGTERM) ``grace`` seconds before it is made to.
    """

    command: tuple[str, ...]
    directory: str = "."
    environment: dict[str, str] = msgspec.field(default_factory=dict)
    ready: str | None = None
    patience: float = 30.0
    grace: float = 5.0


class Store(Table, frozen=True):
    """The store that is started for it, and frozen, killed and looked into."""

    kind: Literal["memcached", "redis"]


class Timeouts(Table, frozen=True):
    """Its time-outs, in seconds; for them alone it is started with ``environment`` as well."""

    idle: float | None = None
    absolute: float | None = None
    environment: dict[str, str] = msgspec.field(default_factory=dict)


class Pace(Table, frozen=True):
    """Seconds between two requests, and how long a 429 with Retry-After may ask to wait."""

    seconds: float = 0.0
    patience: float = 60.0


class Description(Table, frozen=True):
    """An application. See ``example.toml``."""

    name: str
    url: str
    sign_in: Request
    sign_out: SignOut
    who: Question
    start: Start | None = None
    store: Store | None = None
    account: Account | None = None
    register: Request | None = None
    token: Token | tuple[Token, ...] = ()
    password: Password | None = None
    end_others: Request | None = None
    write: Write | None = None
    read: Question | None = None
    timeouts: Timeouts = Timeouts()
    pace: Pace = Pace()
    #: Pages that anybody visits before signing in.
    visits: tuple[str, ...] | None = None
    ca_file: str | None = None
    #: Where the file is; paths are relative to it.
    folder: str = ""

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tables that give tokens."""
        return self.token if isinstance(self.token, tuple) else (self.token,)

    @property
    def pages_before(self) -> tuple[str, ...]:
        """The pages that anybody visits before signing in."""
        if self.visits is not None:
            return self.visits
        paths = ("/", self.sign_in.in_order[0].path, *(each.path for each in self.tokens))
        return tuple(dict.fromkeys(path for path in paths if not placeholders(path)))

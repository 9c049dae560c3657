"""The applications under test: processes as a person starts them, each on a memcached of its own.

Rule 1: they run as in production, so with ``Secure`` cookies under ``__Host-`` names and a secret
of their own, on loopback. Whoever visits says to have come by https, as a proxy in front would.
Rule 2: one that runs with the options asked for is used again; all end with the ``with`` block.
Rule 3: this is the one place that knows how to make what an attacker with the secret would.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Self

from tornado_state import SERVER_SESSION, SIGNED_COOKIE, Capabilities
from tornado_state.cookies.signing import Signer
from tornado_state.cookies.wire import CookieNames
from tornado_state.sessions.sealing import Sealer, is_session_id, new_session_id

from server.shop import CREDENTIALS, Credentials

from .app_process import ROOT, AppProcess
from .memcached_process import MemcachedProcess
from .processes import ProcessFailed
from .shop_visitor import Person, ShopVisitor

#: Seconds for a command.
_PATIENCE = 60

_STATE_NAME = "--state-name="


@dataclass(frozen=True)
class Application:
    """How to start one, and the tier it keeps everything in."""

    module: str
    tier: Capabilities
    environment: Mapping[str, str] = field(default_factory=dict)


#: What is compared.
APPLICATIONS: Mapping[str, Application] = MappingProxyType(
    {
        "cookie": Application("server.cookie_app", SIGNED_COOKIE),
        "session": Application("server.session_app", SERVER_SESSION),
    }
)


@dataclass
class Target:
    """An application that runs. ``cookie_secrets`` are by version; the last one signs.

    ``secure`` says that its cookies are ``Secure`` and ``__Host-``; their names begin with
    ``state_name``.
    """

    application: str
    app: AppProcess
    memcached: MemcachedProcess
    cookie_secrets: dict[int, str] = field(repr=False)
    state_name: str
    secure: bool = True

    @property
    def url(self) -> str:
        """Where it serves."""
        return self.app.url

    @property
    def runs(self) -> bool:
        """Whether the application and its store are there."""
        return self.app.runs and self.memcached.runs

    @cached_property
    def skus(self) -> list[str]:
        """What may be put into a cart."""
        return ShopVisitor(self.url, "passer-by").skus()

    def disable(self, person: Person) -> None:
        """Disable an account, as whoever runs the shop does; signed cookies make that status 1."""
        command = [sys.executable, "-m", "server.accounts", f"--run-dir={self.app.run_dir}"]
        command += ["disable", person.username]
        try:
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ProcessFailed(f"disabling an account took more than {_PATIENCE} s") from error
        if " is disabled, " not in done.stdout + done.stderr:
            raise ProcessFailed(f"an account could not be disabled: {done.stderr.strip()}")

    @contextmanager
    def frozen_store(self) -> Iterator[None]:
        """Freeze memcached for the block."""
        self.memcached.freeze()
        try:
            yield
        finally:
            self.memcached.thaw()

    @contextmanager
    def no_store(self) -> Iterator[None]:
        """Have no memcached for the block, and an empty one afterwards."""
        self.memcached.kill()
        try:
            yield
        finally:
            self.memcached.start()

    def add_secret(self) -> None:
        """Start the application anew with one more cookie secret, which signs from now on."""
        self.cookie_secrets[max(self.cookie_secrets) + 1] = secrets.token_urlsafe(32)
        self._restart()

    def forget_old_secrets(self) -> None:
        """Start the application anew with its last cookie secret alone."""
        last = max(self.cookie_secrets)
        self.cookie_secrets = {last: self.cookie_secrets[last]}
        self._restart()

    @contextmanager
    def with_options(self, *options: str) -> Iterator[None]:
        """Have the application run with more options for the block: it is started anew twice."""
        self._restart(*options)
        try:
            yield
        finally:
            self._restart()

    def _restart(self, *options: str) -> None:
        self.app.stop()
        self.app.write_cookie_secrets(self.cookie_secrets)
        self.app.start(*options)

    def forged_sign_in(self, person: Person) -> dict[str, str]:
        """Return the jar with which somebody who knows the secret is ``person``."""
        credentials = Credentials("forged", person.username, person.email, "2026-01-01T00:00:00Z")
        name = self._names.name(CREDENTIALS.name)
        return {name: self._signer.sign(name, CREDENTIALS.encode(credentials))}

    def forged_session(self, session_id: str | None = None) -> dict[str, str]:
        """Return a jar with a session ID, one nobody was given by default, signed as if it were."""
        name = self._names.name("session-id")
        version = max(self.cookie_secrets)
        value = session_id or new_session_id(version)
        if "." not in value:
            value = f"{version}.{value}"  # whoever knows the secret knows what an ID looks like
        carried = value.encode("utf-8", "surrogateescape")
        return {name: self._signer.sign(name, carried, stamped=False)}

    def store_key(self, session_id: str) -> str | None:
        """Return where the record of a session ID is kept; None for what is no ID."""
        if not is_session_id(session_id):
            return None
        secrets = {version: secret.encode() for version, secret in self.cookie_secrets.items()}
        return Sealer(secrets, self.state_name, max(secrets)).store_key(session_id)

    def unsigned_session(self, value: str) -> dict[str, str]:
        """Return a jar with ``value`` where a signed session ID belongs."""
        return {self._names.name("session-id"): value}

    @property
    def _names(self) -> CookieNames:
        return CookieNames(self.state_name, self.secure)

    @property
    def _signer(self) -> Signer:
        return Signer(self.cookie_secrets, self.state_name)


class Targets:
    """The applications by name, started when first asked for."""

    #: What starts one.
    app_process = AppProcess

    def __init__(self, applications: Mapping[str, Application] = APPLICATIONS) -> None:
        self._applications = applications
        self._running: dict[tuple[str, ...], Target] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process."""
        self._stack.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._applications)

    def tier(self, application: str) -> str:
        """Return the name of the tier that an application keeps everything in."""
        return self._applications[application].tier.tier

    def running(
        self, application: str, options: Sequence[str] = (), memcached: Sequence[str] = ()
    ) -> Target:
        """Return the application running with ``options`` and memcached's arguments."""
        key = (application, *options, "|", *memcached)
        if key not in self._running:
            self._running[key] = self._start(application, options, memcached)
        return self._running[key]

    def give_up_the_dead(self) -> None:
        """Have whatever has lost a process started anew when it is asked for next."""
        self._give_up(key for key, target in self._running.items() if not target.runs)

    def give_up(self, application: str) -> None:
        """Have an application started anew, whatever its options, when it is asked for next."""
        self._give_up(key for key in self._running if key[0] == application)

    def _give_up(self, keys: Iterable[tuple[str, ...]]) -> None:
        for target in [self._running.pop(key) for key in list(keys)]:
            target.app.close()
            target.memcached.close()

    def _start(self, name: str, options: Sequence[str], arguments: Sequence[str]) -> Target:
        application = self._applications[name]
        memcached = self._stack.enter_context(MemcachedProcess(*arguments))
        cookie_secrets = {0: secrets.token_urlsafe(32)}
        app = self.app_process(
            application.module,
            f"--memcached={memcached.address}",
            "--access-log=false",
            "--trust-proxy",
            *options,
            cookie_secrets=cookie_secrets,
            environment=application.environment,
        )
        self._stack.enter_context(app)
        given = (each.removeprefix(_STATE_NAME) for each in options if each.startswith(_STATE_NAME))
        state_name = next(given, name)
        secure = "--dev" not in options
        return Target(name, app, memcached, cookie_secrets, state_name, secure)

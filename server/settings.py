"""What an application was told: the one reader of options and environment.

Rule 1: a wrong value is `StartError` with one sentence that names the option, before anything is
started. Nothing is corrected or guessed.
Rule 2: without ``--dev`` cookies are ``Secure``, whatever is in front of the application. ``--dev``
is plain http on loopback and nothing else. ``DEV`` in the environment is not enough for it where
anything of production is configured.
Rule 3: no secret is ever defaulted. ``--dev`` makes one in the run directory on its first run.
Rule 4: each application has a secret and accounts of its own. Accounts remember where sessions
live, so applications that share accounts must share the session store as well.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado_state.networks import is_loopback
from tornado_state.sessions.clocks import LONGEST_IDLE
from tornado_state.settings import LEAST_ROOM, LONGEST_COOKIE
from tornado_state.stores.addresses import parse_address

from .cookie_secret import (
    SecretRefused,
    cookie_secret_warnings,
    make_cookie_secret,
    read_cookie_secret,
)
from .options import is_given, read_options
from .ownership import check_file, check_folder, is_open_socket
from .start_error import StartError

#: Seconds; and bytes: what memcached has unless it is told.
_ANONYMOUS_IDLE, _USUAL_ROOM = 900, 64 * 2**20

#: memcached gives a page of a megabyte to each size of records, of which there are thirty up to the
#: largest of a session. Who has one of each takes as many pages with hardly a record in them.
_PAGES = 30 * 2**20

_OPEN_SOCKET = "{0} takes connections of everybody on this machine: start memcached with -a 0700"
_STATE_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")

_RANGES = (
    ("port", 0, 65_535),
    ("idle_timeout", 1, LONGEST_IDLE),
    ("absolute_timeout", 1, LONGEST_COOKIE),
    ("anonymous_idle_timeout", 1, LONGEST_IDLE),
    ("store_deadline", 0.001, 60),
    ("processes", 1, 256),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of the application ``name``.

    Times are in seconds; ``memcached`` is empty for a private one until that runs, and then says
    where; ``accounts`` is a URL, or the path of a SQLite file; ``store_room`` is the bytes that the
    store said it has; ``warnings`` are to be said aloud when the application starts.
    """

    name: str
    port: int
    address: str
    dev: bool
    cookie_secret: Mapping[int, str] = field(repr=False)
    memcached: tuple[str, ...]
    store: str
    accounts: str | Path = field(repr=False)
    idle_timeout: int
    absolute_timeout: int
    anonymous_idle_timeout: int
    store_deadline: float
    processes: int
    certfile: str | None
    keyfile: str | None
    trust_proxy: bool
    run_dir: Path
    access_log: bool
    state_name: str
    private_memcached: bool = False
    store_room: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def anonymous_room(self) -> int:
        """The bytes of the store for sessions without a sign-in, as one of the processes counts."""
        return self._part_of_store(1 / 2)

    @property
    def signed_in_room(self) -> int:
        """The bytes of the store for large sessions of people who are signed in, alike."""
        return self._part_of_store(3 / 8)

    def _part_of_store(self, part: float) -> int:
        room = _USUAL_ROOM if self.store_room is None else self.store_room
        return max(LEAST_ROOM, int((room - _PAGES) * part / self.processes))

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are ``Secure`` and ``__Host-``."""
        return not self.dev


def read_settings(
    name: str,
    default_port: int,
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings of the application ``name``; `StartError` for anything wrong.

    ``arguments`` and ``environment`` are the process's own unless given. ``--help`` prints the
    options and exits with status 0.
    """
    given = sys.argv[1:] if arguments is None else arguments
    value = read_options(
        default_port, given, process_environment() if environment is None else environment
    )
    value["memcached"] = tuple(value["memcached"].split(",")) if value["memcached"] else ()
    if value["anonymous_idle_timeout"] is None:
        value["anonymous_idle_timeout"] = min(_ANONYMOUS_IDLE, value["idle_timeout"])
    _check_numbers(value)
    _check_listener(value)
    if value["dev"] and not is_given("dev", given):
        _check_meant_for_development(value)
    _check_store(value)
    value["state_name"] = _state_name(value["state_name"] or name)
    value["run_dir"] = _make_run_dir(value["run_dir"])
    value["accounts"] = value["accounts"] or value["run_dir"] / f"accounts-{name}.sqlite3"
    secret_file = value.pop("cookie_secret_file")
    cookie_secret, warnings = _cookie_secret(name, secret_file, value["run_dir"], value["dev"])
    warnings += map(_OPEN_SOCKET.format, filter(is_open_socket, value["memcached"]))
    return Settings(name=name, cookie_secret=cookie_secret, warnings=tuple(warnings), **value)


def _state_name(text: str) -> str:
    if not _STATE_NAME.fullmatch(text):
        raise StartError(f"--state-name: small letters, digits and -, not {text!r}")
    return text


def process_environment() -> Mapping[str, str]:
    """Return the process's environment; whoever needs a variable gets it from here."""
    return os.environ


def _check_meant_for_development(value: Mapping[str, Any]) -> None:
    """Raise `StartError` where ``DEV`` meets an application that is configured for production.

    It is a general name, and whoever set it may have meant another program.
    """
    for name in ("cookie_secret_file", "trust_proxy"):
        if value[name]:
            raise StartError(
                f"DEV in the environment, with --{name.replace('_', '-')}: say --dev if cookies "
                "are not to be Secure here, or unset DEV"
            )


def _check_numbers(value: Mapping[str, Any]) -> None:
    for name, least, most in _RANGES:
        if not least <= value[name] <= most:
            option = name.replace("_", "-")
            raise StartError(f"--{option}: {least} to {most}, not {value[name]}")
    if value["absolute_timeout"] < value["idle_timeout"]:
        raise StartError("--absolute-timeout must not be shorter than --idle-timeout")
    if value["anonymous_idle_timeout"] > value["idle_timeout"]:
        raise StartError("--anonymous-idle-timeout must not be longer than --idle-timeout")


def _check_listener(value: Mapping[str, Any]) -> None:
    if bool(value["certfile"]) != bool(value["keyfile"]):
        raise StartError("https needs both --certfile and --keyfile")
    if value["keyfile"]:
        try:
            check_file(Path(value["keyfile"]))
        except OSError as error:
            raise StartError(f"--keyfile: {value['keyfile']}: {error.strerror}") from error
    if value["dev"] and value["certfile"]:
        raise StartError("--dev is plain http: leave it out to serve https with --certfile")
    if not is_loopback(value["address"]):
        _check_public(value["address"], value)


def _check_public(address: str, value: Mapping[str, Any]) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise StartError(f"--address: an IP address or localhost, not {address!r}") from error
    if value["dev"]:
        raise StartError(f"--dev is for loopback addresses only, not {address}")
    if not value["certfile"] and not value["trust_proxy"]:
        raise StartError(
            f"plain http on {address} is refused: serve https with --certfile and --keyfile, "
            "or put a proxy in front that does and say --trust-proxy"
        )


def _check_store(value: Mapping[str, Any]) -> None:
    if value["store"] not in {"memcached", "memory"}:
        raise StartError(f"--store: memcached or memory, not {value['store']!r}")
    if value["store"] == "memory" and value["processes"] > 1:
        raise StartError("--store=memory: several processes would not see each other's sessions")
    if value["store"] == "memory" and value["memcached"]:
        raise StartError("--store=memory and --memcached exclude each other")
    if not all(address.strip() for address in value["memcached"]):
        raise StartError("--memcached: empty address")
    if len(set(value["memcached"])) < len(value["memcached"]):
        raise StartError("--memcached: the same address is there twice")
    for address in value["memcached"]:
        try:
            parse_address(address)
        except ValueError as error:
            raise StartError(f"--memcached: {error}") from error


def _make_run_dir(text: str) -> Path:
    run_dir = Path(text).absolute()
    try:
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_folder(run_dir)
    except OSError as error:
        raise StartError(f"--run-dir: {run_dir}: {error.strerror}") from error
    return run_dir


def _cookie_secret(
    name: str, file: str | None, run_dir: Path, dev: bool
) -> tuple[Mapping[int, str], list[str]]:
    """Return the secrets by version, and what must be said about them."""
    if file is None and not dev:
        raise StartError("--cookie-secret-file is needed: there is no secret to sign cookies with")
    path = Path(file) if file else run_dir / f"cookie-secret-{name}"
    try:
        if file is None:
            make_cookie_secret(path)
        versions = read_cookie_secret(path)
        return versions, cookie_secret_warnings(path, versions)
    except SecretRefused as error:
        raise StartError(f"--cookie-secret-file: {error}") from error

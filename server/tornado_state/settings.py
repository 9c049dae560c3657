"""The settings of an application that are about state, read and checked once, when it is made.

Rule 1: they are Tornado settings, so an application that has others has these as well. What is
wrong is a `CompositionError` with one sentence that names the setting; nothing is corrected.
Rule 2: a secret is never defaulted. One that is short, a placeholder or there twice is refused
(ASVS 5.0 11.2.3, 13.3.1): whoever knows it signs in as anybody.
Rule 3: a time is a timedelta or a whole number of seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from inspect import iscoroutinefunction
from typing import Any, Literal, cast

from .cookies.wire import CookieNames, SameSite
from .exceptions import CompositionError
from .needs import is_whole
from .sessions.clocks import LONGEST_IDLE, Clocks
from .sessions.listing import SessionList

_DAY = 86_400

#: HMAC-SHA256 gains nothing from more and loses strength with less (RFC 2104, section 3).
MIN_SECRET = 32

#: Fewer different characters than this in 32 bytes is a placeholder, not a random secret.
_MIN_DIFFERENT = 8

_PLACEHOLDER = re.compile(
    r"change.?(me|this|it)|(?<![a-z0-9])todo(?![a-z0-9])|placeholder|your.?own"
    r"|your.?(cookie.?)?secret|generate.?your|replace.?(me|this|with)|secret.?(here|goes)"
    r"|insert.?(your|secret)|default.?secret",
    re.IGNORECASE,
)

#: What a cookie has room for.
_LAST_VERSION = 999_999_999

#: Browsers keep a cookie no longer (RFC 6265bis 5.5).
LONGEST_COOKIE = 400 * _DAY

#: A socket that outlives its session by more is no use of looking for it.
_LONGEST_LOOK = 3600

#: An eighth of it has room for a session as large as it may be.
LEAST_ROOM = 1_048_576

_SETTINGS = (
    *("cookie_secret", "key_version", "cookie_secure", "cookie_samesite", "cookie_domain"),
    *("cookie_partitioned", "https_in_front", "placement", "session_store", "session_list"),
    *("session_idle_timeout", "session_absolute_timeout", "session_remember_timeout"),
    *("session_anonymous_idle_timeout", "session_anonymous_room", "session_signed_in_room"),
    *("session_persistent", "session_look_every", "state_name", "state_timing", "state_clock"),
    "state_events",
)

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_DOMAIN = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StateSettings:
    """What an application's settings say of state."""

    cookie_secret: Mapping[int, bytes]
    key_version: int
    names: CookieNames
    clocks: Clocks
    persistent: bool
    https_in_front: bool
    room: int | None
    signed_in_room: int | None
    look_every: int
    session_list: SessionList | Literal[False] | None
    timing: bool


def read_settings(settings: Mapping[str, Any], default_name: str) -> StateSettings:
    """Return what ``settings`` say; `CompositionError` for anything wrong."""
    _check_names(settings)
    for name in ("state_clock", "state_events"):
        given = settings.get(name)
        if given is not None and (not callable(given) or iscoroutinefunction(given)):
            raise CompositionError(f"{name} is a function, and no coroutine's: not {given!r}")
    secrets = _secrets(settings.get("cookie_secret"))
    return StateSettings(
        secrets,
        _key_version(settings.get("key_version"), secrets),
        _names(settings, default_name),
        _clocks(settings),
        _truth(settings, "session_persistent", True),
        _truth(settings, "https_in_front", False),
        _room(settings, "session_anonymous_room"),
        _room(settings, "session_signed_in_room"),
        _seconds(settings, "session_look_every", 3, _LONGEST_LOOK),
        _session_list(settings),
        _truth(settings, "state_timing", False),
    )


def _check_names(settings: Mapping[str, Any]) -> None:
    """Refuse a name that is nearly one of ours: what it says would go unheard."""
    for name in settings.keys() - {*_SETTINGS}:
        if meant := get_close_matches(name, _SETTINGS, 1, 0.9):
            raise CompositionError(f"there is no setting {name}; is {meant[0]} meant?")


def weakness(secret: str | bytes) -> str | None:
    """Return what is wrong with a secret, in words that follow its name; None for nothing."""
    data = secret.encode() if isinstance(secret, str) else secret
    if len(data) < MIN_SECRET:
        return f"is shorter than {MIN_SECRET} bytes"
    if len(set(data)) < _MIN_DIFFERENT:
        return "is made of a few repeated characters"
    if _PLACEHOLDER.search(data.decode("latin-1")):
        return "is a placeholder: make one with secrets.token_urlsafe(32)"
    return None


def _secrets(given: Any) -> Mapping[int, bytes]:
    if given is None:
        raise CompositionError("cookie_secret is needed: there is nothing to sign cookies with")
    if isinstance(given, str | bytes):
        given = {0: given}
    if not isinstance(given, Mapping) or not given:
        raise CompositionError("cookie_secret is text, bytes, or a dict of version to secret")
    found: dict[int, bytes] = {}
    for version, secret in given.items():
        where = f"cookie_secret, version {version!r}" if len(given) > 1 else "cookie_secret"
        if not is_whole(version) or not 0 <= version <= _LAST_VERSION:
            raise CompositionError(f"{where}: a version is a whole number up to {_LAST_VERSION}")
        if not isinstance(secret, str | bytes):
            raise CompositionError(f"{where}: a secret is text or bytes")
        if wrong := weakness(secret):
            raise CompositionError(f"{where} {wrong}")
        found[version] = secret.encode() if isinstance(secret, str) else secret
    if len(set(found.values())) < len(found):
        raise CompositionError("cookie_secret: the same secret is there twice")
    return found


def _key_version(given: Any, secrets: Mapping[int, bytes]) -> int:
    if given is None:
        return list(secrets)[-1]
    if not is_whole(given) or given not in secrets:
        raise CompositionError(f"key_version: one of cookie_secret's versions, not {given!r}")
    return cast("int", given)


def _names(settings: Mapping[str, Any], default: str) -> CookieNames:
    name = settings.get("state_name", default)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise CompositionError(
            f"state_name is 1 to 32 of a-z, 0-9, _ and -, and part of cookies' names: not {name!r}"
        )
    secure = _truth(settings, "cookie_secure", True)
    partitioned = _truth(settings, "cookie_partitioned", False)
    domain, samesite = settings.get("cookie_domain"), settings.get("cookie_samesite", "Lax")
    if samesite not in ("Lax", "Strict", "None"):
        raise CompositionError(f"cookie_samesite is 'Lax', 'Strict' or 'None', not {samesite!r}")
    if domain is not None and not (isinstance(domain, str) and _DOMAIN.fullmatch(domain)):
        raise CompositionError(f"cookie_domain is a domain's name, not {domain!r}")
    if samesite == "None" and not secure:
        raise CompositionError("cookie_samesite='None' needs cookie_secure: browsers refuse it")
    if partitioned and not secure:
        raise CompositionError("cookie_partitioned needs cookie_secure: browsers refuse it")
    return CookieNames(name, secure, cast("SameSite", samesite), domain, partitioned)


def _clocks(settings: Mapping[str, Any]) -> Clocks:
    idle = _seconds(settings, "session_idle_timeout", 1800, LONGEST_IDLE)
    absolute = _seconds(settings, "session_absolute_timeout", 43_200, LONGEST_COOKIE)
    remember = _seconds(settings, "session_remember_timeout", 30 * _DAY, LONGEST_COOKIE)
    if absolute < idle:
        raise CompositionError(
            "session_absolute_timeout must not be shorter than session_idle_timeout"
        )
    anonymous = _seconds(settings, "session_anonymous_idle_timeout", idle, LONGEST_IDLE)
    if anonymous > idle:
        raise CompositionError(
            "session_anonymous_idle_timeout must not be longer than session_idle_timeout"
        )
    return Clocks(idle, absolute, remember, anonymous)


def _room(settings: Mapping[str, Any], name: str) -> int | None:
    given = settings.get(name)
    if given is not None and (not is_whole(given) or given < LEAST_ROOM):
        raise CompositionError(f"{name}: {LEAST_ROOM} bytes or more, not {given!r}")
    return cast("int | None", given)


def _session_list(settings: Mapping[str, Any]) -> SessionList | Literal[False] | None:
    """Return a list of the application's own, False for the library's, None for none."""
    given = settings.get("session_list", False)
    if isinstance(given, SessionList):
        return given
    if not _truth(settings, "session_list", False):
        return None
    clocks = _clocks(settings)
    if max(clocks.remember_timeout, clocks.absolute_timeout) > LONGEST_IDLE:
        raise CompositionError(
            f"session_list: the store keeps a list for {LONGEST_IDLE} seconds, and sessions may "
            "last longer here: give a SessionList of your own"
        )
    return False


def _seconds(settings: Mapping[str, Any], name: str, default: int, most: int) -> int:
    given = settings.get(name, default)
    number = given.total_seconds() if isinstance(given, timedelta) else given
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    if not is_number or not math.isfinite(number):
        raise CompositionError(f"{name}: a timedelta or whole seconds, not {given!r}")
    if number != int(number) or not 1 <= number <= most:
        raise CompositionError(f"{name}: whole seconds from 1 to {most}, not {given!r}")
    return int(number)


def _truth(settings: Mapping[str, Any], name: str, default: bool) -> bool:
    given = settings.get(name, default)
    if not isinstance(given, bool):
        raise CompositionError(f"{name} is True or False, not {given!r}")
    return given

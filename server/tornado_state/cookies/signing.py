"""Signing: what makes a cookie's value tamper-evident. It does not hide it or make it the newest.

Rule 1: Tornado's signing is used here and nowhere else, in format 2 only (HMAC-SHA256).
Rule 2: stamps from more than five minutes ahead are refused.
Rule 3: a signature holds for one application, one cookie, and one person where somebody is signed
in (ASVS 5.0 9.2.2 to 9.2.4): each gets a key of its own, derived from the secret. It costs no byte.
Rule 4: anything else is absent. Junk is never an error, because anybody can send it.
Rule 5: a value that says it was signed by a later version of the secret than any known here is not
absent, it is `NotKnownHere`: another process has the secret already. The version stands in the
value twice, in the place where Tornado would repeat the cookie's name, so that a version that was
tampered with is just junk.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from tornado.web import create_signed_value, decode_signed_value

from ..exceptions import NotKnownHere

_FORMAT = 2
_MAX_AHEAD = 300
_DAY = 86400

#: Format 2, as Tornado documents it: version of the format, then fields that say how long they are.
_SIGNED = re.compile(r"2\|\d+:(\d{1,9})\|\d+:(\d+)\|\d+:(\d*)\|\d+:[^|]*\|[0-9a-f]{64}", re.ASCII)

#: When any value of format 2 was signed, whatever its name.
_STAMP = re.compile(r"2\|\d+:\d{1,9}\|\d+:(\d{1,12})\|", re.ASCII)

#: As Tornado takes them: one, or several by their versions.
Secrets = str | bytes | Mapping[int, str | bytes]


class SignedValue(NamedTuple):
    """A value whose signature holds; ``signed_at`` in epoch seconds."""

    value: bytes
    signed_at: int
    key_version: int


class Signer:
    """Signs and verifies cookie values for one application.

    ``cookie_secret`` maps key versions to secrets; ``key_version`` signs, the last one unless
    given, and all of them verify. Keep the version a lone secret had, 0, while cookies signed with
    it are about. ``forged`` is called for every value whose signature does not hold.
    """

    def __init__(
        self,
        cookie_secret: Mapping[int, str | bytes],
        application: str,
        clock: Callable[[], float] = time.time,
        *,
        key_version: int | None = None,
        forged: Callable[[], None] = lambda: None,
    ) -> None:
        if not cookie_secret:
            raise ValueError("signing needs at least one secret")
        self._secrets = _as_bytes(cookie_secret)
        self._application = application
        self._clock = clock
        self._forged = forged
        self.key_version = next(reversed(self._secrets)) if key_version is None else key_version
        self._keys = lru_cache(maxsize=1024)(self._derive)

    def _derive(self, name: str, owner: str) -> dict[int, str]:
        purpose = "\0".join((self._application, name, owner)).encode()
        return {
            version: hmac.new(secret, purpose, "sha256").hexdigest()
            for version, secret in self._secrets.items()
        }

    def sign(self, name: str, value: bytes, *, owner: str = "", stamped: bool = True) -> str:
        """Return ``value`` signed for the cookie ``name`` and the person ``owner``.

        Not ``stamped``, the signature carries no time: for a value whose age is judged elsewhere.
        """
        signed: bytes = create_signed_value(
            self._keys(name, owner),
            # The key is bound to the name; saying that again would cost its bytes twice.
            str(self.key_version),
            value,
            version=_FORMAT,
            clock=self._clock if stamped else lambda: 0,
            key_version=self.key_version,
        )
        return signed.decode("ascii")

    def check_known(self, signed: str) -> None:
        """Raise `NotKnownHere` for what a later version of the secret may have signed."""
        fields = _SIGNED.fullmatch(signed)
        if fields is not None:
            self._check_version(fields)

    def verify(
        self, name: str, signed: str, *, owner: str = "", max_age: int | None = None
    ) -> SignedValue | None:
        """Return the value if its signature holds and is at most ``max_age`` seconds old.

        Raises `NotKnownHere` for one of a later version of the secret.
        """
        found = self._checked(name, owner, signed)
        return found if found and self.is_timely(found.signed_at, max_age) else None

    def is_timely(self, signed_at: int, max_age: int | None) -> bool:
        """Return whether a signature is at most ``max_age`` seconds old, and not of the future."""
        age = self._clock() - signed_at
        return age >= -_MAX_AHEAD and (max_age is None or age <= max_age)

    def _checked(self, name: str, owner: str, signed: str) -> SignedValue | None:
        fields = _SIGNED.fullmatch(signed)
        if fields is None:
            self._forged()
            return None
        self._check_version(fields)
        value = self._verified(name, signed, fields[1], owner)
        if value is None:
            self._forged()
            return None
        return SignedValue(value, int(fields[2]), int(fields[1]))

    def _check_version(self, fields: re.Match[str]) -> None:
        if fields[3] == fields[1] and int(fields[1]) > max(self._secrets):
            raise NotKnownHere("a cookie was signed with a secret that is not known here")

    def _verified(self, name: str, signed: str, version: str, owner: str) -> bytes | None:
        return decode_signed_value(
            self._keys(name, owner),
            version,
            signed,
            # Compared above, in seconds and against one clock: here nothing is too old.
            max_age_days=self._clock() / _DAY + 1,
            clock=self._clock,
            min_version=_FORMAT,
        )


def verify_tornados(
    secret: Secrets, name: str, signed: str, max_age_days: float, clock: Callable[[], float]
) -> str | None:
    """Return the text that Tornado's ``set_signed_cookie`` signed, None for anything else.

    For cookies that were there before; the rules of the module hold for them but for the keys.
    """
    stamp = _STAMP.match(signed)
    if stamp is None or int(stamp[1]) > clock() + _MAX_AHEAD:
        return None
    secrets = secret if isinstance(secret, str | bytes) else _as_bytes(secret)
    value = decode_signed_value(
        secrets, name, signed, max_age_days=max_age_days, clock=clock, min_version=_FORMAT
    )
    try:
        return value.decode() if value is not None else None
    except UnicodeDecodeError:
        return None


def _as_bytes(secrets: Mapping[int, str | bytes]) -> dict[int, bytes]:
    return {
        version: secret.encode() if isinstance(secret, str) else secret
        for version, secret in secrets.items()
    }

"""The client tier: values in cookies that are signed, and that is all they are.

Signing makes a value tamper-evident. It does not hide it, end it, or make it the newest one; this
module has no delete, because a copy that somebody kept stays valid until its signature is too old.

Rule 1: Tornado's signing is used here and nowhere else, in format 2 only (HMAC-SHA256).
Rule 2: one lifetime in seconds is both the cookie's Max-Age and the greatest age of its signature.
Rule 3: stamps from more than five minutes ahead are refused.
Rule 4: a signature holds for one application, one cookie, and one person where somebody is signed
in (ASVS 5.0 9.2.2 to 9.2.4): each gets a key of its own, derived from the secret. It costs no byte.
Rule 5: anything else is absent. Junk is never an error, because anybody can send it.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from tornado.web import create_signed_value, decode_signed_value

from ..exceptions import InvalidValue, TooLarge
from ..kinds import JSON, Kind
from ..sessions.sealing import decode, encode
from .wire import MAX_COOKIE, CookieNames, SetCookie

_FORMAT = 2
_MAX_AHEAD = 300
_DAY = 86400


class SignedValue(NamedTuple):
    """A value whose signature holds; ``signed_at`` in epoch seconds."""

    value: bytes
    signed_at: int
    key_version: int


class Signer:
    """Signs and verifies cookie values for one application.

    ``cookie_secret`` maps key versions to secrets; the last one signs, all of them verify.
    Keep the version a lone secret had, 0, while cookies signed with it are about.
    """

    def __init__(
        self,
        cookie_secret: Mapping[int, str],
        application: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not cookie_secret:
            raise ValueError("signing needs at least one secret")
        self._secrets = dict(cookie_secret)
        self._application = application
        self._clock = clock
        self.key_version = next(reversed(self._secrets))
        self._keys = lru_cache(maxsize=1024)(self._derive)

    def _derive(self, name: str, owner: str) -> dict[int, str]:
        purpose = "\0".join((self._application, name, owner)).encode()
        return {
            version: hmac.new(secret.encode(), purpose, "sha256").hexdigest()
            for version, secret in self._secrets.items()
        }

    def sign(self, name: str, value: bytes, *, owner: str = "", stamped: bool = True) -> str:
        """Return ``value`` signed for the cookie ``name`` and the person ``owner``.

        Not ``stamped``, the signature carries no time: for a value whose age is judged elsewhere.
        """
        signed: bytes = create_signed_value(
            self._keys(name, owner),
            "",  # the key is bound to the name; saying it again would cost its bytes twice
            value,
            version=_FORMAT,
            clock=self._clock if stamped else lambda: 0,
            key_version=self.key_version,
        )
        return signed.decode("ascii")

    def verify(
        self, name: str, signed: str, *, owner: str = "", max_age: int | None = None
    ) -> SignedValue | None:
        """Return the value if its signature holds and is at most ``max_age`` seconds old."""
        value = decode_signed_value(
            self._keys(name, owner),
            "",
            signed,
            # Compared below, in seconds and against one clock: here nothing is too old.
            max_age_days=self._clock() / _DAY + 1,
            clock=self._clock,
            min_version=_FORMAT,
        )
        if value is None:
            return None
        # "2|1:0|10:1700000000|…": the signature just verified covers these fields.
        _, version, stamp, _ = signed.split("|", 3)
        signed_at = int(stamp.partition(":")[2])
        age = self._clock() - signed_at
        if age < -_MAX_AHEAD or (max_age is not None and age > max_age):
            return None
        return SignedValue(value, signed_at, int(version.partition(":")[2]))


class SignedCookieTier:
    """Keeps each kind in a signed cookie of its own.

    ``lifetime`` in seconds is for kinds that end with sign-out, ``lasting`` for those that outlive
    it (browsers keep a cookie 400 days at most, RFC 6265bis 5.5).
    """

    def __init__(
        self, signer: Signer, names: CookieNames, *, lifetime: int, lasting: int = 365 * _DAY
    ) -> None:
        self._signer = signer
        self._names = names
        self._lifetime = lifetime
        self._lasting = lasting

    def cookie_name(self, kind: Kind) -> str:
        """Return the name of the cookie that holds ``kind``."""
        return self._names.name(kind.name)

    def load(self, kind: Kind, cookies: Mapping[str, str], owner: str) -> JSON:
        """Return the value the request carries, None when there is none that can be trusted."""
        signed = self._verified(kind, cookies, owner)
        if signed is None:
            return None
        try:
            return decode(signed.value)
        except ValueError:
            return None

    def is_outdated(self, kind: Kind, cookies: Mapping[str, str], owner: str) -> bool:
        """Return whether the value the request carries was signed by an older secret."""
        signed = self._verified(kind, cookies, owner)
        return signed is not None and signed.key_version != self._signer.key_version

    def keep(self, kind: Kind, value: JSON, owner: str) -> SetCookie:
        """Return the header that keeps ``value``; raises `TooLarge` or `InvalidValue`."""
        try:
            encoded = encode(value)
        except ValueError as error:
            raise InvalidValue(kind.name, str(error)) from error
        name = self.cookie_name(kind)
        signed = self._signer.sign(name, encoded, owner=owner)
        if len(name) + len(signed) > MAX_COOKIE:
            raise TooLarge(f"the cookie of {kind.name}", len(name) + len(signed), MAX_COOKIE)
        return self._names.set(kind.name, signed, self._max_age(kind))

    def clear(self, kind: Kind) -> SetCookie:
        """Return the header that asks the browser to forget. A copy made earlier stays valid."""
        return self._names.clear(kind.name)

    def _verified(self, kind: Kind, cookies: Mapping[str, str], owner: str) -> SignedValue | None:
        name = self.cookie_name(kind)
        if name not in cookies:
            return None
        return self._signer.verify(name, cookies[name], owner=owner, max_age=self._max_age(kind))

    def _max_age(self, kind: Kind) -> int:
        return self._lasting if kind.needs.outlives_logout else self._lifetime

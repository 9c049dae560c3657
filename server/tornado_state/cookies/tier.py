"""The client tier: values in cookies that are signed, and that is all they are.

This module has no delete, because a copy that somebody kept stays valid until its signature is too
old; it can only ask the browser to forget.

Rule 1: one lifetime in seconds is both the cookie's Max-Age and the greatest age of its signature.
Rule 2: a value of another version of its kind says so before its text: ``2:{…}``.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ..confirmed import Texts
from ..exceptions import TooLarge
from ..kinds import Kind
from ..recent import Recent
from .signing import Signer
from .wire import MAX_COOKIE, CookieNames, Cookies, SetCookie

_DAY = 86400

#: Values that need not be read again, at least, and how long each is at most.
_REMEMBERED = 4096
_LONGEST = 1024

_VERSIONED = re.compile(rb"(?:([0-9]{1,9}):)?(.*)", re.DOTALL)


class Carried(msgspec.Struct, frozen=True, gc=False):
    """What a request's cookie carries: a text, by the name that it has in a record."""

    texts: Texts
    signed_at: int
    outdated: bool


class SignedCookieTier:
    """Keeps each kind in a signed cookie of its own.

    ``lifetime`` in seconds is for kinds that end with sign-out, ``lasting`` for those that outlive
    it (browsers keep a cookie 400 days at most, RFC 6265bis 5.5).

    A value whose signature held lately is not checked again: it holds for ever. How old it may be
    is looked at each time.
    """

    def __init__(
        self, signer: Signer, names: CookieNames, *, lifetime: int, lasting: int = 365 * _DAY
    ) -> None:
        self._signer = signer
        self._names = names
        self._lifetime = lifetime
        self._lasting = lasting
        self._cookie_names: dict[Kind[Any], str] = {}
        self._recent: Recent[tuple[Kind[Any], str, str], Carried] = Recent(_REMEMBERED)

    def cookie_name(self, kind: Kind[Any]) -> str:
        """Return the name of the cookie that holds ``kind``."""
        name = self._cookie_names.get(kind)
        if name is None:
            name = self._cookie_names[kind] = self._names.name(kind.name)
        return name

    def read(self, kind: Kind[Any], cookies: Cookies, owner: str) -> Carried | None:
        """Return what the request carries, None when there is nothing that can be trusted.

        Raises `NotKnownHere` for a value that a secret of a later version may have signed.
        """
        value = cookies.get(self.cookie_name(kind))
        if value is None:
            # Junk and twins are absent too, but for what a later secret may have signed.
            for candidate in cookies.candidates(self.cookie_name(kind)):
                self._signer.verify(self.cookie_name(kind), candidate, owner=owner)
            return None
        carried = self._recent[kind, owner, value] or self._read(kind, owner, value)
        is_timely = carried and self._signer.is_timely(carried.signed_at, self._max_age(kind))
        return carried if is_timely else None

    def _read(self, kind: Kind[Any], owner: str, value: str) -> Carried | None:
        signed = self._signer.verify(self.cookie_name(kind), value, owner=owner)
        match = _VERSIONED.fullmatch(signed.value) if signed else None
        if signed is None or match is None:
            return None
        record_name = f"{kind.name}@{int(match[1])}" if match[1] else kind.name
        outdated = signed.key_version != self._signer.key_version
        carried = Carried({record_name: match[2]}, signed.signed_at, outdated)
        if len(value) <= _LONGEST:
            self._recent.put((kind, owner, value), carried)
        return carried

    def check_known(self, kind: Kind[Any], cookies: Cookies) -> None:
        """Raise `NotKnownHere` where a secret of a later version may have signed a candidate."""
        for candidate in cookies.candidates(self.cookie_name(kind)):
            self._signer.check_known(candidate)

    def keep(self, kind: Kind[Any], text: bytes, owner: str) -> SetCookie:
        """Return the header that keeps the value that ``text`` says; raises `TooLarge`."""
        name = self.cookie_name(kind)
        value = text if kind.version == 1 else b"%d:%s" % (kind.version, text)
        signed = self._signer.sign(name, value, owner=owner)
        if len(name) + len(signed) > MAX_COOKIE:
            raise TooLarge(f"the cookie of {kind.name}", len(name) + len(signed), MAX_COOKIE)
        return self._names.set(kind.name, signed, self._max_age(kind))

    def clear(self, kind: Kind[Any]) -> SetCookie:
        """Return the header that asks the browser to forget. A copy made earlier stays valid."""
        return self._names.clear(kind.name)

    def _max_age(self, kind: Kind[Any]) -> int:
        return self._lasting if kind.needs.outlives_logout else self._lifetime

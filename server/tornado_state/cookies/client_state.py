"""The kinds of one request that live in signed cookies: what came, what became of it, what to send.

Rule 1: a cookie is verified when its kind is first used, and sent when its value changed, or when
one is assigned that an older secret had signed.
Rule 2: a kind that ends with sign-out is *bound*: its signature holds only for the person signed
in. What a visitor has is handed over by signing in, signed anew for the person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..exceptions import InvalidValue
from ..kinds import JSON, Kind
from ..sessions.sealing import encode
from .signed_cookie import SignedCookieTier
from .wire import SetCookie


class ClientState:
    """See the module's rules. ``owner`` is the person signed in, "" for nobody."""

    def __init__(
        self,
        tier: SignedCookieTier,
        kinds: tuple[Kind, ...],
        bound_kinds: frozenset[Kind],
        cookies: Mapping[str, str],
    ) -> None:
        self._tier = tier
        self._cookies = cookies
        self._kinds = kinds
        self.bound_kinds = bound_kinds
        self._values: dict[Kind, JSON] = {}
        self._loaded: dict[Kind, bytes | None] = {}
        self._signed_anew: set[Kind] = set()

    def get(self, kind: Kind, owner: str, default: JSON) -> JSON:
        """Return the value of ``kind``, the live one."""
        self._load(kind, owner)
        value = self._values[kind]
        return default if value is None else value

    def set(self, kind: Kind, owner: str, value: JSON) -> None:
        """Assign ``value``; None to have the browser forget."""
        self._load(kind, owner)
        self._values[kind] = value
        if self._tier.is_outdated(kind, self._cookies, owner):
            self._signed_anew.add(kind)

    def hand_over(self, owner: str) -> None:
        """Read every bound kind as ``owner``, so that it is signed for whoever comes after."""
        for kind in self.bound_kinds:
            self._load(kind, owner)
            self._signed_anew.add(kind)

    def drop_bound(self) -> None:
        """Drop every kind that does not outlive sign-out."""
        for kind in self._kinds:
            if not kind.needs.outlives_logout:
                self._values[kind] = None
                self._loaded.setdefault(kind, b"" if self._presented(kind) else None)

    def discard(self) -> None:
        """Put every value back to what the request carried."""
        self._values.clear()
        self._loaded.clear()
        self._signed_anew.clear()

    def set_cookies(self, owner: Callable[[], str]) -> list[SetCookie]:
        """Return the headers due; `TooLarge` or `InvalidValue` when a value cannot be kept.

        ``owner`` is asked only for a bound kind to keep: the session may be out of reach.
        """
        return [self._set_cookie(kind, owner) for kind in self._values if self._changed(kind)]

    def _set_cookie(self, kind: Kind, owner: Callable[[], str]) -> SetCookie:
        value = self._values[kind]
        if value is None:
            return self._tier.clear(kind)
        return self._tier.keep(kind, value, owner() if kind in self.bound_kinds else "")

    def _changed(self, kind: Kind) -> bool:
        value, loaded = self._values[kind], self._loaded[kind]
        if value is None:
            return loaded is not None
        return kind in self._signed_anew or _text(kind, value) != loaded

    def _load(self, kind: Kind, owner: str) -> None:
        if kind in self._loaded:
            return
        value = self._tier.load(kind, self._cookies, owner)
        self._values[kind] = value
        self._loaded[kind] = None if value is None else _text(kind, value)

    def _presented(self, kind: Kind) -> bool:
        return self._tier.cookie_name(kind) in self._cookies


def _text(kind: Kind, value: JSON) -> bytes:
    try:
        return encode(value)
    except ValueError as error:
        raise InvalidValue(kind.name, str(error)) from error

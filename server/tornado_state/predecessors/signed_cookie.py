"""Tornado's own signed cookies: ``set_signed_cookie("user", …)``, format 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cookies.signing import Secrets, verify_tornados
from .adopted import Adopted, Asked, Convert, Predecessor


class SignedCookie(Predecessor):
    """One cookie, whose text is its value. See `from_signed_cookie`."""

    def __init__(
        self, cookie: str, *, max_age_days: float, cookie_secret: Secrets | None, **options: Any
    ) -> None:
        super().__init__(cookie, **options)
        self._max_age_days = max_age_days
        self._cookie_secret = cookie_secret

    def verify(self, presented: str, asked: Asked) -> str | None:
        """Return the text that was signed, None where the signature does not hold."""
        secret = self._cookie_secret or asked.cookie_secret
        max_age, clock = self._max_age_days, asked.clock
        return verify_tornados(secret, self.cookie, presented, max_age, clock)

    async def read(self, presented: str, asked: Asked) -> Mapping[str, Any] | None:
        """See `Predecessor.read`."""
        text = self.verify(presented, asked)
        return None if text is None else {self.cookie: text}


def from_signed_cookie(
    name: str,
    convert: Convert = lambda text: text,
    *,
    max_age_days: float = 30,
    cookie_secret: Secrets | None = None,
    domain: str | None = None,
    path: str = "/",
    remember: bool = False,
) -> Adopted:
    """Return what ``set_signed_cookie(name, …)`` kept, as text, for `Kind`'s ``adopts``.

    ``max_age_days`` is how old it may be, ``cookie_secret`` what signed it, if that is not the
    application's of today. See `Predecessor` for the rest, `Predecessor.field` for ``convert``.
    """
    predecessor = SignedCookie(
        name,
        max_age_days=max_age_days,
        cookie_secret=cookie_secret,
        domain=domain,
        path=path,
        remember=remember,
    )
    return predecessor.field(name, convert)

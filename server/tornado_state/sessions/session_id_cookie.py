"""The cookie that carries a session ID: signed, so that a forged ID costs no lookup.

It is not stamped with a time. How old a session is, its record says, by one clock instead of every
host's own; a host whose clock is ahead makes no session that the others refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..cookies.signed_cookie import Signer
from ..cookies.wire import CookieNames, SetCookie
from .sealing import is_session_id

_SESSION_ID = "session-id"


class PresentedID(NamedTuple):
    """A session ID whose signature holds; ``outdated`` when a newer secret signs by now."""

    session_id: str
    outdated: bool


class SessionIDCookie:
    """Reads the session ID from a request's cookies and makes the header that keeps it."""

    def __init__(self, signer: Signer, names: CookieNames) -> None:
        self._signer = signer
        self._names = names
        self.name = names.name(_SESSION_ID)

    def read(self, cookies: Mapping[str, str]) -> PresentedID | None:
        """Return the ID presented; None for none, a forged or a malformed one."""
        if self.name not in cookies:
            return None
        signed = self._signer.verify(self.name, cookies[self.name])
        if signed is None:
            return None
        session_id = signed.value.decode("ascii", "replace")
        if not is_session_id(session_id):
            return None
        return PresentedID(session_id, signed.key_version != self._signer.key_version)

    def keep(self, session_id: str, max_age: int) -> SetCookie:
        """Return the header that keeps ``session_id`` for ``max_age`` seconds."""
        signed = self._signer.sign(self.name, session_id.encode("ascii"), stamped=False)
        return self._names.set(_SESSION_ID, signed, max_age)

    def clear(self) -> SetCookie:
        """Return the header that deletes the cookie."""
        return self._names.clear(_SESSION_ID)

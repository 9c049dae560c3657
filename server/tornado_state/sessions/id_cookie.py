"""The cookie that carries a session ID: signed, so that a forged ID costs no lookup.

A session ID says which version of the secret its keys depend on (:mod:`.sealing`). One of a later
version than any known here is another process's, as a signature is; one of a version that was
dropped leads nowhere any more.

It is not stamped with a time. How old a session is, its record says, by one clock instead of every
host's own; a host whose clock is ahead makes no session that the others refuse.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..cookies.signing import SignedValue, Signer
from ..cookies.wire import CookieNames, Cookies, SetCookie
from ..exceptions import NotKnownHere
from ..recent import Recent
from .sealing import Sealer, is_session_id

_SESSION_ID = "session-id"

#: Signatures that need not be checked again, at least.
_REMEMBERED = 16_384


class Presented(msgspec.Struct, frozen=True, gc=False):
    """What a request's cookies say of a session.

    ``session_id`` is one whose signature holds, ``outdated`` whether a newer secret signs by now.
    Of several candidates none is taken, because an attacker may have planted one; they are
    ``others``. ``named`` is whether there is a cookie of the name at all.
    """

    session_id: str | None = None
    outdated: bool = False
    others: tuple[str, ...] = ()
    named: bool = False


NOBODY = Presented()


class SessionIDCookie:
    """Reads the session ID from a request's cookies and makes the header that keeps it.

    ``persistent`` is whether the browser keeps it beyond its own end, remembered or not. A cookie
    whose signature was checked lately is not checked again: it has no age, and whether its session
    lives is not for it to say.
    """

    def __init__(
        self, signer: Signer, sealer: Sealer, names: CookieNames, *, persistent: bool = True
    ) -> None:
        self._signer = signer
        self._sealer = sealer
        self._names = names
        self._persistent = persistent
        self.name = names.name(_SESSION_ID)
        self._recent: Recent[str, Presented] = Recent(_REMEMBERED)

    def read(self, cookies: Cookies) -> Presented:
        """Return what is presented; a forged or a malformed ID is none.

        Raises `NotKnownHere` for one that a secret of a later version may have signed.
        """
        value = cookies.get(self.name)
        if value is not None:
            return self._recent[value] or self._read(value)
        candidates = cookies.candidates(self.name)
        return Presented(others=self._readable(candidates), named=True) if candidates else NOBODY

    def keep(self, session_id: str, max_age: int, remembered: bool) -> SetCookie:
        """Return the header that keeps ``session_id`` for ``max_age`` seconds."""
        signed = self._signer.sign(self.name, session_id.encode("ascii"), stamped=False)
        lasting = self._persistent or remembered
        return self._names.set(_SESSION_ID, signed, max_age if lasting else None)

    def clear(self) -> SetCookie:
        """Return the header that deletes the cookie."""
        return self._names.clear(_SESSION_ID)

    def _read(self, candidate: str) -> Presented:
        signed = self._verified(candidate)
        if signed is None:
            return Presented(named=True)
        outdated = signed.key_version != self._signer.key_version
        presented = Presented(signed.value.decode("ascii"), outdated, named=True)
        self._recent.put(candidate, presented)
        return presented

    def _readable(self, candidates: Iterable[str]) -> tuple[str, ...]:
        found = []
        for candidate in dict.fromkeys(candidates):
            if signed := self._verified(candidate):
                found.append(signed.value.decode("ascii"))
        return tuple(found)

    def _verified(self, candidate: str) -> SignedValue | None:
        signed = self._signer.verify(self.name, candidate)
        session_id = signed.value.decode("ascii", "replace") if signed else ""
        if not is_session_id(session_id):
            return None
        if self._sealer.is_newer(session_id):
            raise NotKnownHere("a session's keys depend on a secret that is not known here")
        return signed if self._sealer.knows(session_id) else None

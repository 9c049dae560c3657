"""From a session ID to the store key and the sealed record, and back.

Rule 1: a session ID carries 256 random bits, drawn here and nowhere else (ASVS 5.0 7.2.3 asks for
128), behind the version of the secret that its keys depend on.
Rule 2: the store learns neither the ID nor the content. The store key and the encryption key are
two derivations from the ID under a key of the application's secret (HKDF-Expand, RFC 5869 2.3, one
block each). Whoever holds the whole store can neither present a session nor read one; and whoever
knows an ID, because it is his own, can neither find its record nor write one.
Rule 3: both keys come from one version of the secret for as long as the ID lasts. So a new version
loses no record and changes no store key while the old one is listed. A version that is not known
here is another process's, `NotKnownHere`.
Rule 4: a sealed record opens only under its own ID: AES-256-GCM, with the format and the store key
as associated data. Foreign, corrupt, truncated or swapped bytes are detected, never decoded.

Session ID: the version in digits, a full stop, 43 characters of the URL-safe base64 alphabet.
Sealed layout: 1 byte format, 12 bytes nonce, ciphertext with its 16-byte tag. The format tells a
session from the last word of one that is over, also to whoever cannot open it.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..exceptions import NotKnownHere

_SESSION = b"\x01"
_LAST_WORD = b"\x02"
#: Formats that releases to come may use; garbage begins with anything else.
_LAST_FORMAT = b"\x0f"
#: Keys that need not be derived again: sessions are used many times in a row.
_REMEMBERED = 16_384

_NONCE = 12
_TAG = 16
_SESSION_ID = re.compile(r"(?:0|[1-9][0-9]{0,8})\.[A-Za-z0-9_-]{43}")


class Contents(NamedTuple):
    """What a record says: when it was made and last written, in epoch seconds, and JSON text.

    ``remembered`` is whether the longer clocks of "remember me" count.
    """

    created_at: int
    written_at: int
    remembered: bool
    data: bytes


def new_session_id(key_version: int) -> str:
    """Return a session ID with 256 random bits, whose keys depend on that version."""
    return f"{key_version}.{secrets.token_urlsafe(32)}"


def is_session_id(text: str) -> bool:
    """Return whether ``text`` has the shape of a session ID."""
    return _SESSION_ID.fullmatch(text) is not None


def key_version_of(session_id: str) -> int:
    """Return the version of the secret that the keys of ``session_id`` depend on."""
    return int(session_id.partition(".")[0])


class Sealer:
    """Finds and seals the records of one application's sessions.

    ``cookie_secret`` maps key versions to secrets; new session IDs are to be of ``key_version``.
    `store_key`, `seal` and `unseal` raise
    `NotKnownHere` for a session ID whose version is not among them.
    """

    def __init__(
        self, cookie_secret: Mapping[int, bytes], application: str, key_version: int
    ) -> None:
        self.key_version = key_version
        purpose = f"session records\0{application}".encode()
        self._keys = {
            version: hmac.digest(secret, purpose, "sha256")
            for version, secret in cookie_secret.items()
        }
        #: Returns the 43 characters under which the record of a session ID is kept.
        self.store_key = lru_cache(maxsize=_REMEMBERED)(self._store_key)
        self._cipher = lru_cache(maxsize=_REMEMBERED)(self._make_cipher)

    def knows(self, session_id: str) -> bool:
        """Return whether the keys of ``session_id`` can be had here."""
        return key_version_of(session_id) in self._keys

    def is_newer(self, session_id: str) -> bool:
        """Return whether its keys depend on a later version than any that is known here."""
        return key_version_of(session_id) > max(self._keys)

    def derived_id(self, purpose: str, what: bytes) -> str:
        """Return the ID under which a record that is no session is kept.

        It is the same for each ``what``, and depends on the oldest secret that is listed: so that
        processes which have a new one and processes which do not yet agree on it.
        """
        version = min(self._keys)
        derived = hmac.digest(self._keys[version], b"%s\0%s" % (purpose.encode(), what), "sha256")
        return f"{version}.{_text(derived)}"

    def seal(self, session_id: str, contents: Contents, *, last_word: bool = False) -> bytes:
        """Return ``contents`` encrypted and bound to ``session_id``."""
        form = _LAST_WORD if last_word else _SESSION
        cipher, bound_to = self._cipher(session_id, form)
        nonce = os.urandom(_NONCE)
        text = b"%d,%d,%d,%s" % contents
        return form + nonce + cipher.encrypt(nonce, text, bound_to)

    def unseal(self, session_id: str, sealed: bytes) -> Contents | None:
        """Return the contents, or None when these bytes are not a record of ``session_id``."""
        form = sealed[:1]
        if form not in {_SESSION, _LAST_WORD} or len(sealed) < 1 + _NONCE + _TAG:
            return None
        cipher, bound_to = self._cipher(session_id, form)
        try:
            text = cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], bound_to)
            created_at, written_at, remembered, data = text.split(b",", 3)
            return Contents(int(created_at), int(written_at), remembered == b"1", data)
        except (InvalidTag, ValueError):
            return None

    def _derive(self, session_id: str, label: bytes) -> bytes:
        key = self._keys.get(key_version_of(session_id))
        if key is None:
            raise NotKnownHere("the keys of a session depend on a secret that is not known here")
        return hmac.digest(key, b"%s\0%s\x01" % (label, session_id.encode("ascii")), "sha256")

    def _store_key(self, session_id: str) -> str:
        return _text(self._derive(session_id, b"store key"))

    def _make_cipher(self, session_id: str, form: bytes) -> tuple[AESGCM, bytes]:
        bound_to = form + self.store_key(session_id).encode("ascii")
        return AESGCM(self._derive(session_id, b"record key")), bound_to


def _text(derived: bytes) -> str:
    return urlsafe_b64encode(derived).rstrip(b"=").decode("ascii")


def is_last_word(sealed: bytes) -> bool:
    """Return whether a record says that its session is over."""
    return sealed[:1] == _LAST_WORD


def is_newer(sealed: bytes) -> bool:
    """Return whether a later release wrote these bytes, in a format not known here."""
    return _LAST_WORD < sealed[:1] <= _LAST_FORMAT

"""From a session ID to the store key and the sealed record, and back.

Rule 1: a session ID is 256 random bits, made here and nowhere else (ASVS 5.0 7.2.3 asks for 128).
Rule 2: the store learns neither the ID nor the content. The store key and the encryption key are
two derivations from the ID (HKDF-Expand, RFC 5869 2.3, one block each), so whoever holds the whole
store can neither present a session nor read one, and rotating cookie secrets loses no record.
Rule 3: a sealed record opens only under its own ID: AES-256-GCM, with the format and the store key
as associated data. Foreign, corrupt, truncated or swapped bytes are detected, never decoded.

Sealed layout: 1 byte format, 12 bytes nonce, ciphertext with its 16-byte tag. The format tells a
session from the last word of one that is over, also to whoever cannot open it.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_SESSION = b"\x01"
_LAST_WORD = b"\x02"
#: Formats that releases to come may use; garbage begins with anything else.
_LAST_FORMAT = b"\x0f"
#: Keys that need not be derived again: sessions are used many times in a row.
_REMEMBERED = 16_384

_NONCE = 12
_TAG = 16
_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{43}")


class Contents(NamedTuple):
    """What a record says: when it was made and last written, in epoch seconds, and JSON text.

    ``remembered`` is whether the longer clocks of "remember me" count.
    """

    created_at: int
    written_at: int
    remembered: bool
    data: bytes


def new_session_id() -> str:
    """Return 43 characters carrying 256 random bits."""
    return secrets.token_urlsafe(32)


def is_session_id(text: str) -> bool:
    """Return whether ``text`` has the shape of a session ID."""
    return _SESSION_ID.fullmatch(text) is not None


def _derive(session_id: str, label: bytes) -> bytes:
    return hmac.digest(session_id.encode("ascii"), label + b"\x01", "sha256")


@lru_cache(maxsize=_REMEMBERED)
def store_key(session_id: str) -> str:
    """Return the 43 characters under which the record of ``session_id`` is kept."""
    return urlsafe_b64encode(_derive(session_id, b"store key")).rstrip(b"=").decode("ascii")


@lru_cache(maxsize=_REMEMBERED)
def _cipher(session_id: str, form: bytes) -> tuple[AESGCM, bytes]:
    bound_to = form + store_key(session_id).encode("ascii")
    return AESGCM(_derive(session_id, b"record key")), bound_to


def is_last_word(sealed: bytes) -> bool:
    """Return whether a record says that its session is over."""
    return sealed[:1] == _LAST_WORD


def seal(session_id: str, contents: Contents, *, last_word: bool = False) -> bytes:
    """Return ``contents`` encrypted and bound to ``session_id``."""
    form = _LAST_WORD if last_word else _SESSION
    cipher, bound_to = _cipher(session_id, form)
    nonce = secrets.token_bytes(_NONCE)
    text = b"%d,%d,%d,%s" % contents
    return form + nonce + cipher.encrypt(nonce, text, bound_to)


def unseal(session_id: str, sealed: bytes) -> Contents | None:
    """Return the contents, or None when these bytes are not a record of ``session_id``."""
    form = sealed[:1]
    if form not in {_SESSION, _LAST_WORD} or len(sealed) < 1 + _NONCE + _TAG:
        return None
    cipher, bound_to = _cipher(session_id, form)
    try:
        text = cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], bound_to)
        created_at, written_at, remembered, data = text.split(b",", 3)
        return Contents(int(created_at), int(written_at), remembered == b"1", data)
    except (InvalidTag, ValueError):
        return None


def is_newer(sealed: bytes) -> bool:
    """Return whether a later release wrote these bytes, in a format not known here."""
    return _LAST_WORD < sealed[:1] <= _LAST_FORMAT

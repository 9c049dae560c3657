"""What every store refuses before it does anything: arguments that the contract does not allow.

They are mistakes of the program, never of a visitor, so each is a `ValueError`; its text shows
neither the store key nor the record.
"""

from __future__ import annotations

from functools import lru_cache
from string import ascii_letters, digits

#: A store key is 32 bytes in URL-safe base64 without padding.
_KEY_LENGTH = 43
_KEY_CHARACTERS = f"{ascii_letters}{digits}_-".encode()

#: memcached takes more seconds than 30 days for a date in 1970, and the record would be gone at
#: once.
LONGEST_IDLE = 2_592_000

#: memcached's own limit is about 1,048,476 bytes; the session tier stops far below, at 65,536.
LARGEST_SEALED = 1_000_000


def check_key(key: str) -> None:
    """Raise `ValueError` unless ``key`` is 43 characters of ``A-Z a-z 0-9 _ -``."""
    if not isinstance(key, str) or _is_wrong(key):
        raise ValueError("a store key is 43 characters of A-Z, a-z, 0-9, _ and -")


def check_idle(idle: int) -> None:
    """Raise `ValueError` unless ``idle`` is a whole number (an int) of 1 to 2,592,000 seconds."""
    if type(idle) is not int or not 1 <= idle <= LONGEST_IDLE:
        raise ValueError(f"idle is 1 to {LONGEST_IDLE} seconds, a whole number, not {idle!r}")


def check_sealed(sealed: bytes) -> None:
    """Raise `ValueError` for what is no bytes, or more than 1,000,000 of them."""
    if not isinstance(sealed, bytes):
        raise ValueError(f"a record is bytes, not {type(sealed).__name__}")
    if len(sealed) > LARGEST_SEALED:
        raise ValueError(f"a record is at most {LARGEST_SEALED} bytes, not {len(sealed)}")


def check_token(token: bytes) -> None:
    """Raise `ValueError` unless ``token`` is bytes; what they mean, the store alone knows."""
    if not isinstance(token, bytes):
        raise ValueError(f"a token is the bytes that load returned, not {type(token).__name__}")


@lru_cache(maxsize=16_384)
def _is_wrong(key: str) -> bool:
    # What is left without them is none of them; this is faster than a regular expression.
    is_right = len(key) == _KEY_LENGTH and key.isascii()
    return not is_right or bool(key.encode().translate(None, _KEY_CHARACTERS))

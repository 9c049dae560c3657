"""What anybody can read out of a cookie's value, knowing nothing secret. Pure.

Every run of characters that could be base64 or hex is taken for it, compressed bytes are inflated,
percent escapes are undone; whatever comes out is taken apart once more.
"""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from urllib.parse import unquote

_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_DEEPEST = 3


def decodings(text: str, depth: int = 0) -> Iterator[str]:
    """Yield ``text`` and everything that can be read in it."""
    yield text
    if depth == _DEEPEST:
        return
    if (plain := unquote(text)) != text:
        yield from decodings(plain, depth + 1)
    for run in _RUN.findall(text):
        for raw in _raw(run):
            yield from decodings(raw.decode("utf-8", "replace"), depth + 1)
            yield from (inflated.decode("utf-8", "replace") for inflated in _inflated(raw))


def _raw(run: str) -> Iterator[bytes]:
    bare = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        yield b64decode(bare + "=" * (-len(bare) % 4))
        yield bytes.fromhex(bare)
    except (binascii.Error, ValueError):
        return


def _inflated(raw: bytes) -> Iterator[bytes]:
    try:
        yield zlib.decompressobj().decompress(raw, 65_536)
    except zlib.error:
        return

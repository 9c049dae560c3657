"""What anybody can read out of a cookie's value or a store's, knowing nothing secret. Pure.

Every run of characters that could be base64 or hex is taken for it, compressed bytes are inflated,
percent escapes are undone; whatever comes out is taken apart once more.
"""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote

_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
#: How compressed bytes begin: zlib's (RFC 1950) or gzip's (RFC 1952).
_HEAD = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
#: What zlib calls them: either of the two by its head, and neither, without one (RFC 1951).
_FORMS = (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS)
_LONGEST = 65_536
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
            yield from decodings_of_bytes(raw, depth + 1)


def decodings_of_bytes(raw: bytes, depth: int = 0) -> Iterator[str]:
    """Yield everything that can be read in ``raw``, which may be text, or compressed."""
    yield from decodings(raw.decode("utf-8", "replace"), depth)
    if depth < _DEEPEST:
        for inflated in _inflated(raw):
            yield from decodings_of_bytes(inflated, depth + 1)


def _raw(run: str) -> Iterator[bytes]:
    bare = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        yield b64decode(bare + "=" * (-len(bare) % 4))
        yield bytes.fromhex(bare)
    except (binascii.Error, ValueError):
        return


def _inflated(raw: bytes) -> Iterator[bytes]:
    """Yield what is inflated as zlib, gzip or bare, from the start or wherever a head may be."""
    starts = dict.fromkeys([0, *(found.start() for found in _HEAD.finditer(raw))])
    for start in starts:
        for form in _FORMS:
            with suppress(zlib.error):
                if inflated := zlib.decompressobj(form).decompress(raw[start:], _LONGEST):
                    yield inflated

"""What anybody can read out of a cookie's value or a store's, knowing nothing secret. Pure.

Rule 1: every run of characters that could be base64 or hex is taken for it, compressed bytes are
inflated, percent escapes are undone; whatever comes out is taken apart once more.
Rule 2: a `Reading` says by which layers it was come by, and what it looks like: JSON, a JWT, what
PHP or Ruby serialize. Whether it is a secret is not said here.
Rule 3: however hostile a value is, what is looked at has an end, in all and in each layer.
"""

from __future__ import annotations

import binascii
import json
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import unquote

_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_PADDING = re.compile(r"(?<=[A-Za-z0-9+/_%-]{8})(?:=|%3D){1,2}$", re.IGNORECASE)
#: How compressed bytes begin: zlib's (RFC 1950) or gzip's (RFC 1952).
_HEAD = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
#: What zlib calls them: either of the two by its head, and neither, without one (RFC 1951).
_FORMS = {"zlib": zlib.MAX_WBITS | 32, "deflate": -zlib.MAX_WBITS}
_LONGEST = 65_536
_MOST_HEADS = 16
_DEEPEST = 3
#: Characters that are looked at for one value, whatever comes out of it.
_MOST = 1_000_000

#: How texts of some formats look, in the order in which they are told from each other.
_LOOKS = (
    ("PHP serialized", re.compile(r'(?:^|[;{|])[aOs]:\d+:["{]')),
    ("Ruby Marshal", re.compile(r"^\x04\x08")),
    ("pickle", re.compile(r"^(?:�[\x02-\x05]|\(?[dl]p\d)")),
)


@dataclass(frozen=True)
class Reading:
    """A text that somebody can read, and the layers under which it was found."""

    layers: tuple[str, ...]
    text: str

    @property
    def looks(self) -> str:
        """What it is, in a word or two."""
        if self.layers[-1:] == ("base64",) and _is_json(self.text) and '"alg"' in self.text:
            return "the head of a JWT"
        if _is_json(self.text):
            return "JSON"
        return next((name for name, looks in _LOOKS if looks.search(self.text)), "text")

    def __str__(self) -> str:
        return " in ".join((self.looks, *reversed(self.layers)))


@dataclass
class _Budget:
    """What may still be looked at, and what has been."""

    left: int = _MOST
    seen: set[object] = field(default_factory=set)

    def takes(self, what: str | bytes) -> bool:
        """Return whether ``what`` is worth looking at, and count it."""
        known = hash(what) in self.seen
        self.seen.add(hash(what))
        self.left -= len(what) + 64
        return not known and self.left > 0


def decodings(text: str) -> Iterator[str]:
    """Yield ``text`` and everything that can be read in it."""
    return (each.text for each in readings(text))


def decodings_of_bytes(raw: bytes) -> Iterator[str]:
    """Yield everything that can be read in ``raw``, which may be text, or compressed."""
    return (each.text for each in _of_bytes(raw, (), _Budget()))


def readings(text: str) -> Iterator[Reading]:
    """Yield ``text`` and everything that can be read in it, with how."""
    return _of_text(text, (), _Budget())


_NO_BASE64 = re.compile("[^A-Za-z0-9+/_-]")


def same_bytes(text: str, other: str) -> bool:
    """Return whether two texts are one to whoever decodes them: nothing was changed then.

    The last character of base64 has bits that mean nothing (RFC 4648 3.5), many decoders pass over
    what is none of its characters (3.3), and escapes may be written in either case.
    """
    text, other = unquote(text), unquote(other)
    if _NO_BASE64.sub("", text) == _NO_BASE64.sub("", other):
        return True
    runs, others = _RUN.findall(text), _RUN.findall(other)
    if len(runs) != len(others) or _RUN.sub("", text) != _RUN.sub("", other):
        return False
    return all(
        run == new or next(_base64(run), run) == next(_base64(new), new)
        for run, new in zip(runs, others, strict=True)
    )


def without_padding(text: str) -> str:
    """Return a text without what pads its base64 to a length: many decoders do not look at it."""
    return _PADDING.sub("", text)


def _of_text(text: str, layers: tuple[str, ...], budget: _Budget) -> Iterator[Reading]:
    if not budget.takes(text):
        return
    yield Reading(layers, text)
    if len(layers) >= _DEEPEST:
        return
    if (plain := unquote(text)) != text:
        yield from _of_text(plain, (*layers, "percent escapes"), budget)
    for run in _RUN.findall(text):
        for name, raw in (("base64", _base64(run)), ("hex", _hex(run))):
            for each in raw:
                yield from _of_bytes(each, (*layers, name), budget)


def _of_bytes(raw: bytes, layers: tuple[str, ...], budget: _Budget) -> Iterator[Reading]:
    yield from _of_text(raw.decode("utf-8", "replace"), layers, budget)
    if len(layers) < _DEEPEST and budget.takes(raw):
        for name, inflated in _inflated(raw, budget):
            yield from _of_bytes(inflated, (*layers, name), budget)


def _base64(run: str) -> Iterator[bytes]:
    bare = run.rstrip("=").replace("-", "+").replace("_", "/")
    with suppress(binascii.Error, ValueError):
        yield b64decode(bare + "=" * (-len(bare) % 4))


def _hex(run: str) -> Iterator[bytes]:
    with suppress(ValueError):
        yield bytes.fromhex(run)


def _inflated(raw: bytes, budget: _Budget) -> Iterator[tuple[str, bytes]]:
    """Yield what is inflated as zlib, gzip or bare, from the start or wherever a head may be."""
    heads = [found.start() for found in islice(_HEAD.finditer(raw), _MOST_HEADS)]
    for start in dict.fromkeys([0, *heads]):
        for name, form in _FORMS.items():
            if budget.left <= 0:
                return
            with suppress(zlib.error):
                if inflated := zlib.decompressobj(form).decompress(raw[start:], _LONGEST):
                    yield name, inflated


def _is_json(text: str) -> bool:
    try:
        return text[:1] in {"{", "["} and isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False

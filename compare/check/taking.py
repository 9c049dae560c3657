"""Values out of answers, for use in later requests: tokens above all. Pure.

Rule 1: what a page writes with entities (``&amp;``) and a cookie with percent signs is undone.
Rule 2: no page takes long, whatever is in it: tags are found by a pattern that never looks back,
and a file's own pattern gets the page in pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote

from ..browser import Reply
from ..harmless import words_of_page
from ..jar import name_of
from .answers import as_text, field_of
from .shape import Take

#: Characters of a page that are looked at, and of a piece of it, which overlaps the next one by
#: half.
_LOOKED_AT, _PIECE = 400_000, 8_192
_TAG = re.compile(r"<(?:meta|input|textarea)\b[^<>]{0,8192}>", re.IGNORECASE)


def taken(take: Take, reply: Reply, jar: Mapping[str, str]) -> str | None:
    """Return the value, None where the answer has none."""
    if take.cookie is not None:
        return next((unquote(jar[key]) for key in jar if name_of(key) == take.cookie), None)
    if take.header is not None:
        return reply.header(take.header.lower())
    if take.json is not None:
        return as_text(field_of(reply.json, take.json))
    text = reply.text[:_LOOKED_AT]
    if take.meta is not None:
        return _attribute(text, {"name": take.meta, "property": take.meta}, "content")
    if take.field is not None:
        return _attribute(text, {"name": take.field, "id": take.field}, "value")
    return _found(take.pattern or "", text, reply.header("content-type") or "")


def where(take: Take) -> str:
    """Return where it is looked for, for a person."""
    name, place = next(
        (name, place)
        for name in ("cookie", "header", "json", "meta", "field", "pattern")
        if (place := getattr(take, name)) is not None
    )
    told = {"json": "field", "meta": "meta element", "field": "input"}.get(name, name)
    return f"no {told} {place}"


def told_of(reply: Reply) -> str:
    """Return an answer in a few words."""
    words = words_of_page(reply.text)
    location = reply.header("location")
    to = f" to {words_of_page(location)}" if location else ""
    return f"{told_status(reply)}{to}" + (f": {words}" if words else "")


def told_status(reply: Reply) -> str:
    """Return an answer's status, and what in the file would change it."""
    too_many = " (too many requests: [pace] makes them fewer)" if reply.status == 429 else ""
    return f"{reply.status}{too_many}"


class _Attributes(HTMLParser):
    """The attributes of the one tag that it is fed."""

    def __init__(self, tag: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.feed(tag)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep them."""
        self.found = {name: value or "" for name, value in attrs}


def _attribute(text: str, named: Mapping[str, str], wanted: str) -> str | None:
    for tag in _TAG.findall(text):
        found = _Attributes(tag).found
        if wanted in found and any(found.get(name) == value for name, value in named.items()):
            return found[wanted]
    return None


def _found(pattern: str, text: str, content_type: str) -> str | None:
    for piece in _pieces(text):
        if found := re.search(pattern, piece):
            value = found[1] or ""
            return value if "json" in content_type else unescape(value)
    return None


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, max(len(text), 1), _PIECE // 2):
        yield text[start : start + _PIECE]

"""What an answer means: by what the file says, or by answers of which it is known what they meant.

Rule: an answer that looks neither like success nor like a refusal is neither. A status below 400
alone is no success: an error page, a redirect to the sign-in and JSON with an error have one too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..browser import Reply
from .placeholders import filled
from .shape import Looks

_LOOKED_AT = 200_000
_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"[^\W\d_]{3,}")
_ALARMING = re.compile(
    r"error|fail|invalid|denied|refused|unavailable|sorry|wrong|expired|exception|forbidden"
    r"|unauthori[sz]ed|traceback",
    re.IGNORECASE,
)
#: Of the words that success has every time, as many may be missing.
_MISSING = 0.2


@dataclass(frozen=True)
class Shape:
    """How an answer looked: of a page its words, of JSON its fields and what tells yes from no."""

    status: int
    location: str
    words: frozenset[str] | None = None
    fields: Mapping[str, Any] | None = None


def shape_of(reply: Reply, erased: Iterable[str]) -> Shape:
    """Return how ``reply`` looks, without the texts that are ``erased``: they differ each time."""
    location = urlsplit(reply.header("location") or "").path
    if location:
        return Shape(reply.status, location)
    told = reply.json
    if isinstance(told, dict):
        fields = {str(name): _telling(each) for name, each in told.items() if name not in erased}
        return Shape(reply.status, location, fields=fields)
    text = _TAG.sub(" ", reply.text[:_LOOKED_AT])
    for each in sorted(erased, key=len, reverse=True):
        text = text.replace(each, " ")
    return Shape(reply.status, location, words=frozenset(_WORD.findall(text.lower())))


def _telling(value: object) -> Any:
    """Return a value that may tell yes from no, None in the place of one that is only data."""
    if isinstance(value, bool) or value is None:
        return value
    return value if isinstance(value, str) and _WORD.fullmatch(value) else type(value).__name__


def means_success(found: Shape, success: Shape, refusal: Shape | None) -> bool | None:
    """Return whether ``found`` looks like success, or like a refusal; None for neither."""
    if refusal and found == refusal and found != success:
        return False
    if (found.status, found.location) != (success.status, success.location):
        return None if found.status < 400 and not found.location else False
    if success.fields is not None:
        return _of_fields(found.fields, success.fields)
    if found.words is None or success.words is None:
        return None if success.words else True
    if any(map(_ALARMING.search, found.words - success.words)):
        return False
    missing = success.words - found.words
    return True if len(missing) <= _MISSING * len(success.words) else None


def _of_fields(found: Mapping[str, Any] | None, success: Mapping[str, Any]) -> bool | None:
    if found is None:
        return None
    if any(_ALARMING.search(name) for name in found.keys() - success.keys()):
        return False
    told = {name: (found[name], value) for name, value in success.items() if name in found}
    if any(isinstance(value, bool) and now is not value for now, value in told.values()):
        return False
    same = found.keys() == success.keys() and all(now == was for now, was in told.values())
    return True if same else None


def looks_like(reply: Reply, looks: Looks, values: Mapping[str, str]) -> bool:
    """Return whether an answer is as a file's ``looks`` say."""
    statuses = (looks.status,) if isinstance(looks.status, int) else looks.status
    wanted: Looks = looks
    text = reply.text if wanted.holds or wanted.lacks else ""
    return (
        (not statuses or reply.status in statuses)
        and filled(wanted.holds, values) in text
        and not (wanted.lacks and filled(wanted.lacks, values) in text)
        and (reply.header("location") or "").startswith(filled(wanted.location, values))
        and all(
            field_of(reply.json, path) == filled(value, values)
            for path, value in wanted.json.items()
        )
    )


def field_of(told: Any, path: str) -> Any:
    """Return what stands at a dotted path of JSON, None where nothing does."""
    for name in path.split("."):
        if isinstance(told, list) and name.isdigit() and int(name) < len(told):
            told = told[int(name)]
        elif isinstance(told, dict):
            told = told.get(name)
        else:
            return None
    return told


def as_text(value: Any) -> str | None:
    """Return a field of JSON as a text to send, None for none."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def erased(values: Mapping[str, str]) -> Collection[str]:
    """Return what an experiment has written, keys and values: no two answers have the same."""
    return {*values, *values.values()}

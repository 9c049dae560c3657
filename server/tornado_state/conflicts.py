"""Two requests that changed one kind at once: whether they are at odds. Pure.

Rule 1: the kind says what happens. Of one whose last write stands, none is ever refused.
Rule 2: to say the same is no conflict: to drop what is dropped, or to set what is so already. But
two equal values of a concurrent kind are one: each may have counted.
Rule 3: what is the same is told by reading: where nothing is kept, the default is read.
"""

from __future__ import annotations

from typing import Any

from .exceptions import InvalidValue
from .kinds import Kind


def collides(kind: Kind[Any], mine: bytes | None, was: bytes | None, theirs: bytes | None) -> bool:
    """Return whether a change to ``mine`` must be refused after another made ``theirs`` of it."""
    if was == theirs or kind.on_conflict == "last_write":
        return False
    if kind.needs.concurrent:
        return mine is not None or theirs is not None
    return not _reads_alike(kind, mine, theirs)


def is_same(kind: Kind[Any], text: bytes, kept: bytes) -> bool:
    """Return whether two texts say the same; what is no value of the kind is like nothing."""
    try:
        return kind.is_same(text, kept)
    except InvalidValue:
        return False


def _reads_alike(kind: Kind[Any], mine: bytes | None, theirs: bytes | None) -> bool:
    default = None if kind.default is None else kind.encode(kind.default)
    mine, theirs = mine or default, theirs or default
    if mine is None or theirs is None:
        return mine is theirs
    return is_same(kind, mine, theirs)

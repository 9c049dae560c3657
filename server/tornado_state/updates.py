"""What the function of an update makes of a value. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from .exceptions import InvalidValue
from .kinds import Kind

T = TypeVar("T")


def applied(kind: Kind[T], text: bytes | None, function: Callable[[T], T]) -> T:
    """Return what ``function`` makes of a copy of the value that ``text`` says, or the default.

    Raises `InvalidValue` for what can only be a mistake: a coroutine, and a change of the copy of
    which nothing is returned. None would be taken for no value, and the value be lost.
    """
    value = _copy(kind, text)
    made = function(value)
    if isinstance(made, Awaitable):
        raise InvalidValue(kind.name, "the function of an update is a plain one, not a coroutine")
    if made is None and kind.written(value) != kind.written(_copy(kind, text)):
        raise InvalidValue(
            kind.name, "the function of an update returns the value to keep, not only changes it"
        )
    return made


def _copy(kind: Kind[T], text: bytes | None) -> T:
    return kind.initial() if text is None else kind.decode(text)

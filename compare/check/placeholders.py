"""``{names}`` in the texts of an application's file, filled in when they are used. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """Return ``value`` with its placeholders filled in, however deep they are."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), value)
    if isinstance(value, Mapping):
        return {filled(key, values): filled(each, values) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [filled(each, values) for each in value]
    return value


def uses(table: msgspec.Struct | None, placeholder: str) -> bool:
    """Return whether a table's texts have a placeholder."""
    return placeholder in placeholders(msgspec.to_builtins(table))


def placeholders(value: Any) -> set[str]:
    """Return the names of all that a value has, however deep they are."""
    if isinstance(value, str):
        return set(_PLACEHOLDER.findall(value))
    if isinstance(value, Mapping):
        return set().union(*map(placeholders, value), *map(placeholders, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(placeholders, value))
    return set()

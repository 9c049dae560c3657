"""The forms of the cart's page: quantities and notes of what is in it, with what they were. Pure.

Rule 1: ``quantity_<sku>`` comes with ``was_<sku>``, ``note_<sku>`` with ``was_note_<sku>``: what
the page showed. A cart that is another one by now is not overwritten.
Rule 2: a field that is none of these is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..catalogue import BY_SKU
from ..shop import Cart, refuse, with_changes, wrong_note, wrong_quantity
from .bodies import require

#: Each field of an item: what it begins with, and what the field begins with that says what it was.
_BEGINNINGS = {"quantity": ("quantity_", "was_"), "note": ("note_", "was_note_")}
_WRONG: Mapping[str, Callable[[Any], str | None]] = {
    "quantity": wrong_quantity,
    "note": wrong_note,
}

_KNOWN = {beginning + sku for both in _BEGINNINGS.values() for beginning in both for sku in BY_SKU}
#: Fields that a form gives as text.
NUMBERS = {"quantity", *(beginning + sku for beginning in ("quantity_", "was_") for sku in BY_SKU)}


def is_cart_form(fields: Mapping[str, Any]) -> bool:
    """Return whether ``fields`` are of a form of the cart's page."""
    return not _KNOWN.isdisjoint(fields)


def read_cart_form(fields: Mapping[str, Any]) -> Callable[[Cart], Cart]:
    """Return the change that ``fields`` ask for; raises as `require` and `refuse` do."""
    refuse_unknown(fields, _KNOWN)
    changes: dict[str, dict[str, Any]] = {}
    shown: dict[str, dict[str, Any]] = {}
    wrong: dict[str, str | None] = {}
    for sku in BY_SKU:
        for name, (new, was) in _BEGINNINGS.items():
            if new + sku in fields or was + sku in fields:
                value, before = require(fields, new + sku, was + sku)
                wrong[new + sku] = _WRONG[name](value)
                changes.setdefault(sku, {})[name] = value
                shown.setdefault(sku, {})[name] = before
    refuse(wrong)
    return partial(with_changes, changes, shown)


def refuse_unknown(fields: Mapping[str, Any], known: set[str]) -> None:
    """Raise `InvalidFields` that names what is not ``known``."""
    refuse({name: "There is no such field." for name in fields if name not in known})

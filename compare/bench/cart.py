"""The cart that every contender keeps: the same bytes of JSON for all of them. Pure."""

from __future__ import annotations

import json
from typing import Any

#: A cart whose number has as many digits as this can be told from any other.
_DIGITS = 7
_LINES = 4

Cart = dict[str, Any]


def cart(number: int, lines: int = _LINES) -> Cart:
    """Return the cart of visitor ``number``, of as many bytes as any other of that many lines."""
    items = [
        {
            "sku": f"tea-{line:04}",
            "name": f"Darjeeling, first flush, no. {line:04}",
            "quantity": 1 + number % 9,
            "price": 1250,
        }
        for line in range(lines)
    ]
    return {"number": f"{number:0{_DIGITS}}", "items": items}


def as_text(value: Cart) -> str:
    """Return it as JSON without blanks."""
    return json.dumps(value, separators=(",", ":"))


def one_more(value: Cart) -> Cart:
    """Return what a write makes of it: one more of the first item, and one after nine."""
    first, *others = value["items"]
    return value | {"items": [first | {"quantity": first["quantity"] % 9 + 1}, *others]}


def lines_for(size: int) -> int:
    """Return how many lines a cart of about ``size`` bytes has, one at the least."""
    empty, full = len(as_text(cart(0, 0))), len(as_text(cart(0, 1)))
    return max(1, round((size - empty) / (full - empty + 1)))

"""The shop's kinds of state, and the rules of preferences and cart. Pure: no I/O, no HTTP.

Rule 1: what a visitor sends is checked field by field, and everything wrong is told at once.
Rule 2: numbers are whole numbers. True is not 1, 20.0 is not 20, "20" is not 20.
Rule 3: a change is a function of the old value, so that it can be applied anew to what another
request wrote meanwhile, and counts exactly once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, get_args

from msgspec import Meta, Struct, to_builtins
from msgspec.structs import replace
from tornado_state import Kind

from .catalogue import BY_SKU, MOST_PER_PAGE, SearchPreferences, Sort

MOST_OF_ONE = 99
LONGEST_NOTE = 2_000

Theme = Literal["system", "light", "dark"]


class Preferences(SearchPreferences, frozen=True):
    """How a visitor wants to search, and wants pages to look."""

    theme: Theme = "system"


class Item(Struct, frozen=True, omit_defaults=True):
    """How many of a product are in a cart, and a note with it."""

    quantity: Annotated[int, Meta(ge=1, le=MOST_OF_ONE)]
    note: str = ""


class Credentials(Struct, frozen=True):
    """Who is signed in; ``signed_in_at`` is ISO 8601 in UTC."""

    account_id: str
    username: str
    email: str
    signed_in_at: str


#: Lost preferences annoy; leaked or stale ones harm nobody.
PREFERENCES: Final = Kind(
    "preferences",
    Preferences,
    default=Preferences(),
    size=512,
    outage_proof=True,
    outlives_logout=True,
    on_conflict="last_write",
    inherited=True,
)

#: What a visitor means to buy, by sku. An old cart put back, or one of two tabs' writes lost, costs
#: money.
CART: Final = Kind(
    "cart",
    dict[str, Item],
    default={},
    size=65_500,  # what a record of 65,536 bytes has room for, beside its names
    fresh=True,
    concurrent=True,
    inherited=True,
)

#: Who is signed in.
CREDENTIALS: Final = Kind(
    "credentials",
    Credentials,
    confidential=True,
    revocable=True,
    fresh=True,
    idle_timeout=True,
    identity="account_id",
)

#: What the next page says once, as names of sentences. Only a form's answer can put one there.
NOTICE: Final = Kind(
    "notice",
    list[str],
    default=[],
    size=256,
    outage_proof=True,
    outlives_logout=True,
    on_conflict="last_write",
)

#: What a visitor has. A sign-in takes of it what is inherited, a sign-out ends what does not last.
EVERYTHING: Final = (PREFERENCES, CART, CREDENTIALS)

Cart = dict[str, Item]


class InvalidFields(ValueError):
    """Fields have wrong values. ``fields`` maps each to what is wrong with it."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__(f"wrong: {', '.join(self.fields)}")


class StaleCart(ValueError):
    """A change was made of a cart that is another one by now."""


def is_text(value: Any) -> bool:
    """Return whether ``value`` is text that UTF-8 can carry; JSON's ``"\\ud800"`` is not."""
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


# Preferences


def checked_preferences(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``fields`` as changes of preferences; `InvalidFields` names every wrong one."""
    refuse({name: _wrong_preference(name, value) for name, value in fields.items()})
    return dict(fields)


def with_preferences(changes: Mapping[str, Any], old: Preferences) -> Preferences:
    """Return ``old`` preferences with ``changes``. Pure, for ``update``."""
    return replace(old, **changes)


def _wrong_preference(name: str, value: Any) -> str | None:
    rule = _PREFERENCE_RULES.get(name)
    return "There is no such preference." if rule is None else rule(value)


def _whole_number(least: int, most: int) -> Callable[[Any], str | None]:
    def wrong(value: Any) -> str | None:
        right = type(value) is int and least <= value <= most
        return None if right else f"Must be a whole number from {least} to {most}."

    return wrong


def _one_of(choices: tuple[str, ...]) -> Callable[[Any], str | None]:
    def wrong(value: Any) -> str | None:
        right = isinstance(value, str) and value in choices
        return None if right else f"Must be one of {', '.join(choices)}."

    return wrong


def _true_or_false(value: Any) -> str | None:
    return None if isinstance(value, bool) else "Must be true or false."


_PREFERENCE_RULES: Final[Mapping[str, Callable[[Any], str | None]]] = MappingProxyType(
    {
        "results_per_page": _whole_number(1, MOST_PER_PAGE),
        "sort": _one_of(get_args(Sort)),
        "safe_search": _true_or_false,
        "theme": _one_of(get_args(Theme)),
    }
)


# Cart


def check_item(quantity: Any, note: Any = None) -> None:
    """Raise `InvalidFields` unless these may stand in a cart; ``note`` may be absent (None)."""
    refuse({"quantity": wrong_quantity(quantity), "note": wrong_note(note)})


def with_added(sku: str, quantity: int, note: str | None, old: Cart) -> Cart:
    """Return the ``old`` cart with ``quantity`` more of ``sku``. Pure, for ``update``.

    ``note`` replaces the item's note, "" removes it, None leaves it. Raises `InvalidFields` when
    there would be more than 99 in all.
    """
    there = old[sku].quantity if sku in old else 0
    if there + quantity > MOST_OF_ONE:
        raise InvalidFields({"quantity": f"At most {MOST_OF_ONE} in all; {there} are in the cart."})
    return with_item(sku, there + quantity, note, old)


def with_item(sku: str, quantity: int, note: str | None, old: Cart) -> Cart:
    """Return the ``old`` cart with exactly ``quantity`` of ``sku``; ``note`` as in `with_added`."""
    check_item(quantity, note)
    if note is None:
        note = old[sku].note if sku in old else ""
    return {**old, sku: Item(quantity, note)}


def with_changes(
    changes: Mapping[str, Mapping[str, Any]], shown: Mapping[str, Mapping[str, Any]], old: Cart
) -> Cart:
    """Return the ``old`` cart with ``changes``, if it still is as it was ``shown``. Pure.

    Both map a sku to a quantity, a note or both; `note_mark` stands for a note that was shown.
    Raises `StaleCart`, and `InvalidFields` as `with_item` does.
    """
    cart = old
    for sku, changed in changes.items():
        there = old.get(sku)
        if there is None:
            raise StaleCart
        now = {"quantity": there.quantity, "note": note_mark(there.note)}
        if any(now[name] != was for name, was in shown[sku].items()):
            raise StaleCart
        cart = with_item(sku, changed.get("quantity", there.quantity), changed.get("note"), cart)
    return cart


def note_mark(note: str) -> str:
    """Return a few characters that tell this note from another."""
    return sha256(note.encode()).hexdigest()[:16]


def without_item(sku: str, old: Cart) -> Cart:
    """Return the ``old`` cart without ``sku``. Pure, for ``update``."""
    return {other: item for other, item in old.items() if other != sku}


def described_cart(cart: Cart) -> dict[str, Any]:
    """Return ``{"items": […], "total": cents}``; what is no longer sold is left out."""
    items = [
        {"sku": sku, "name": BY_SKU[sku].name, "price": BY_SKU[sku].price, **to_builtins(item)}
        for sku, item in cart.items()
        if sku in BY_SKU
    ]
    return {"items": items, "total": sum(item["price"] * item["quantity"] for item in items)}


wrong_quantity = _whole_number(1, MOST_OF_ONE)


def wrong_note(note: Any) -> str | None:
    """Return what is wrong with a note, None for nothing."""
    right = note is None or (is_text(note) and len(note) <= LONGEST_NOTE)
    return None if right else f"Must be text of at most {LONGEST_NOTE:,} characters."


def refuse(wrong: Mapping[str, str | None]) -> None:
    """Raise `InvalidFields` unless nothing is wrong with any field."""
    found = {name: why for name, why in wrong.items() if why is not None}
    if found:
        raise InvalidFields(found)

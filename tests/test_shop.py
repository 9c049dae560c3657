"""The rules of :mod:`server.shop`: preferences and cart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict
from tornado_state import InvalidValue
from tornado_state.values import to_json

from server.catalogue import BY_SKU
from server.shop import (
    LONGEST_NOTE,
    MOST_OF_ONE,
    PREFERENCES,
    InvalidFields,
    Item,
    Preferences,
    check_item,
    checked_preferences,
    described_cart,
    with_added,
    with_item,
    with_preferences,
    without_item,
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def wrong_fields(fields: Mapping[str, Any]) -> set[str]:
    with pytest.raises(InvalidFields) as refused:
        checked_preferences(fields)
    assert all(why.endswith(".") for why in refused.value.fields.values())
    return set(refused.value.fields)


# Preferences


def test_nobody_who_chose_nothing_lacks_preferences() -> None:
    """Without a choice the defaults hold, and they are valid themselves."""
    assert PREFERENCES.initial() == Preferences()
    assert checked_preferences(asdict(Preferences())) == asdict(Preferences())


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"results_per_page": 1},
        {"results_per_page": 100},
        {"sort": "price", "safe_search": False},
        {"theme": "dark"},
    ],
)
def test_any_subset_of_preferences_may_change(fields: dict[str, Any]) -> None:
    """What is sent changes, what is not sent stays."""
    changes = checked_preferences(fields)
    changed = with_preferences(changes, Preferences(theme="light"))
    assert asdict(changed) == {**asdict(Preferences()), "theme": "light", **fields}


@pytest.mark.parametrize(
    "value",
    [0, 101, -1, True, False, 20.0, float("nan"), float("inf"), "20", None, [20], {}, 10**99],
)
def test_results_per_page_is_a_whole_number_from_1_to_100(value: object) -> None:
    """True is not 1, 20.0 is not 20, "20" is not 20."""
    assert wrong_fields({"results_per_page": value}) == {"results_per_page"}


@pytest.mark.parametrize("value", ["", "PRICE", "relevance ", None, 1, ["price"], {"price": 1}])
def test_sort_and_theme_are_words_of_a_list(value: object) -> None:
    """Only the very words count, and nothing that could not even be compared breaks it."""
    assert wrong_fields({"sort": value, "theme": value}) == {"sort", "theme"}


@pytest.mark.parametrize("value", [0, 1, "true", "", None, [], 1.0])
def test_safe_search_is_true_or_false(value: object) -> None:
    """1 is not true."""
    assert wrong_fields({"safe_search": value}) == {"safe_search"}


def test_everything_wrong_is_told_at_once() -> None:
    """Unknown names and wrong values are all named; what is right is not."""
    fields = {"sort": "price", "theme": 7, "results_per_page": 0, "colour": "red"}
    assert wrong_fields(fields) == {"theme", "results_per_page", "colour"}


@given(ANYTHING)
def test_whatever_was_kept_preferences_are_complete_and_valid(value: Any) -> None:
    """An old value gives defaults for what it does not say; one that says it wrong is refused."""
    try:
        preferences = asdict(PREFERENCES.decode(to_json(value)))
    except (InvalidValue, ValueError):
        return
    assert set(preferences) == set(asdict(Preferences()))
    assert checked_preferences(preferences) == preferences


def test_a_release_that_knew_fewer_preferences_is_understood() -> None:
    """What its cookies do not say is as it is for whoever chose nothing."""
    assert PREFERENCES.decode(b'{"sort":"price"}') == Preferences(sort="price")


# Cart


def test_adding_counts_up() -> None:
    """Adding adds to what is there."""
    cart = with_added("mug-01", 2, None, with_added("mug-01", 1, None, {}))
    assert cart == {"mug-01": Item(3)}


def test_a_change_leaves_the_old_cart_alone() -> None:
    """Changes are pure: the same old cart can be changed again after a conflict."""
    old = {"mug-01": Item(1, "for Ada")}
    with_added("mug-01", 1, "for Bob", old)
    with_item("mug-01", 9, "", old)
    without_item("mug-01", old)
    assert old == {"mug-01": Item(1, "for Ada")}


def test_a_product_is_in_the_cart_99_times_at_most_in_all() -> None:
    """The limit is on the sum, and the refusal says how many are there."""
    cart = with_added("mug-01", MOST_OF_ONE - 1, None, {})
    assert with_added("mug-01", 1, None, cart) == {"mug-01": Item(MOST_OF_ONE)}
    with pytest.raises(InvalidFields) as refused:
        with_added("mug-01", 2, None, cart)
    assert "98 are in the cart" in refused.value.fields["quantity"]


@pytest.mark.parametrize("quantity", [0, 100, -1, True, 1.0, "1", None, [1], float("nan")])
def test_a_quantity_is_a_whole_number_from_1_to_99(quantity: object) -> None:
    """True is not 1, 1.0 is not 1, "1" is not 1."""
    with pytest.raises(InvalidFields) as refused:
        check_item(quantity)
    assert set(refused.value.fields) == {"quantity"}


@pytest.mark.parametrize("note", [1, True, ["a"], "x" * (LONGEST_NOTE + 1), "\ud800"])
def test_a_note_is_text_that_can_be_kept_of_2000_characters_at_most(note: object) -> None:
    """A lone surrogate is no text: no encoding carries it."""
    with pytest.raises(InvalidFields) as refused:
        check_item(0, note)
    assert set(refused.value.fields) == {"note", "quantity"}


def test_a_note_stays_until_it_is_replaced_or_emptied() -> None:
    """None leaves the note, text replaces it, "" removes it."""
    cart = with_added("mug-01", 1, "🎁" * LONGEST_NOTE, {})
    cart = with_item("mug-01", 5, None, cart)
    assert cart["mug-01"].note == "🎁" * LONGEST_NOTE
    assert with_item("mug-01", 5, "for Bob", cart)["mug-01"].note == "for Bob"
    assert with_item("mug-01", 5, "", cart) == {"mug-01": Item(5)}


def test_removing_what_is_not_there_changes_nothing() -> None:
    """An item can be removed twice."""
    cart = {"mug-01": Item(1)}
    assert without_item("bowl-01", cart) == cart
    assert without_item("mug-01", cart) == {}


def test_a_cart_is_described_with_names_prices_and_a_total_in_cents() -> None:
    """The total is the sum of prices by quantity; the note is there where there is one."""
    cart = with_added("bowl-01", 1, None, with_added("mug-01", 3, "for Ada", {}))
    described = described_cart(cart)
    mug, bowl = BY_SKU["mug-01"], BY_SKU["bowl-01"]
    assert described == {
        "items": [
            {
                "sku": mug.sku,
                "name": mug.name,
                "price": mug.price,
                "quantity": 3,
                "note": "for Ada",
            },
            {"sku": bowl.sku, "name": bowl.name, "price": bowl.price, "quantity": 1},
        ],
        "total": 3 * mug.price + bowl.price,
    }


def test_what_is_no_longer_sold_is_left_out() -> None:
    """A cart outlives a product, and still can be shown."""
    assert described_cart({"gone-01": Item(1)}) == {"items": [], "total": 0}

"""The rules of :mod:`server.catalogue`."""

from __future__ import annotations

from typing import Any

import pytest

from server.catalogue import BY_SKU, PRODUCTS, Results, SearchPreferences, search


def found(query: str, **preferences: Any) -> Results:
    return search(query, SearchPreferences(**{"results_per_page": 100, **preferences}))


def skus(results: Results) -> list[str]:
    return [product.sku for product in results.products]


def test_every_product_has_a_sku_of_its_own_and_a_price() -> None:
    """About forty products, told apart by SKU, each with a price of at least a cent."""
    assert len(PRODUCTS) == len(BY_SKU) == 40
    assert all(product.price > 0 and product.name for product in PRODUCTS)


def test_a_sku_can_stand_in_a_path() -> None:
    """A SKU needs no escaping in ``/cart/<sku>``, nor as the id of an element."""
    assert all(sku.isascii() and sku.replace("-", "").isalnum() for sku in BY_SKU)


def test_no_query_shows_everything_in_the_catalogues_order() -> None:
    """Nothing asked for is everything, as it stands in the catalogue."""
    assert skus(found("", safe_search=False)) == [product.sku for product in PRODUCTS]


def test_safe_search_leaves_out_what_is_for_adults() -> None:
    """With safe search nothing mature is found; without it, it is."""
    mature = {product.sku for product in PRODUCTS if product.mature}
    assert mature
    assert not mature & set(skus(found("")))
    assert mature <= set(skus(found("", safe_search=False)))


def test_every_word_must_be_found() -> None:
    """More words find less: each must begin a word of name, shelf or text."""
    assert "wool-01" in skus(found("wool"))
    assert skus(found("wool blanket")) == ["wool-01"]
    assert found("wool zebra") == Results((), 0, 1, 1)


@pytest.mark.parametrize("query", ["kettle", "KETTLE", "kett", "  kettle!  ", "kéttle"])
def test_case_accents_endings_and_punctuation_do_not_matter(query: str) -> None:
    """What a person types in a hurry finds the same."""
    assert skus(found(query))[0] == "kettle-01"


def test_a_word_is_found_from_its_beginning_only() -> None:
    """ "amp" is not a lamp."""
    assert found("amp").found == 0


def test_a_name_is_more_relevant_than_a_text() -> None:
    """What is named so stands before what is only described so."""
    results = skus(found("garden"))
    assert results.index("glove-01") < results.index("can-01")


@pytest.mark.parametrize(
    ("sort", "key"),
    [("price", lambda product: product.price), ("name", lambda product: product.name.casefold())],
)
def test_results_are_sorted_as_preferred(sort: str, key: object) -> None:
    """By price the cheapest comes first, by name the alphabet decides."""
    products = list(found("", sort=sort).products)
    assert products == sorted(products, key=key)  # type: ignore[call-overload]


def test_results_per_page_limits_what_is_shown_but_not_what_is_counted() -> None:
    """The limit is on the products shown; how many there were is told besides."""
    results = found("", results_per_page=3)
    assert len(results.products) == 3
    assert results.found > 3


@pytest.mark.parametrize("query", ["\0", "'; --", "%", "\ud800", "((((", "a" * 5000, "\u0301"])
def test_no_query_is_an_error(query: str) -> None:
    """Whatever is typed, there is an answer."""
    assert found(query).found >= 0

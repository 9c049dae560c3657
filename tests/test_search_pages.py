"""A search goes on over pages; what cannot be one is refused in words."""

from __future__ import annotations

import pytest
from running_shop import Shop

from server.catalogue import PRODUCTS, SearchPreferences, search

SAFE = [product.sku for product in PRODUCTS if not product.mature]


@pytest.mark.parametrize("length", [1, 7, 20, 35, 100])
def test_the_pages_together_are_everything(length: int) -> None:
    """Each product is on one page, none but the last is shorter than it may be."""
    preferences = SearchPreferences(results_per_page=length)
    first = search("", preferences)
    pages = [search("", preferences, page) for page in range(1, first.pages + 1)]
    assert [product.sku for page in pages for product in page.products] == SAFE
    assert all(len(page.products) == length for page in pages[:-1])
    assert {page.found for page in pages} == {len(SAFE)}
    assert search("", preferences, first.pages + 1).products == ()


@pytest.mark.parametrize("path", ["/products", "/"])
def test_programs_are_told_the_page_and_how_much_was_found(shop: Shop, path: str) -> None:
    """``found`` counts all of it, ``page`` says which part this is."""
    visitor = shop.visitor()
    visitor.post("/preferences", {"results_per_page": 10})
    told = [visitor.get(f"{path}?page={page}").json for page in (1, 4, 5)]
    assert [each["page"] for each in told] == [1, 4, 5]
    assert [each["found"] for each in told] == [len(SAFE)] * 3
    assert [len(each["products"]) for each in told] == [10, 5, 0]
    assert visitor.get(path).json["page"] == 1


WRONG = ["0", "-1", "x", "1.5", "", "%201", "1e3", "9" * 5_000, "%F0%9F%8E%81", "%D9%A3", "1%00"]


@pytest.mark.parametrize("page", WRONG)
@pytest.mark.parametrize("path", ["/products", "/"])
def test_what_is_no_page_is_refused(shop: Shop, path: str, page: str) -> None:
    """422 names it, and says what it may be, to programs and to people."""
    reply = shop.visitor().get(f"{path}?page={page}")
    assert (reply.status, set(reply.json["error"]["fields"])) == (422, {"page"})
    reply = shop.visitor().page(f"{path}?page={page}")
    assert reply.status == 422
    assert "Page: Must be a whole number from 1 to 1,000." in reply.text


def test_a_query_that_is_too_long_is_told_in_words(shop: Shop) -> None:
    """A person is told what to do about it."""
    reply = shop.visitor().page("/?q=" + 201 * "x")
    assert reply.status == 422
    assert "Search: Must have 200 characters at most." in reply.text


def test_pages_lead_to_one_another(shop: Shop) -> None:
    """With the search kept; the first has nothing before it, the last nothing after."""
    visitor = shop.visitor()
    visitor.post("/preferences", {"results_per_page": 1})
    first, second = (visitor.page(f"/?q=lamp%26&page={page}").text for page in (1, 2))
    assert 'href="/?q=lamp%26&amp;page=2" rel="next"' in first
    assert 'rel="prev"' not in first
    assert 'href="/?q=lamp%26" rel="prev"' in second
    last = visitor.page("/products?page=35").text
    assert 'href="/products?page=34" rel="prev"' in last
    assert 'rel="next"' not in last
    assert "Page 35 of 35" in last


def test_a_page_beyond_the_last_leads_back(shop: Shop) -> None:
    """It is no error: there may have been more before."""
    reply = shop.visitor().page("/?page=7")
    assert reply.status == 200
    assert "There is no page 7" in reply.text
    assert 'href="/">To the first page' in reply.text


def test_adding_leads_back_to_the_page_it_was_on(shop: Shop) -> None:
    """Search and page are kept."""
    back = {"Referer": f"{shop.app.url}/products?q=lamp&page=2&x=y"}
    reply = shop.visitor().submit("/cart", {"sku": SAFE[0], "quantity": 1}, **back)
    assert reply.headers["Location"] == f"/products?q=lamp&page=2#{SAFE[0]}"

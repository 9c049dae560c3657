"""Who is signed in and what is in the cart is told on every page, as far as it is known."""

from __future__ import annotations

import re

from running_shop import ITEM, Shop

PAGES = ["/", "/products", "/cart", "/preferences", "/register", "/account", "/password"]
ERRORS = ["/nowhere", "/products?q=" + 201 * "x", "/logout", "/cart/lamp-01", "/sessions/end"]


def navigation(page: str) -> str:
    """Return the words of the page's navigation."""
    (inside,) = re.findall(r'<nav aria-label="Shop">(.*?)</nav>', page, re.DOTALL)
    shown = re.sub(r"<[^>]* hidden>[^<]*", " ", inside)
    return " ".join(re.sub(r"<[^>]*>", " ", shown).split())


def test_every_page_tells_who_is_signed_in_and_what_is_in_the_cart(shop: Shop) -> None:
    """Pages and errors alike."""
    account = shop.account()
    visitor = shop.sign_in(account)
    visitor.post("/cart", ITEM)
    for path in PAGES + ERRORS:
        words = navigation(visitor.page(path).text)
        assert words == f"Shop Cart 2 Preferences {account['username']}", path


def test_every_page_tells_that_nobody_is_signed_in(shop: Shop) -> None:
    """So the way to sign in is there, on errors as well."""
    for path in PAGES + ERRORS:
        assert navigation(shop.visitor().page(path).text) == "Shop Cart Preferences Sign in", path


def test_without_a_session_no_page_asks_the_store(shop: Shop) -> None:
    """There is nothing to look up."""
    before = shop.memcached_stats()["cmd_get"]
    for path in PAGES + ERRORS:
        shop.visitor().page(path)
    assert shop.memcached_stats()["cmd_get"] == before


def test_programs_cost_no_lookup_for_a_navigation_they_do_not_get(shop: Shop) -> None:
    """JSON needs what its route is about, and no more."""
    visitor = shop.visitor()
    visitor.post("/cart", ITEM)
    before = shop.memcached_stats()["cmd_get"]
    of_preferences = ["/register", "/products", "/preferences"]
    for path in ["/health", "/nowhere", *([] if shop.name == "session" else of_preferences)]:
        visitor.get(path)
    assert shop.memcached_stats()["cmd_get"] == before

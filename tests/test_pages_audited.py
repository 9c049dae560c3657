"""Every page of every shop, in both themes, as axe-core judges it, and at three widths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import judged
import pytest
from playwright.sync_api import expect

from compare.waiting import wait_until

if TYPE_CHECKING:
    from browser import Visitor
    from running_shop import Shop

pytest_plugins = ["browser"]

WIDTHS = (1440, 1024, 390)

SIGNED_OUT = ["/", "/?q=xyzzy", "/?page=2", "/?page=9", "/products", "/cart", "/preferences"]
SIGNED_OUT += ["/login", "/register", "/account", "/nowhere", "/?page=x", "/static/none"]
SIGNED_IN = ["/", "/cart", "/account", "/sessions", "/password", "/preferences", "/nowhere"]


def problems(visitor: Visitor) -> list[str]:
    """Return what is wrong with the page one looks at; everything on it is unfolded."""
    page = visitor.page
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    wide = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(f"{page.url} is wider than {width}")
    return wide + judged.problems(page)


def test_pages_for_whoever_comes(visitor: Visitor) -> None:
    """Nobody is signed in: search, forms, and what is not there."""
    found = []
    for path in SIGNED_OUT:
        visitor.goto(path)
        found += problems(visitor)
    assert found == []


def test_pages_of_a_person(visitor: Visitor) -> None:
    """Signed in, with a cart and a note in it."""
    visitor.register()
    visitor.sign_in_by_hand()
    found = problems(visitor)
    request = visitor.page.request
    for sku, note in (("mug-01", "a gift"), ("read-02", "")):
        request.post("/cart", data={"sku": sku, "quantity": 2, "note": note})
    for path in SIGNED_IN:
        visitor.goto(path)
        found += problems(visitor)
    assert found == []


def test_what_was_refused(visitor: Visitor) -> None:
    """Forms with what is wrong in them, a stale cart, and more than fits."""
    found, page = [], visitor.page
    visitor.register()
    for path, button, fields in (
        ("/login", "Sign in", {"Username": "nobody", "Password": "not this one"}),
        ("/register", "Register", {"Username": "a b", "Email": "x", "Password": "password"}),
        ("/preferences", "Save", {"Results_per_page": "500"}),
    ):
        visitor.goto(path)
        page.locator("main form").evaluate("form => form.noValidate = true")
        visitor.fill(**fields)
        visitor.button(button).click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator(":focus")).to_have_count(1)
        found += problems(visitor)
    page.request.post("/cart", data={"sku": "mug-01", "quantity": 2})
    visitor.goto("/cart")
    page.locator("#cart-form").evaluate("form => form.noValidate = true")
    page.get_by_label("Quantity").fill("500")
    visitor.button("Update the cart").click()
    expect(page.get_by_label("Quantity")).to_be_focused()
    found += problems(visitor)
    page.request.post("/cart", data={"sku": "mug-01", "quantity": 1})
    page.get_by_label("Quantity").fill("5")
    visitor.button("Update the cart").click()
    expect(page.get_by_role("alert")).to_contain_text("The cart has changed")
    found += problems(visitor)
    page.get_by_label("Quantity").evaluate(
        "it => { it.type = 'text'; it.value = '1'.repeat(70000); }"
    )
    page.locator("#cart-form").evaluate("form => form.submit()")
    expect(page.get_by_role("heading", level=1)).to_have_text("That is too much")
    found += problems(visitor)
    assert found == []


@pytest.mark.parametrize("shop", ["session", "recommended"], indirect=True)
def test_pages_without_the_store(visitor: Visitor, shop: Shop) -> None:
    """The shop's page and the cart's while memcached is away; and after it has lost everything."""
    visitor.register()
    visitor.sign_in()
    found, page = [], visitor.page
    shop.memcached.freeze()
    try:
        for path in ("/", "/cart", "/products"):
            visitor.goto(path)
            found += problems(visitor)
    finally:
        shop.memcached.thaw()
    wait_until(lambda: page.request.get("/cart").status == 200, "the shop has its memcached back")
    shop.memcached.ask("flush_all", b"OK\r\n")
    visitor.goto("/")
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    found += problems(visitor)
    page.get_by_role("button", name=re.compile("^Add to cart")).first.click()
    expect(page.get_by_text("a new one has begun")).to_be_visible()
    expect(page.get_by_role("button", name="Go on without")).to_be_hidden()
    found += problems(visitor)
    assert found == []


def test_each_page_says_where_its_kind_of_state_is_kept_and_why(visitor: Visitor) -> None:
    """Beside its heading, with the way to the reasons."""
    visitor.register()
    visitor.sign_in()
    pages = {"cart": "cart", "preferences": "preferences", "account": "sign-in"}
    pages |= {"sessions": "sign-in"} if visitor.shop.has_sessions else {}
    for path, kind in pages.items():
        page = visitor.goto(f"/{path}")
        told = page.get_by_text(f"Kept in {visitor.shop.kept[kind]}")
        expect(told).to_be_visible()
        expect(told.get_by_role("link", name="Why?")).to_have_attribute("href", f"#kept-{kind}")
    for path in ("register", "password"):
        expect(visitor.goto(f"/{path}").get_by_text("kept in a database")).to_be_visible()

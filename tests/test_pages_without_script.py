"""The main job with scripts switched off: search, preferences, cart, account, by forms alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from running_shop import ONE_SHOP

if TYPE_CHECKING:
    from browser import Visitor
    from running_shop import Shop

pytest_plugins = ["browser"]

PASSWORD = "correct horse 7"


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    """A person whose browser runs no script."""
    return visit(java_script_enabled=False)


def test_things_are_found_and_bought_without_a_script(visitor: Visitor) -> None:
    """Adding leads back to the search it came from, with what is in the cart beside it."""
    page = visitor.goto("/")
    page.get_by_role("searchbox").fill("lamp")
    visitor.button("Search").click()
    visitor.add("Reading lamp")
    expect(page.get_by_role("searchbox")).to_have_value("lamp")
    expect(page.get_by_role("region", name="Cart").get_by_text("Reading lamp")).to_be_visible()
    page.get_by_role("link", name="See the cart").click()
    lamp = visitor.in_list("Reading lamp")
    lamp.get_by_label("Quantity").fill("4")
    visitor.button("Update the cart").click()
    expect(page.get_by_text("€ 356.00").last).to_be_visible()
    page.get_by_text("A note with it: Reading lamp").click()
    page.get_by_label("A note with Reading lamp").fill("a gift")
    visitor.button("Save the note with Reading lamp").click()
    expect(page.get_by_label("A note with Reading lamp")).to_have_value("a gift")
    visitor.button("Remove Reading lamp").click()
    expect(page.get_by_text("Your cart is empty.")).to_be_visible()


@ONE_SHOP
def test_a_search_goes_on_without_a_script(visitor: Visitor) -> None:
    """From page to page by links, and adding leads back to the page it was on."""
    page = visitor.goto("/")
    page.get_by_role("link", name="Next").click()
    visitor.add("Meadow seeds")
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()


def test_a_stale_cart_is_told_without_a_script(visitor: Visitor) -> None:
    """What another tab has changed is not overwritten."""
    page = visitor.goto("/")
    visitor.add("Stoneware mug")
    page.goto("/cart")
    page.request.post("/cart", data={"sku": "mug-01", "quantity": 2})
    visitor.button("Update the cart").click()
    expect(page.get_by_role("alert")).to_contain_text("The cart has changed since")
    expect(page.get_by_label("Quantity")).to_have_value("3")


@ONE_SHOP
def test_a_password_is_changed_without_a_script(visitor: Visitor) -> None:
    """What is wrong is told at its field, and what was done on the page after."""
    visitor.register()
    visitor.sign_in()
    page = visitor.goto("/password")
    visitor.fill(Current_password="not this one", New_password="another horse 8")
    visitor.button("Change it").click()
    expect(page.get_by_label("Current password")).to_be_focused()
    visitor.fill(Current_password=PASSWORD, New_password="another horse 8")
    visitor.button("Change it").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()


def test_preferences_are_saved_without_a_script(visitor: Visitor) -> None:
    """The theme and the number of results act with the next page."""
    page = visitor.goto("/")
    visitor.fill(Results_per_page="5")
    page.get_by_role("group", name="Theme").get_by_label("Dark").check()
    visitor.button("Save").click()
    expect(page.get_by_text("Your preferences are saved.")).to_be_visible()
    expect(page.get_by_text("Showing 1 to 5 of 35")).to_be_visible()
    assert visitor.is_dark()


def test_an_account_is_made_used_and_left_without_a_script(visitor: Visitor, shop: Shop) -> None:
    """Register, sign in, see the sessions where there are any to see, sign out."""
    page = visitor.goto("/register")
    visitor.fill(Username=visitor.name, Email="ada@example.org", Password=PASSWORD)
    visitor.button("Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    visitor.fill(Username=visitor.name, Password=PASSWORD)
    visitor.button("Sign in").click()
    visitor.account_link(visitor.name).click()
    page.get_by_role("link", name="Your sessions").click()
    if shop.has_sessions:
        expect(visitor.in_list("Chrome on Linux")).to_contain_text("this one")
    else:
        expect(page.get_by_role("alert")).to_contain_text("neither listed nor ended")
    page.goto("/account")
    visitor.button("Sign out").click()
    expect(page.get_by_role("navigation").get_by_role("link", name="Sign in")).to_be_visible()


@ONE_SHOP
def test_a_wrong_quantity_is_refused_without_a_script(visitor: Visitor) -> None:
    """More than 99 of one thing are told to be too many, and the way back to the cart is there."""
    page = visitor.goto("/")
    visitor.add("Stoneware mug")
    visitor.page.request.post("/cart", data={"sku": "mug-01", "quantity": 98})
    visitor.button("Add to cart: Stoneware mug").click()
    expect(page.get_by_role("alert")).to_contain_text("At most 99 in all; 99 are in the cart.")
    page.get_by_role("link", name="To the cart").click()
    expect(visitor.in_list("Stoneware mug").get_by_label("Quantity")).to_have_value("99")

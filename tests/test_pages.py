"""Shopping, as a person with a browser does it in each of the three applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from running_shop import ONE_SHOP

if TYPE_CHECKING:
    from browser import Visitor
    from running_shop import Shop

pytest_plugins = ["browser"]

LONG_NOTE = "\N{SNOWMAN}" * 2_000
PRODUCTS = ["Paper lantern lamp", "Enamel kettle", "Stoneware mug"]


@ONE_SHOP
def test_a_search_shows_what_it_finds(visitor: Visitor) -> None:
    """What is found is shown with how many it is, and the words stay in the field."""
    page = visitor.goto("/")
    page.get_by_role("searchbox").fill("lantern")
    visitor.button("Search").click()
    expect(page.get_by_role("heading", name="2 for “lantern”")).to_be_visible()
    expect(page.get_by_role("heading", name="Storm lantern")).to_be_visible()
    expect(page.get_by_role("heading", name="Enamel kettle")).to_be_hidden()
    expect(page.get_by_role("searchbox")).to_have_value("lantern")


@ONE_SHOP
def test_a_search_without_results_says_how_to_go_on(visitor: Visitor) -> None:
    """What was searched for is repeated as text, and a way back to everything is there."""
    page = visitor.goto("/")
    page.get_by_role("searchbox").fill("<b>xyzzy</b>")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_text("Nothing here answers to “<b>xyzzy</b>”.")).to_be_visible()
    page.get_by_role("link", name="Show everything").click()
    expect(page.get_by_role("heading", name="Everything")).to_be_visible()


def test_preferences_act_on_the_search_and_stay(visitor: Visitor) -> None:
    """Results per page, order and safe search hold on the next page, and in another tab."""
    page = visitor.goto("/preferences")
    visitor.fill(Results_per_page="3")
    page.get_by_label("Sort by").select_option("Price")
    page.get_by_role("group", name="Safe search").get_by_label("Off").check()
    visitor.button("Save").click()
    expect(page.get_by_text("Your preferences are saved.")).to_be_visible()
    tab = visitor.context.new_page()
    tab.goto("/")
    expect(tab.get_by_text("Showing 1 to 3 of 40, by price")).to_be_visible()
    products = tab.get_by_role("region", name="Everything").get_by_role("heading", level=3)
    expect(products).to_contain_text(["Orchard cider", "Brass clips", "Filament bulb"])


@ONE_SHOP
def test_the_theme_acts_at_once_and_stays(visitor: Visitor) -> None:
    """A choice of theme is seen without a new page, and after one."""
    page = visitor.goto("/preferences")
    page.get_by_role("group", name="Theme").get_by_label("Dark").check()
    assert visitor.is_dark()
    expect(page.get_by_text("The theme is saved.")).to_be_visible()
    page.reload()
    assert visitor.is_dark()
    expect(page.get_by_role("group", name="Theme").get_by_label("Dark")).to_be_checked()


@ONE_SHOP
def test_who_chose_no_theme_gets_the_systems(visitor: Visitor) -> None:
    """Light and dark follow the system, until a theme is chosen; then they do not."""
    page = visitor.goto("/preferences")
    page.emulate_media(color_scheme="dark")
    assert visitor.is_dark()
    page.get_by_role("group", name="Theme").get_by_label("Light").check()
    expect(page.get_by_text("The theme is saved.")).to_be_visible()
    assert not visitor.is_dark()


@ONE_SHOP
def test_a_wrong_preference_is_told_at_its_field(visitor: Visitor) -> None:
    """A number that will not do is refused beside its field, and stays there to be mended."""
    page = visitor.goto("/preferences")
    page.locator("main form").evaluate("form => form.noValidate = true")
    visitor.fill(Results_per_page="500")
    visitor.button("Save").click()
    field = page.get_by_label("Results per page")
    expect(field).to_have_accessible_description("Must be a whole number from 1 to 100.")
    expect(field).to_have_value("500")


def test_a_cart_is_filled_changed_and_emptied(visitor: Visitor) -> None:
    """Quantities, notes and removals are seen in the cart, its total and the navigation."""
    page = visitor.goto("/")
    visitor.add("Paper lantern lamp", "Stoneware mug", "Stoneware mug")
    cart_link = page.get_by_role("navigation").get_by_role("link", name="Cart")
    expect(cart_link).to_have_accessible_name("Cart 3")
    expect(page.get_by_role("region", name="Cart").get_by_text("€ 85.00")).to_be_visible()
    cart_link.click()
    mug = visitor.in_list("Stoneware mug")
    mug.get_by_label("Quantity").fill("5")
    mug.get_by_label("Quantity").press("Enter")
    expect(page.get_by_text("Your cart is saved.")).to_be_visible()
    expect(page.get_by_text("€ 139.00")).to_be_visible()
    write_note(visitor, "Stoneware mug", "Für Ada & Bob <3")
    expect(page.get_by_label("A note with Stoneware mug")).to_have_value("Für Ada & Bob <3")
    visitor.button("Remove Paper lantern lamp").click()
    expect(visitor.in_list("Paper lantern lamp")).to_be_hidden()
    expect(cart_link).to_have_accessible_name("Cart 5")
    visitor.button("Remove Stoneware mug").click()
    expect(page.get_by_text("Your cart is empty.")).to_be_visible()


def test_two_tabs_have_one_cart(visitor: Visitor) -> None:
    """What two tabs put into the cart, the one not knowing of the other, is all in it."""
    tabs = [visitor.context.new_page() for _ in PRODUCTS]
    for tab in tabs:
        tab.goto("/")
    for tab, product in zip(tabs, PRODUCTS, strict=True):
        tab.get_by_role("button", name=f"Add to cart: {product}").click()
        expect(tab.get_by_text(f"{product} is in your cart.")).to_be_visible()
    page = visitor.goto("/cart")
    for product in PRODUCTS:
        expect(page.get_by_text(product, exact=True)).to_be_visible()


def test_a_cart_that_does_not_fit_is_refused_and_stays_as_it_was(visitor: Visitor) -> None:
    """The refusal says what there is room for, leads back, and the old cart is there."""
    page = visitor.goto("/")
    visitor.add("Paper lantern lamp")
    fill_with_notes(visitor, besides="lamp-01")
    before = page.request.get("/cart").json()
    page.goto("/cart")
    write_note(visitor, "Paper lantern lamp", LONG_NOTE)
    expect(page.get_by_role("heading", name="That is too much")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("What was there before is still there.")
    page.get_by_role("main").get_by_role("link", name="To the cart").click()
    expect(page.get_by_label("A note with Paper lantern lamp")).to_have_value("")
    assert page.request.get("/cart").json() == before


def test_a_stale_tab_is_told_what_the_cart_is_now(visitor: Visitor) -> None:
    """What it did not know of stands, and it can go on from there."""
    page = visitor.goto("/")
    visitor.add("Stoneware mug")
    page.goto("/cart")
    page.request.post("/cart", data={"sku": "mug-01", "quantity": 2})
    mug = visitor.in_list("Stoneware mug")
    mug.get_by_label("Quantity").fill("9")
    visitor.button("Update the cart").click()
    expect(page.get_by_role("alert")).to_contain_text("The cart has changed since")
    expect(mug.get_by_label("Quantity")).to_have_value("3")
    mug.get_by_label("Quantity").fill("9")
    visitor.button("Update the cart").click()
    expect(page.get_by_text("Your cart is saved.")).to_be_visible()
    expect(mug.get_by_label("Quantity")).to_have_value("9")


@ONE_SHOP
def test_a_quantity_that_will_not_do_is_told_at_its_field(visitor: Visitor) -> None:
    """It has the focus, with what is wrong beside it and what was entered still in it."""
    page = visitor.goto("/")
    visitor.add("Stoneware mug")
    page.goto("/cart")
    page.locator("#cart-form").evaluate("form => form.noValidate = true")
    quantity = visitor.in_list("Stoneware mug").get_by_label("Quantity")
    quantity.fill("500")
    visitor.button("Update the cart").click()
    expect(quantity).to_have_accessible_description("Must be a whole number from 1 to 99.")
    expect(quantity).to_have_value("500")
    expect(quantity).to_be_focused()


def write_note(visitor: Visitor, product: str, note: str) -> None:
    """Unfold an item's note, write it, and save it."""
    visitor.page.get_by_text(f"A note with it: {product}").click()
    visitor.page.get_by_label(f"A note with {product}").fill(note)
    visitor.button(f"Save the note with {product}").click()


def fill_with_notes(visitor: Visitor, besides: str) -> None:
    """Add products with long notes until no further one fits."""
    request = visitor.page.request
    skus = [product["sku"] for product in request.get("/products").json()["products"]]
    for sku in skus:
        item = {"sku": sku, "quantity": 1, "note": LONG_NOTE}
        if sku != besides and request.post("/cart", data=item).status == 413:
            return
    pytest.fail("everything fits")


def test_every_page_says_where_each_kind_is_kept_and_why(visitor: Visitor, shop: Shop) -> None:
    """The place, what is needed of it and the reasons are there; what is misplaced is called so."""
    for path in ("/", "/products", "/cart", "/preferences", "/login", "/register", "/account"):
        page = visitor.goto(path)
        told = page.get_by_role("region", name="Where your data is kept")
        places = [f"In {place}" for place in shop.kept.values()]
        expect(told.get_by_text("In a s", exact=False).filter(visible=True)).to_have_text(places)
        expect(told.get_by_role("heading", level=3)).to_have_text(
            [f"Your {name}" for name in shop.kept]
        )
        expect(told.get_by_text("What it must do: ")).to_have_count(len(shop.kept))
        wrong = told.get_by_text("Kept in the wrong place on purpose")
        expect(wrong).to_have_count(len(shop.wrong))
        right = told.get_by_text("meets every need").filter(visible=True)
        expect(right).to_have_count(len(shop.kept) - len(shop.wrong))
        said = "in the wrong place" if shop.wrong else "where it belongs"
        expect(page.get_by_text(said).first).to_be_in_viewport()


@ONE_SHOP
def test_an_unknown_address_says_so_and_leads_back(visitor: Visitor) -> None:
    """A page that is not there is told in words, and the shop is one step away."""
    page = visitor.goto("/nothing/here")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing here")
    page.get_by_role("link", name="To the shop").click()
    expect(page.get_by_role("heading", name="Things worth keeping")).to_be_visible()

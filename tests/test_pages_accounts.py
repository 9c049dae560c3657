"""Accounts and sessions, as a person with a browser meets them in each application."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect
from running_shop import ONE_SHOP, SHOPS

if TYPE_CHECKING:
    from browser import Visitor
    from running_shop import Shop

pytest_plugins = ["browser"]

PASSWORD, NEW_PASSWORD = "correct horse 7", "another horse 8"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


def test_who_registers_can_sign_in_and_sees_the_account(visitor: Visitor) -> None:
    """From the shop's page to one's own account by links and forms alone."""
    page = visitor.goto("/")
    page.get_by_role("main").get_by_role("link", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Register")
    visitor.fill(Username=visitor.name, Email="ada@example.org", Password=PASSWORD)
    visitor.button("Register").click()
    expect(page.get_by_text("Your account is there.")).to_be_visible()
    visitor.fill(Username=visitor.name, Password=PASSWORD)
    visitor.button("Sign in").click()
    expect(page.get_by_text(f"Signed in as {visitor.name}")).to_be_visible()
    visitor.account_link(visitor.name).click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page.get_by_text("ada@example.org")).to_be_visible()


def test_what_was_put_into_the_cart_is_there_after_sign_in(visitor: Visitor) -> None:
    """Signing in keeps the cart."""
    visitor.register()
    page = visitor.goto("/")
    visitor.add("Stoneware mug")
    visitor.sign_in_by_hand()
    page.goto("/cart")
    expect(visitor.in_list("Stoneware mug")).to_be_visible()


@ONE_SHOP
def test_a_wrong_password_is_told_and_the_name_stays(visitor: Visitor) -> None:
    """The message does not tell which of both is wrong; the password is never sent back."""
    page = visitor.goto("/login")
    visitor.fill(Username="Nobody <1>", Password="no such password")
    visitor.button("Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The username or the password is wrong.")
    expect(page.get_by_label("Username")).to_have_value("Nobody <1>")
    expect(page.get_by_label("Password")).to_have_value("")
    assert "no such password" not in page.content()


@ONE_SHOP
def test_a_taken_name_is_told_at_its_field(visitor: Visitor) -> None:
    """What was typed stays, but for the password."""
    visitor.register()
    page = visitor.goto("/register")
    visitor.fill(Username=visitor.name.upper(), Email="bob@example.org", Password=PASSWORD)
    visitor.button("Register").click()
    name = page.get_by_label("Username")
    expect(name).to_have_accessible_description("This username is taken.")
    expect(name).to_have_value(visitor.name.upper())
    expect(name).to_be_focused()
    expect(page.get_by_label("Email")).to_have_value("bob@example.org")
    assert PASSWORD not in page.content()


@ONE_SHOP
def test_fields_that_will_not_do_are_told_at_each_of_them(visitor: Visitor) -> None:
    """Everything wrong is told at once, where it is, and the password is not sent back."""
    page = visitor.goto("/register")
    without_the_browsers_own_check(page)
    visitor.fill(Username="a b", Email="nowhere", Password="password")
    visitor.button("Register").click()
    expect(page.get_by_label("Username")).to_have_accessible_description(
        "The username must have no blanks or control characters in it."
    )
    expect(page.get_by_label("Email")).to_have_accessible_description(
        "The email must have one @ with something on both sides."
    )
    expect(page.get_by_label("Password")).to_have_accessible_description(
        "This password is among the most common ones. Choose another."
    )
    expect(page.get_by_label("Email")).to_have_value("nowhere")
    expect(page.get_by_label("Password")).to_have_value("")


@ONE_SHOP
def test_a_form_with_fields_missing_is_not_sent(visitor: Visitor) -> None:
    """The browser says what is missing; where it does not, the answer does."""
    page = visitor.goto("/register")
    visitor.fill(Username=visitor.name)
    visitor.button("Register").click()
    expect(page.get_by_label("Email")).to_be_focused()
    assert page.get_by_label("Email").evaluate("field => field.validity.valueMissing")
    without_the_browsers_own_check(page)
    visitor.button("Register").click()
    expect(page.get_by_label("Email")).to_have_accessible_description(
        "The email must have 3 to 254 characters."
    )
    expect(page.get_by_label("Username")).to_have_value(visitor.name)


def test_another_session_is_seen_and_ended(visit: Callable[..., Visitor], shop: Shop) -> None:
    """It is signed out with its next click; in the signed-cookie shop nobody can do that."""
    here, there = visit(), visit(user_agent=FIREFOX)
    here.register()
    here.sign_in()
    there.sign_in(here.name)
    here.goto("/account")
    here.page.get_by_role("link", name="Your sessions").click()
    if not shop.has_sessions:
        expect(here.page.get_by_role("alert")).to_contain_text("neither listed nor ended")
        return
    expect(here.in_list("Chrome on Linux")).to_contain_text("this one")
    here.in_list("Firefox on Linux").get_by_role("button").click()
    expect(here.page.get_by_text("Ended. Whoever used it is signed out.")).to_be_visible()
    expect(here.in_list("Firefox on Linux")).to_be_hidden()
    there.goto("/account")
    expect(there.page.get_by_role("alert")).to_contain_text("Your session has ended.")
    here.goto("/account")
    expect(here.page.get_by_role("heading", name="Your account")).to_be_visible()


def test_a_new_password_ends_the_other_sessions(visit: Callable[..., Visitor], shop: Shop) -> None:
    """Where they can be ended at all; where not, the page says that they go on."""
    here, there = visit(), visit()
    here.register()
    here.sign_in()
    there.sign_in(here.name)
    here.goto("/password")
    here.fill(Current_password=PASSWORD, New_password=NEW_PASSWORD)
    here.button("Change it").click()
    expect(here.page.get_by_text("Your password is changed.")).to_be_visible()
    said = "Every other session of yours has ended." if shop.has_sessions else "go on"
    expect(here.page.get_by_text(said)).to_be_visible()
    there.goto("/account")
    heading = "Please sign in" if shop.has_sessions else "Your account"
    expect(there.page.get_by_role("heading", level=1)).to_have_text(heading)
    third = visit()
    third.sign_in_by_hand(here.name, NEW_PASSWORD)


@ONE_SHOP
def test_a_wrong_current_password_is_told_at_its_field(visitor: Visitor) -> None:
    """Neither password is sent back, and nothing changes."""
    visitor.register()
    visitor.sign_in()
    page = visitor.goto("/password")
    visitor.fill(Current_password="not this one", New_password=NEW_PASSWORD)
    visitor.button("Change it").click()
    expect(page.get_by_label("Current password")).to_have_accessible_description(
        "This is not your current password."
    )
    assert not {"not this one", NEW_PASSWORD} & set(page.content().split(chr(34)))
    page.goto("/account")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


def test_after_sign_out_the_back_button_shows_nothing_personal(visitor: Visitor) -> None:
    """Neither the browser's memory of the page nor the page itself tells who it was."""
    visitor.register()
    visitor.sign_in()
    page = visitor.goto("/account")
    expect(page.get_by_text("ada@example.org")).to_be_visible()
    visitor.button("Sign out").click()
    expect(page.get_by_role("navigation").get_by_role("link", name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Please sign in")).to_be_visible()
    for personal in ("ada@example.org", visitor.name):
        expect(page.get_by_text(personal)).to_have_count(0)


def test_preferences_outlive_sign_out_where_they_are_kept_right(
    visitor: Visitor, shop: Shop
) -> None:
    """The dark theme stays after sign-out, but in the shop that keeps it in the session."""
    visitor.register()
    visitor.sign_in()
    page = visitor.goto("/")
    page.get_by_role("group", name="Theme").get_by_label("Dark").check()
    expect(page.get_by_text("The theme is saved.")).to_be_visible()
    visitor.button("Sign out").click()
    expect(page.get_by_role("navigation").get_by_role("link", name="Sign in")).to_be_visible()
    assert visitor.is_dark() == ("preferences" not in shop.wrong)


@ONE_SHOP
def test_one_can_sign_in_with_the_keyboard_alone(visitor: Visitor) -> None:
    """First comes the way past the navigation, then search; the form is filled by keys."""
    visitor.register()
    page = visitor.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    reach(page, "searchbox", "Search the shop")
    page.keyboard.type("mug")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="1 for “mug”")).to_be_visible()
    reach(page, "link", "Sign in")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    reach(page, "textbox", "Username")
    page.keyboard.type(visitor.name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    expect(visitor.button("Sign in")).to_be_focused()
    page.keyboard.press("Enter")
    expect(visitor.account_link(visitor.name)).to_be_visible()


def test_two_shops_on_one_host_do_not_disturb_each_other(
    visitor: Visitor, shop: Shop, shops: dict[str, Shop]
) -> None:
    """Ports do not separate cookies, names do: one browser is two people in two shops."""
    neighbour = shops[SHOPS[(SHOPS.index(shop.name) + 1) % len(SHOPS)]]
    visitor.neighbours.append(neighbour.url)
    visitor.register()
    visitor.sign_in()
    visitor.goto("/")
    visitor.add("Stoneware mug")
    page = visitor.goto(f"{neighbour.url}/")
    expect(page.get_by_role("navigation").get_by_role("link", name="Sign in")).to_be_visible()
    visitor.add("Enamel kettle")
    page.request.post(f"{neighbour.url}/logout")
    page = visitor.goto("/cart")
    expect(visitor.account_link(visitor.name)).to_be_visible()
    expect(visitor.in_list("Stoneware mug")).to_be_visible()
    expect(visitor.in_list("Enamel kettle")).to_have_count(0)


def without_the_browsers_own_check(page: Page) -> None:
    """Let the form be sent as it is, as an old browser would."""
    page.get_by_role("main").locator("form").evaluate("form => form.noValidate = true")


def reach(page: Page, role: str, name: str) -> None:
    """Press the tabulator until something is focused."""
    wanted = page.get_by_role(role, name=name, exact=True).first
    for _ in range(100):
        page.keyboard.press("Tab")
        if wanted.evaluate("it => it === document.activeElement"):
            return
    raise AssertionError(f"the {role} {name} is not reached by keyboard")

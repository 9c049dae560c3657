"""What a person sees while memcached is away, and after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from compare.waiting import wait_until

if TYPE_CHECKING:
    from browser import Visitor
    from running_shop import Shop

    from compare.memcached_process import MemcachedProcess

pytest_plugins = ["browser"]

with_sessions = pytest.mark.parametrize("shop", ["session", "recommended"], indirect=True)


@pytest.fixture
def memcached(visit: Callable[..., Visitor], shop: Shop) -> Iterator[MemcachedProcess]:
    """The one the shop uses; answering again, and known to, when the test is over."""
    yield shop.memcached
    shop.memcached.thaw()
    wait_until(lambda: is_served(visit(), "/cart"), "the shop has its memcached back")


@with_sessions
def test_while_memcached_is_away_pages_say_what_works(
    visitor: Visitor, shop: Shop, memcached: MemcachedProcess
) -> None:
    """Search goes on, the cart's page says in words what is out of reach; then all is back."""
    visitor.register()
    visitor.sign_in()
    page = visitor.goto("/")
    visitor.add("Stoneware mug")
    memcached.freeze()
    page.goto("/?q=mug")
    expect(page.get_by_role("alert")).to_contain_text("are out of reach right now.")
    expect(page.get_by_role("alert")).to_contain_text("go on")
    expect(page.get_by_role("heading", name="Stoneware mug")).to_be_visible()
    expect(page.get_by_text("nobody can tell whether you are signed in")).to_be_visible()
    answer = page.goto("/cart")
    assert answer
    assert (answer.status, "retry-after" in answer.headers) == (503, True)
    expect(page.get_by_role("heading", name="Out of reach")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("cart and sign-in are out of reach")
    memcached.thaw()
    wait_until(lambda: is_served(visitor, "/cart"), "the cart is back")
    page.goto("/cart")
    expect(visitor.in_list("Stoneware mug")).to_be_visible()
    expect(visitor.account_link(visitor.name)).to_be_visible()


@with_sessions
def test_preferences_work_without_memcached_where_they_are_kept_right(
    visitor: Visitor, shop: Shop, memcached: MemcachedProcess
) -> None:
    """Saved in the signed cookie during the outage; out of reach in the session, and told so."""
    memcached.freeze()
    page = visitor.goto("/preferences")
    visitor.fill(Results_per_page="7")
    visitor.button("Save").click()
    if "preferences" in shop.wrong:
        expect(page.get_by_role("alert")).to_contain_text("preferences, cart and sign-in")
    else:
        expect(page.get_by_text("Your preferences are saved.")).to_be_visible()
        expect(page.get_by_label("Results per page")).to_have_value("7")


@with_sessions
def test_what_could_not_be_kept_is_never_said_to_be(
    visitor: Visitor, memcached: MemcachedProcess
) -> None:
    """Adding and signing out say that they did not work, and did not."""
    visitor.register()
    visitor.sign_in()
    page = visitor.goto("/")
    memcached.freeze()
    visitor.button("Add to cart: Stoneware mug").click()
    expect(page.get_by_text("The session store does not answer right now.")).to_be_visible()
    visitor.button("Sign out").click()
    expect(page.get_by_role("heading", name="Out of reach")).to_be_visible()
    expect(page.get_by_text("Nothing counts as done until it is confirmed.")).to_be_visible()
    memcached.thaw()
    wait_until(lambda: is_served(visitor, "/account"), "the account is back")
    page.goto("/cart")
    expect(page.get_by_text("Your cart is empty.")).to_be_visible()
    expect(visitor.account_link(visitor.name)).to_be_visible()


@with_sessions
def test_after_a_restart_of_memcached_the_session_has_ended(
    visitor: Visitor, memcached: MemcachedProcess
) -> None:
    """Whoever comes back is told so, on whatever page, and can sign in again."""
    visitor.register()
    visitor.sign_in()
    memcached.restart()
    page = visitor.page
    wait_until(lambda: page.goto("/cart").status == 200, "the shop has its memcached back")
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    page.get_by_role("link", name="sign in again").click()
    visitor.sign_in_by_hand()


@pytest.mark.parametrize("shop", ["cookie"], indirect=True)
def test_the_signed_cookie_shop_never_notices(
    visitor: Visitor, memcached: MemcachedProcess
) -> None:
    """It has no store to lose."""
    visitor.register()
    visitor.sign_in()
    memcached.freeze()
    page = visitor.goto("/")
    visitor.add("Stoneware mug")
    visitor.button("Sign out").click()
    expect(page.get_by_role("navigation").get_by_role("link", name="Sign in")).to_be_visible()


def is_served(visitor: Visitor, path: str) -> bool:
    """Return whether a page can be had, asked behind the person's back."""
    return bool(visitor.page.request.get(path).status == 200)

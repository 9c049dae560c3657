"""The demo's page over time: it keeps its place and the keyboard's, and shows what it must."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psutil
import pytest
from demo_process import DemoProcess
from demo_visitor import SOON, Person
from playwright.sync_api import Browser, expect

pytest_plugins = ["browser", "demo_browser"]


@pytest.fixture(scope="module")
def anyone(chromium: Browser, demo: DemoProcess) -> Iterator[Person]:
    """Somebody who has been here for a while."""
    person = Person(chromium, demo)
    yield person
    person.context.close()
    assert person.troubles == []


_HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_pane_keeps_its_page_and_adds_nothing_to_the_history(
    anyone: Person,
) -> None:
    """An action loads each pane anew where it is, so that Back goes where it went before."""
    pane = anyone.pane("session")
    pane.get_by_role("link", name=re.compile("Cart")).click()
    expect(pane.get_by_role("heading", level=1)).to_have_text(re.compile("cart", re.IGNORECASE))
    steps = anyone.page.evaluate("history.length")
    anyone.act("read")
    expect(pane.get_by_role("link", name="demo")).to_be_visible(timeout=SOON)
    expect(pane.get_by_role("heading", level=1)).to_have_text(re.compile("cart", re.IGNORECASE))
    assert anyone.page.evaluate("history.length") == steps
    anyone.page.reload(wait_until="domcontentloaded")
    expect(pane.get_by_role("heading", level=1)).to_have_text(re.compile("cart", re.IGNORECASE))


def test_a_second_tab_follows(visit_demo: Callable[..., Person]) -> None:
    """What an action changed is seen in the panes of the visitor's other tab as well."""
    person = visit_demo()
    other = person.context.new_page()
    other.goto(person.demo.url, wait_until="domcontentloaded")
    pane = other.frame_locator("iframe[data-side=session]")
    expect(pane.get_by_role("link", name="Sign in")).to_be_visible()
    person.sign_in()
    expect(pane.get_by_role("link", name="demo")).to_be_visible(timeout=SOON)
    person.act("read")
    expect(other.locator("#result-title")).to_have_text("Read it")


def test_a_tab_out_of_sight_holds_no_connection(anyone: Person) -> None:
    """A browser has six to one host; a tab that comes back into sight knows what has happened."""
    anyone.page.evaluate(_HIDE, True)
    assert anyone.page.evaluate("events") is None
    for _ in range(7):
        page = anyone.context.new_page()
        page.goto(anyone.demo.url, wait_until="domcontentloaded")
        expect(page.locator("#rows tr")).to_have_count(10)
        page.evaluate(_HIDE, True)
    anyone.page.evaluate(_HIDE, False)
    anyone.act("read")
    expect(anyone.result("cookie").locator(".word")).to_contain_text("readable")


def test_the_keyboard_keeps_its_place_on_the_wire(anyone: Person) -> None:
    """What is drawn anew under a focused fold leaves the focus, and the fold open, there."""
    wire = anyone.page.locator("[data-exchanges=cookie]")
    expect(wire.locator("li").first).to_contain_text("GET /")
    carts = wire.locator("li", has_text="GET /cart")
    expect(carts).to_have_count(0)
    fold = wire.locator("summary").first
    fold.focus()
    anyone.page.keyboard.press("Enter")
    key = fold.evaluate("it => it.parentElement.dataset.key")
    anyone.page.request.get(f"http://localhost:{anyone.demo.port + 1}/cart")
    expect(carts).to_have_count(1)
    focused = "[document.activeElement.tagName, document.activeElement.parentElement.dataset.key]"
    assert anyone.page.evaluate(focused) == ["SUMMARY", key]
    assert wire.locator(f"details[data-key='{key}']").evaluate("it => it.open")


def test_a_phone_shows_what_is_said_from_its_start(visit_demo: Callable[..., Person]) -> None:
    """An answer, and why there is none, begin at the top of the screen; the old one is gone."""
    person = visit_demo(viewport={"width": 390, "height": 844})
    result = person.page.locator("#result")

    def is_at_the_top() -> bool:
        box = result.bounding_box()
        return box is not None and 0 <= box["y"] < 200

    person.act("read")
    expect(result).to_be_in_viewport(ratio=0.4)
    assert is_at_the_top()
    person.act("freeze")
    assert is_at_the_top()
    person.page.evaluate("scrollTo(0, 0)")
    person.page.locator("[data-action=read]").click(force=True)
    expect(person.page.locator("#result-title")).to_have_text("memcached is frozen. Thaw it first.")
    assert is_at_the_top()
    expect(person.result("cookie")).to_be_hidden()


def test_killed_shops_come_back_in_their_panes(visit_demo: Callable[..., Person]) -> None:
    """It is said what has ended, and both panes load themselves anew."""
    person = visit_demo()
    person.sign_in()
    for each in psutil.Process(person.demo.pid).children(recursive=True):
        each.kill()
    expect(person.page.locator("#notice")).to_contain_text("had ended", timeout=SOON)
    expect(person.pane("cookie").get_by_role("link", name="demo")).to_be_visible(timeout=SOON)
    expect(person.pane("session").get_by_role("searchbox")).to_be_visible(timeout=SOON)
    person.act("restart")
    expect(person.result("session").locator(".word")).to_contain_text("signed out, and told so")
    expect(person.result("cookie")).to_contain_text("It keeps nothing in a store")


def test_begin_anew_is_as_if_one_had_just_come(visit_demo: Callable[..., Person]) -> None:
    """Nothing is seen, nobody signed in, and no result shown."""
    person = visit_demo()
    person.act("read")
    person.page.get_by_role("button", name="Begin anew").click()
    expect(person.page.locator("#result")).to_be_hidden(timeout=SOON)
    expect(person.page.locator("#rows .seen")).to_have_count(0)
    expect(person.page.locator("#rows tr")).to_have_count(10)
    pane = person.pane("cookie")
    expect(pane.get_by_role("link", name="Sign in")).to_be_visible(timeout=SOON)


def test_who_signs_in_by_hand_is_named_above(visit_demo: Callable[..., Person]) -> None:
    """Forms filled in in a pane count like the page's own."""
    person = visit_demo()
    pane = person.pane("cookie")
    pane.get_by_role("link", name="Sign in").click()
    expect(pane.get_by_role("heading", level=1)).to_have_text("Sign in", timeout=SOON)
    pane.get_by_role("main").get_by_role("link", name="Register").click()
    expect(pane.get_by_role("heading", level=1)).to_have_text("Register", timeout=SOON)
    for label, value in {"Username": "bob", "Email": "bob@post.example"}.items():
        pane.get_by_label(label).fill(value)
    pane.get_by_label("Password").fill("amber-falcon-17")
    pane.get_by_role("main").get_by_role("button").last.click()
    expect(pane.get_by_role("heading", level=1)).to_have_text("Sign in", timeout=SOON)
    pane.get_by_label("Username").fill("bob")
    pane.get_by_label("Password").fill("amber-falcon-17")
    pane.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(person.page.locator("#person")).to_have_text("bob", timeout=SOON)
    _, session = person.act("devices")
    expect(session.locator(".word")).to_contain_text("ended")
    expect(person.pane("session").get_by_role("link", name="bob")).to_be_visible(timeout=SOON)

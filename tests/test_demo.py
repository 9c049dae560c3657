"""The demo: both shops side by side in a real browser, used, attacked, frozen and restarted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import judged
import pytest
from demo_process import DemoProcess
from demo_visitor import SOON, Person
from playwright.sync_api import Browser, expect

from compare.demo.actions import ACTIONS, LESSONS

pytest_plugins = ["browser", "demo_browser"]

#: What each action says on both sides.
SAID = {
    "read": ("readable", "opaque"),
    "tamper": ("taken for nobody", "taken for nobody"),
    "replay": ("still signed in", "signed out"),
    "rollback": ("the old state is back", "the state is unmoved"),
    "capacity": ("refused, the old value intact", "refused, the old value intact"),
    "tabs": ("writes are lost", "none is lost"),
    "devices": ("impossible", "ended"),
    "rotate": ("the old one counts while it is listed", "the old one counts while it is listed"),
    "restart": ("unaffected", "signed out, and told so"),
    "freeze": ("unaffected", "503, the cookie kept"),
    "thaw": ("goes on", "goes on"),
}


@pytest.fixture(scope="module")
def anyone(chromium: Browser, demo: DemoProcess) -> Iterator[Person]:
    """Somebody who has signed in and tries one thing after the other."""
    person = Person(chromium, demo)
    person.sign_in()
    yield person
    person.context.close()
    assert person.troubles == []


def test_every_action_has_words_to_be_checked() -> None:
    """Nothing that can be pressed is left out below."""
    assert set(SAID) == {action.name for action in ACTIONS} | {"freeze", "thaw"}


@pytest.mark.parametrize("name", SAID)
def test_an_action_tells_both_sides(anyone: Person, name: str) -> None:
    """Each says in a word and a sentence what became of either side, and shows the proof."""
    sides = anyone.act(name)
    expect(anyone.page.locator("#result")).to_be_focused()
    expect(anyone.page.locator("#lesson")).to_have_text(LESSONS[name])
    for side, word in zip(sides, SAID[name], strict=True):
        expect(side.locator(".word")).to_contain_text(word)
        assert len(side.locator("p").nth(1).inner_text()) > 15
        side.get_by_text("The proof").click()
        expect(side.locator(".exchange pre").nth(1)).to_contain_text("HTTP/1.1")


def test_what_is_tried_fills_in_the_matrix(visit_demo: Callable[..., Person]) -> None:
    """A cell is declared until its owner has seen it; reasons stand below."""
    person = visit_demo()
    cells = person.row("an old value is refused").locator("td")
    expect(cells.nth(1)).to_have_text("declared: no")
    person.act("rollback")
    expect(cells.nth(1)).to_have_text("no seen")
    expect(cells.nth(2)).to_have_text("yes seen")
    cart = person.page.locator("#placements .card").filter(has_text="cart").first
    expect(cart).to_contain_text("server session")
    expect(cart).to_contain_text("(fresh)")


def test_the_shops_are_used_in_their_panes(visit_demo: Callable[..., Person]) -> None:
    """A click in a pane is a request on the wire, its cookies are taken apart, its record shown."""
    person = visit_demo()
    for side in ("cookie", "session"):
        pane = person.pane(side)
        pane.get_by_role("button", name=re.compile("^Add to cart")).first.click()
        expect(pane.get_by_role("link", name=re.compile("Cart"))).to_contain_text("1")
    wire = person.page.locator("[data-exchanges=cookie]")
    expect(wire).to_contain_text("POST /cart")
    jar = person.page.locator("[data-jar=cookie]")
    expect(jar).to_contain_text("cookie-cart")
    jar.get_by_text("As it is, and taken apart").first.click()
    for part in ("key version", "signed at", "anyone reads", '"quantity": 1', "signature"):
        expect(jar).to_contain_text(part)
    expect(person.page.locator("[data-jar=session]")).to_contain_text("session ID")
    expect(person.page.locator("#store .yours")).to_contain_text("sealed bytes")
    folds = person.page.locator("[data-exchanges=session] details")
    folds.first.locator("summary").click()
    expect(folds.first).to_contain_text("ports do not separate cookies")


def test_one_sign_up_serves_both(visit_demo: Callable[..., Person]) -> None:
    """An account of one's own is made and signed in on both sides; a wrong one says why not."""
    person = visit_demo()
    page = person.page
    page.get_by_text("Make an account of your own").click()
    for name, value in {"Username": "grace", "Email": "grace@post.example"}.items():
        page.get_by_label(name).fill(value)
    page.get_by_label("Password").fill("password1")
    page.get_by_role("button", name="Make it, and sign in").click()
    expect(page.locator("#account-said")).to_contain_text("password:", timeout=SOON)
    page.get_by_label("Password").fill("amber-falcon-17")
    page.get_by_role("button", name="Make it, and sign in").click()
    expect(page.locator("#account-said")).to_have_text(
        "Signed in on both sides as grace.", timeout=SOON
    )
    for side in ("cookie", "session"):
        expect(person.pane(side).get_by_role("link", name="grace")).to_be_visible()


def test_frozen_memcached_is_seen_in_the_panes_and_thawed(anyone: Person) -> None:
    """One shop goes on, the other says what is out of reach; thawed, both are as before."""
    cookie, _ = anyone.act("freeze")
    expect(cookie).to_contain_text("It keeps nothing in a store, so it did not notice.")
    expect(anyone.page.locator("#frozen")).to_be_visible()
    expect(anyone.pane("session").get_by_text("out of reach").first).to_be_visible(timeout=SOON)
    expect(anyone.pane("cookie").get_by_role("link", name="demo")).to_be_visible()
    expect(anyone.page.locator("#store")).to_contain_text("frozen")
    other = anyone.page.locator("[data-action=read]")
    expect(other).to_have_attribute("aria-disabled", "true")
    expect(other).to_have_accessible_description(re.compile("While memcached is frozen"))
    other.click(force=True)
    expect(anyone.page.locator("#result-title")).to_have_text("memcached is frozen. Thaw it first.")
    anyone.act("thaw")
    expect(anyone.page.locator("#frozen")).to_be_hidden()
    expect(anyone.pane("session").get_by_role("link", name="demo")).to_be_visible(timeout=SOON)


def test_two_visitors_do_not_disturb_each_other(visit_demo: Callable[..., Person]) -> None:
    """What one freezes, restarts and signs out of is nobody else's."""
    first, second = visit_demo(), visit_demo()
    second.sign_in()
    first.act("freeze")
    second.act("replay")
    expect(second.page.locator("#frozen")).to_be_hidden()
    expect(second.result("session").locator(".word")).to_contain_text("signed out")
    expect(first.page.locator("#frozen")).to_be_visible()


def test_reload_keeps_ones_place(anyone: Person) -> None:
    """What was tried last, and what has been seen, are still there; so is who is signed in."""
    anyone.sign_in()
    anyone.act("read")
    anyone.page.reload(wait_until="domcontentloaded")
    expect(anyone.page.locator("#result-title")).to_have_text("Read it")
    expect(anyone.row("its holder cannot read it").locator(".seen").first).to_be_visible()
    expect(anyone.pane("session").get_by_role("link", name="demo")).to_be_visible()


@pytest.mark.parametrize(
    ("ticked", "tier"),
    [
        ([], "signed cookie"),
        (["An old value would do harm"], "server session"),
        (["It must be on all devices"], "database"),
        (
            ["It is a secret from whoever holds it", "It must work without the store"],
            "no one place",
        ),
    ],
)
def test_a_kind_of_ones_own_gets_its_place(anyone: Person, ticked: list[str], tier: str) -> None:
    """One says what it needs, and reads where it belongs and why."""
    form = anyone.page.locator("#kind")
    for box in form.get_by_role("checkbox").all():
        box.uncheck()
    for label in ticked:
        form.get_by_label(label).check()
    form.get_by_role("button").click()
    answer = anyone.page.locator("#answer")
    expect(answer.locator(".place")).to_contain_text(tier)
    expect(answer.locator("li").first).to_be_visible()


def test_everything_is_within_reach_of_a_keyboard(anyone: Person) -> None:
    """An action is reached and pressed without a mouse, and focus goes to what it says."""
    page = anyone.page
    page.locator("[data-action=read]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.action") == "tamper"
    page.keyboard.press("Enter")
    expect(page.locator("[data-result=cookie] .word")).to_contain_text("taken for", timeout=SOON)
    expect(page.locator("#result")).to_be_focused()


@pytest.fixture(scope="module")
def reader(chromium: Browser, demo: DemoProcess) -> Iterator[Person]:
    """Somebody who looks at what an action has told."""
    person = Person(chromium, demo)
    person.act("replay")
    yield person
    person.context.close()
    assert person.troubles == []


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_the_page_is_for_everyone(reader: Person, width: int) -> None:
    """axe-core finds nothing, nothing is wider than the screen, and a phone stacks the panes."""
    page = reader.page
    page.set_viewport_size({"width": width, "height": 900})
    assert judged.problems(page, iframes=False) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    left, right = (page.locator(f"iframe[data-side={each}]") for each in ("cookie", "session"))
    boxes = left.bounding_box(), right.bounding_box()
    assert (boxes[0]["y"] == boxes[1]["y"]) == (width > 390)


def test_the_page_recovers_when_the_demo_was_away(chromium: Browser) -> None:
    """It says that the demo is gone, and goes on by itself once it is back."""
    with DemoProcess() as demo:
        person = Person(chromium, demo)
        demo.stop()
        expect(person.page.locator("#lost")).to_be_visible(timeout=SOON)
        demo.start()
        expect(person.page.locator("#lost")).to_be_hidden(timeout=SOON)
        expect(person.page.locator("#rows tr")).to_have_count(10)
        expect(person.pane("session").get_by_role("searchbox")).to_be_visible(timeout=SOON)
        person.context.close()


def test_no_pane_without_the_page(chromium: Browser, demo: DemoProcess) -> None:
    """Whoever opens a pane by itself is told where the demo is."""
    page = chromium.new_page()
    page.goto(f"http://localhost:{demo.port + 1}/")
    expect(page.locator("body")).to_contain_text(demo.url)
    page.goto(f"http://127.0.0.1:{demo.port}/")
    assert page.url == f"{demo.url}/"
    page.close()

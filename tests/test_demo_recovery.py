"""The demo's page over time: it keeps its place and the keyboard's, and shows what it must."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from demo_process import DemoProcess, WarmDemoProcess, kill_processes_of
from demo_visitor import SOON, Person
from playwright.sync_api import Browser, Route, expect

pytest_plugins = ["browser", "demo_browser"]


@pytest.fixture(scope="module")
def anyone(chromium: Browser, demo: DemoProcess) -> Iterator[Person]:
    """Somebody who has been here for a while."""
    person = Person(chromium, demo)
    yield person
    person.leave()


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


_UNDER_THE_MOUSE = """frame => {
  const { x, y, width, height } = frame.getBoundingClientRect();
  return document.elementFromPoint(x + width / 2, y + height / 2) === frame;
}"""


def test_nothing_is_pressed_in_a_page_that_goes_away(anyone: Person) -> None:
    """A click in a frame that is being loaded anew would be lost: it reaches no page until then."""
    frame = anyone.page.locator("iframe[data-frame=session]")
    assert frame.evaluate(_UNDER_THE_MOUSE)

    def hold(route: Route) -> None:
        assert not frame.evaluate(_UNDER_THE_MOUSE)
        route.continue_()

    pages = f"http://localhost:{anyone.demo.panes['session']}/**"
    anyone.page.route(pages, hold, times=1)
    with anyone.page.expect_response(pages):
        anyone.page.evaluate("reloadPanes()")
    expect(anyone.page.locator("iframe[data-loading]")).to_have_count(0)
    assert frame.evaluate(_UNDER_THE_MOUSE)


def test_a_page_that_never_comes_leaves_the_old_one_to_be_used(anyone: Person) -> None:
    """No frame is told of it, as where somebody stops the browser."""
    loading = anyone.page.locator("iframe[data-loading]")
    pages = f"http://localhost:{anyone.demo.panes['session']}/**"
    anyone.page.route(pages, lambda route: route.fulfill(status=204), times=1)
    with anyone.page.expect_response(pages):
        anyone.page.evaluate("reloadPanes([$('iframe[data-frame=session]')])")
    expect(loading).to_have_count(0)


def test_a_second_tab_follows(anyone: Person) -> None:
    """What happens in one tab is seen in the visitor's other one, of the tour as well."""
    other = anyone.context.new_page()
    other.goto(f"{anyone.demo.url}/?pace=0#attacks", wait_until="domcontentloaded")
    anyone.sign_in()
    pane = other.frame_locator("iframe[data-frame=session]")
    expect(pane.get_by_role("link", name="demo")).to_be_visible(timeout=SOON)
    anyone.act("read")
    expect(other.locator("#result-title")).to_have_text("Read it")
    other.evaluate("() => { location.hash = 'tabs'; }")
    anyone.go("tabs")
    anyone.guess(True, True)
    anyone.see()
    expect(other.locator("[data-verdict=cookie]")).to_contain_text("No. ", timeout=SOON)
    anyone.go("attacks")
    other.close()


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
    expect(anyone.said("cookie").locator(".word")).to_contain_text("readable")


def test_the_keyboard_keeps_its_place_on_the_wire(anyone: Person) -> None:
    """What is drawn anew under a focused fold leaves the focus, and the fold open, there."""
    anyone.go("wire")
    wire = anyone.page.locator("[data-exchanges=cookie]")
    expect(wire.locator("li").first).to_contain_text("GET /")
    carts = wire.locator("li", has_text="GET /preferences")
    expect(carts).to_have_count(0)
    wire.locator("summary").first.focus()  # and no longer the first when the next one is seen
    anyone.page.keyboard.press("Enter")
    focused = "[document.activeElement.tagName, document.activeElement.parentElement.dataset.key]"
    tag, key = anyone.page.evaluate(focused)
    assert tag == "SUMMARY"
    anyone.page.request.get(f"http://localhost:{anyone.demo.panes['cookie']}/preferences")
    expect(carts).to_have_count(1)
    assert anyone.page.evaluate(focused) == [tag, key]
    assert wire.locator(f"details[data-key='{key}']").evaluate("it => it.open")
    anyone.go("attacks")


def test_a_phone_shows_what_is_said_where_one_is(anyone: Person) -> None:
    """Nothing scrolls away under a finger: what was pressed for is told right below the buttons."""
    anyone.page.set_viewport_size({"width": 390, "height": 844})
    anyone.act("read")
    expect(anyone.page.locator("#result-title")).to_be_in_viewport(ratio=1)
    anyone.page.set_viewport_size({"width": 1280, "height": 720})


def test_killed_shops_come_back_in_their_frames(anyone: Person) -> None:
    """It is said what has ended, and both frames load themselves anew."""
    anyone.sign_in()
    kill_processes_of(anyone.demo)
    expect(anyone.page.locator("#notice")).to_contain_text("had ended", timeout=SOON)
    expect(anyone.pane("cookie").get_by_role("link", name="demo")).to_be_visible(timeout=SOON)
    expect(anyone.pane("session").get_by_role("link", name="Sign in").first).to_be_visible(
        timeout=SOON
    )
    anyone.act("restart")
    expect(anyone.said("session").locator(".word")).to_contain_text("signed out, and told so")
    expect(anyone.said("cookie")).to_contain_text("It keeps nothing in a store")


def test_who_signs_in_by_hand_is_named_above(anyone: Person) -> None:
    """Forms filled in in a frame count like the page's own."""
    anyone.go("attacks")
    anyone.sign_in()
    pane = anyone.pane("cookie")
    sign_in = pane.get_by_role("navigation").get_by_role("link", name="Sign in")
    anyone.press(pane.get_by_role("button", name="Sign out"), until=sign_in)
    sign_in.click()
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
    expect(anyone.page.locator("#person")).to_have_text("bob", timeout=SOON)
    _, session = anyone.act("devices")
    expect(session.locator(".word")).to_contain_text("ended")
    expect(anyone.pane("session").get_by_role("link", name="bob")).to_be_visible(timeout=SOON)


@pytest.mark.parametrize("after", ["steal", "own"])
def test_whoever_leaves_the_step_without_a_store_has_it_back(anyone: Person, after: str) -> None:
    """Wherever they go, nothing is away any more, and the shop says so."""
    anyone.go("store")
    anyone.guess(True, False)
    anyone.see()
    expect(anyone.page.locator("#frozen")).to_be_visible()
    anyone.page.evaluate("name => { location.hash = name; }", after)
    expect(anyone.page.locator("#frozen")).to_be_hidden(timeout=SOON)
    anyone.go("attacks")
    expect(anyone.pane("session").locator(".who")).not_to_contain_text("Out of reach")


def test_who_closes_the_page_there_finds_the_store_back(anyone: Person) -> None:
    """Whoever comes again later, that is; to load the step itself anew takes nothing back."""
    anyone.go("store")
    anyone.guess(True, False)
    anyone.see()
    frozen = anyone.page.locator("#frozen")
    anyone.page.reload(wait_until="domcontentloaded")
    expect(frozen).to_be_visible()
    anyone.page.goto("about:blank")
    anyone.page.goto(f"{anyone.demo.url}/?pace=0", wait_until="domcontentloaded")
    expect(anyone.page.locator("#rows tr")).to_have_count(10)
    expect(frozen).to_be_hidden(timeout=SOON)
    who = anyone.pane("session").locator(".who")
    expect(who).to_contain_text("Signed in", timeout=SOON)
    anyone.go("attacks")
    anyone.act("freeze")
    anyone.page.reload(wait_until="domcontentloaded")
    expect(frozen).to_be_visible()
    anyone.act("thaw")


def test_a_step_that_begins_brings_the_store_back(anyone: Person) -> None:
    """Whoever has taken it away among the attacks, and begins a step, is not told of an outage."""
    anyone.go("attacks")
    anyone.act("freeze")
    anyone.go("steal")
    anyone.guess(False, True)
    anyone.see()
    expect(anyone.page.locator("#frozen")).to_be_hidden()
    expect(anyone.said("session")).to_contain_text("Yes. ")
    anyone.go("attacks")


def test_a_step_is_seen_on_the_first_page_wherever_the_shop_was_left(anyone: Person) -> None:
    """Also when the page has not yet been told of it."""
    anyone.go("attacks")
    pane = anyone.pane("cookie")
    cart = pane.get_by_role("heading", level=1, name=re.compile("cart", re.IGNORECASE))
    anyone.press(pane.get_by_role("link", name=re.compile("Cart")), until=cart)
    expect(pane.locator(".who")).to_have_count(0)
    expect(anyone.page.locator("[data-frame=cookie]")).to_have_attribute("data-path", "/cart")
    anyone.page.evaluate("() => { events.close(); events = null; }")
    anyone.go("read")
    anyone.guess(True, True)
    anyone.see()
    expect(anyone.pane("cookie").locator(".who")).to_contain_text("Signed in")
    anyone.page.evaluate("attend()")
    anyone.go("attacks")


def test_who_leaves_a_step_in_the_middle_finds_the_next_one_whole(anyone: Person) -> None:
    """Nothing of the one that was left is told at the other, which can be guessed and seen."""
    anyone.go("password")
    anyone.guess(True, True)
    anyone.page.locator("#see").click()
    anyone.go("cart")
    expect(anyone.page.locator("#next")).to_be_hidden()
    expect(anyone.said("cookie")).to_have_text("")
    anyone.guess(True, True)
    anyone.see()
    expect(anyone.said("cookie")).to_contain_text("Yes. ")
    anyone.go("attacks")


def test_two_visitors_do_not_disturb_each_other(
    anyone: Person, visit_demo: Callable[..., Person]
) -> None:
    """What one takes away, restarts and signs out of is nobody else's."""
    other = visit_demo()
    anyone.act("freeze")
    other.act("replay")
    expect(other.page.locator("#frozen")).to_be_hidden()
    expect(other.said("session").locator(".word")).to_contain_text("signed out")
    expect(anyone.page.locator("#frozen")).to_be_visible()
    anyone.act("thaw")


def test_begin_anew_is_as_if_one_had_just_come(anyone: Person) -> None:
    """Nothing is seen, nobody signed in, and no result shown."""
    anyone.act("read")
    anyone.go("happened")
    anyone.page.get_by_role("button", name="Begin anew").click()
    expect(anyone.page.locator("#story")).to_contain_text(
        "None of the tour's questions", timeout=SOON
    )
    expect(anyone.page.locator("#rows .seen")).to_have_count(0, timeout=SOON)
    expect(anyone.page.locator("#rows tr")).to_have_count(10)
    anyone.go("attacks")
    pane = anyone.pane("cookie")
    expect(pane.get_by_role("link", name="Sign in").first).to_be_visible(timeout=SOON)


def test_the_page_recovers_when_the_demo_was_away(chromium: Browser) -> None:
    """It says that the demo is gone, and goes on by itself once it is back, at other ports."""
    with WarmDemoProcess() as demo:
        person = Person(chromium, demo, at="start")
        demo.stop()
        expect(person.page.locator("#lost")).to_be_visible(timeout=SOON)
        demo.start()
        expect(person.page.locator("#lost")).to_be_hidden(timeout=SOON)
        expect(person.page.locator("#rows tr")).to_have_count(10)
        who = person.pane("session").locator(".who")
        expect(who).to_contain_text("Nobody is signed in", timeout=SOON)
        person.context.close()

"""The demo besides its tour: both shops used, attacked and looked into, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import judged
import pytest
from demo_process import DemoProcess
from demo_visitor import SOON, Person
from playwright.sync_api import Browser, expect

from compare.demo.actions import ACTIONS, FREEZE, LESSONS

pytest_plugins = ["browser", "demo_browser"]

TOLD = {action.name: action.told for action in (*ACTIONS, FREEZE)}
#: What each action says on both sides.
SAID = {
    "read": ("readable", "opaque"),
    "tamper": ("taken for nobody", "taken for nobody"),
    "replay": ("still signed in", "signed out"),
    "rollback": ("the old state is back", "the state is unmoved"),
    "capacity": ("refused, the old value intact", "refused, the old value intact"),
    "tabs": ("writes are lost", "none is lost"),
    "devices": ("impossible", "ended"),
    "idle": ("still signed in", "ended"),
    "after": ("still there", "gone"),
    "weigh": ("nothing", "one record each"),
    "elsewhere": ("nothing follows", "nothing follows"),
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
    person.leave()


def test_every_action_has_words_to_be_checked() -> None:
    """Nothing that can be pressed is left out below."""
    assert set(SAID) == {action.name for action in ACTIONS} | {"freeze", "thaw"}


@pytest.mark.parametrize("name", SAID)
def test_an_action_tells_both_sides(anyone: Person, name: str) -> None:
    """It says what was done, in a word and a sentence what became of either side, and shows the
    exchanges."""
    sides = anyone.act(name)
    expect(anyone.page.locator("#result-title")).to_be_focused()
    expect(anyone.page.locator("#result-told")).to_have_text(TOLD.get(name, ""))
    expect(anyone.page.locator("#lesson")).to_have_text(LESSONS[name])
    for side, told, word in zip(("cookie", "session"), sides, SAID[name], strict=True):
        expect(told.locator(".word")).to_contain_text(word)
        assert len(told.inner_text()) > len(word) + 15
        last = anyone.lanes(side).last
        expect(last.locator(".sent")).to_contain_text(re.compile(r"(GET|POST|DELETE|PUT) /"))
        last.locator("summary").click()
        expect(last.locator("pre").nth(1)).to_contain_text("HTTP/1.1")


def test_the_whole_matrix_has_been_seen(anyone: Person) -> None:
    """Every row can be filled in by what one does, with a sign and a word in either column."""
    anyone.go("matrix")
    rows = anyone.page.locator("#rows tr")
    expect(rows.locator(".seen")).to_have_count(20)
    expect(anyone.row("an old value does not come back").locator("td").nth(1)).to_have_text(
        "✗ no, seen"
    )
    expect(anyone.row("an old value does not come back").locator("td").nth(2)).to_have_text(
        "✓ yes, seen"
    )
    expect(anyone.row("how many bytes fit")).to_contain_text("about 3,000")
    cart = anyone.page.locator("#placements .card").filter(has_text="cart").first
    expect(cart).to_contain_text("Not the signed cookie: an old value is as good as the new one")
    expect(anyone.row("how many bytes fit").locator("td").nth(3)).to_contain_text("no limit")
    expect(anyone.row("hidden from whoever").get_by_role("link")).to_have_attribute("href", "#read")
    anyone.page.get_by_role("link", name="Weigh the store").click()
    expect(anyone.page.locator("#result-title")).to_have_text("Weigh the store", timeout=SOON)


def test_the_proof_of_reading_is_the_cookie_and_what_it_says(anyone: Person) -> None:
    """Both stand beside each other, in sight, and what nobody wrote is not among them."""
    anyone.go("attacks")
    anyone.act("read")
    reader = anyone.page.locator("[data-beside=cookie]")
    expect(reader.locator("textarea")).to_be_in_viewport(ratio=1)
    expect(reader.locator(".decoded pre").first).to_be_in_viewport()
    expect(reader.locator(".decoded")).to_contain_text('"email": "demo@post.example"')
    expect(anyone.page.locator("[data-beside=session]")).not_to_contain_text("post.example")
    expect(anyone.page.locator("#stage")).not_to_contain_text("canary")


def test_the_shops_are_used_in_their_frames(anyone: Person) -> None:
    """A click in a frame is a request on the wire; its cookies are taken apart."""
    for side in ("cookie", "session"):
        pane = anyone.pane(side)
        pane.get_by_role("button", name=re.compile("^Add to cart")).first.click()
        expect(pane.get_by_role("link", name=re.compile("Cart"))).to_contain_text("1")
    anyone.go("wire")
    expect(anyone.page.locator("[data-exchanges=cookie]")).to_contain_text("POST /cart")
    jar = anyone.page.locator("[data-jar=cookie]")
    expect(jar).to_contain_text("cart")
    jar.get_by_text("As it is, and taken apart").last.click()
    for part in ("key version", "signed at", "anyone reads", "signature"):
        expect(jar).to_contain_text(part)
    expect(anyone.page.locator("[data-jar=session]")).to_contain_text("session ID")
    expect(anyone.page.locator("#store .yours")).to_contain_text("everything the shop knows of you")


def test_only_the_shops_own_cookies_count(anyone: Person) -> None:
    """What the browser sends of other ports' is told apart, kept from the shop, and not weighed."""
    anyone.go("wire")
    wire = anyone.page.locator("[data-exchanges=session]")
    weighed = [int(each) for each in re.findall(r"(\d+) bytes of cookies", wire.inner_text())]
    assert weighed
    assert max(weighed) < 400  # the session ID, and what a device is known by
    fold = wire.locator("details").first
    fold.locator("summary").click()
    expect(fold).to_contain_text("ports do not separate cookies")
    names = fold.locator(".mono").all_inner_texts()
    assert not any("cart" in name or "credentials" in name for name in names)


def test_one_sign_up_serves_both(anyone: Person) -> None:
    """An account of one's own is made and signed in on both sides; a wrong one says why not."""
    anyone.go("attacks")
    page = anyone.page
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
        expect(anyone.pane(side).get_by_role("link", name="grace")).to_be_visible()
    page.get_by_text("Make an account of your own").click()


def test_while_the_store_is_away_the_frames_show_it(anyone: Person) -> None:
    """One shop goes on, the other says what is out of reach; then both are as before."""
    anyone.go("attacks")
    who = anyone.page.locator("#person").inner_text()
    cookie, _ = anyone.act("freeze")
    expect(cookie).to_contain_text("It keeps nothing in a store, so it did not notice.")
    expect(anyone.page.locator("#frozen")).to_be_visible()
    expect(anyone.pane("session").get_by_text("Out of reach").first).to_be_visible(timeout=SOON)
    expect(anyone.pane("cookie").get_by_role("link", name=who)).to_be_visible()
    other = anyone.page.locator("[data-action=read]")
    expect(other).to_have_attribute("aria-disabled", "true")
    expect(other).to_have_accessible_description(re.compile("While the store is away"))
    other.click(force=True)
    title = anyone.page.locator("#result-title")
    expect(title).to_contain_text("Bring it back first.")
    expect(title).to_have_attribute("aria-live", "assertive")
    for covered in ("[data-verdict=session]", "#result-title"):
        expect(anyone.page.locator(covered)).to_be_in_viewport()
    anyone.act("thaw")
    expect(anyone.page.locator("#frozen")).to_be_hidden()
    expect(anyone.pane("session").get_by_role("link", name=who)).to_be_visible(timeout=SOON)


def test_reload_keeps_ones_place(anyone: Person) -> None:
    """What was tried last, and what has been seen, are still there; so is who is signed in."""
    anyone.go("attacks")
    anyone.act("rollback")
    anyone.page.reload(wait_until="domcontentloaded")
    expect(anyone.page.locator("#result-title")).to_have_text("Put back yesterday's cookie")
    expect(anyone.said("cookie")).to_contain_text("the old state is back")
    who = anyone.page.locator("#person").inner_text()
    expect(anyone.pane("session").get_by_role("link", name=who)).to_be_visible(timeout=SOON)
    anyone.go("matrix")
    expect(anyone.row("an old value does not come back").locator(".seen").first).to_be_visible()


# A kind of one's own


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_an_example_gets_its_place(anyone: Person, width: int, height: int) -> None:
    """One press fills the form in, and says where that belongs, in sight on a phone as well."""
    anyone.page.set_viewport_size({"width": width, "height": height})
    anyone.go("own")
    for example, tier in (("theme", "signed cookie"), ("half-written article", "database")):
        anyone.page.get_by_role("button", name=example, exact=True).click()
        expect(anyone.page.locator("#answer .place")).to_have_text(tier)
        expect(anyone.page.locator("#answer")).to_be_in_viewport(ratio=1)
    anyone.page.set_viewport_size({"width": 1280, "height": 720})


def test_a_kind_of_ones_own_is_answered_as_one_types(anyone: Person) -> None:
    """Each tick and each letter counts at once; what cannot be takes the last answer away."""
    anyone.go("own")
    answer = anyone.page.locator("#answer")
    anyone.page.get_by_role("button", name="theme").click()
    anyone.page.get_by_label("An old value would do harm").check()
    expect(answer.locator(".place")).to_contain_text("no one place")
    expect(answer).to_contain_text("Not a database: it can be away as well")
    anyone.page.get_by_label("Bytes, at most").fill("")
    expect(answer.locator(".banner")).to_be_visible()
    expect(answer.locator(".place")).to_have_count(0)
    anyone.page.get_by_label("Bytes, at most").fill("64")
    anyone.page.get_by_label("What it is").fill("cart of a guest")
    expect(answer.locator("h2")).to_have_text("cart of a guest")
    expect(answer.locator(".place")).to_be_visible()


# For everyone


@pytest.mark.parametrize("view", ["attacks", "wire", "matrix", "own", "happened"])
def test_a_view_is_for_everyone(anyone: Person, view: str) -> None:
    """axe-core finds nothing, and nothing is wider than any screen."""
    anyone.go(view)
    for width in (1440, 820, 390, 320):
        anyone.page.set_viewport_size({"width": width, "height": 900})
        assert anyone.page.evaluate("document.documentElement.scrollWidth") <= width
    # A phone has another layout; what can be pressed and read is the same.
    anyone.page.set_viewport_size({"width": 390 if view == "matrix" else 1280, "height": 720})
    assert judged.problems(anyone.page, iframes=False) == []
    anyone.page.set_viewport_size({"width": 1280, "height": 720})


def test_a_phone_shows_all_of_a_table_and_a_menu(anyone: Person) -> None:
    """Answers are not cut, and the menu in a frame is whole."""
    anyone.page.set_viewport_size({"width": 390, "height": 844})
    anyone.go("matrix")
    for cell in anyone.page.locator("#rows .seen").all()[:6]:
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
    anyone.go("attacks")
    menu = anyone.pane("cookie").locator("nav")
    assert menu.evaluate("it => it.scrollWidth <= it.clientWidth")
    anyone.page.set_viewport_size({"width": 1280, "height": 720})


def test_without_script_no_button_is_dead(chromium: Browser, anyone: Person) -> None:
    """Whoever has none is told what to do instead, and sees nothing to press."""
    same = anyone.context.storage_state()
    context = chromium.new_context(java_script_enabled=False, storage_state=same)
    page = context.new_page()
    page.goto(anyone.demo.url, wait_until="domcontentloaded")
    expect(page.get_by_role("heading", name="Cookie or session?")).to_be_visible()
    expect(page.locator("main.plain")).to_contain_text("make run-cookie")
    assert not any(button.is_visible() for button in page.locator("button").all())
    context.close()


def test_no_pane_without_the_page(chromium: Browser, demo: DemoProcess, anyone: Person) -> None:
    """Whoever opens a pane by itself is told where the demo is; a number leads to the name."""
    page = chromium.new_page()
    page.goto(f"http://localhost:{demo.panes['cookie']}/")
    expect(page.locator("body")).to_contain_text(demo.url)
    page.close()
    page = anyone.context.new_page()
    page.goto(f"http://127.0.0.1:{demo.port}/", wait_until="domcontentloaded")
    assert page.url == f"{demo.url}/"
    page.close()

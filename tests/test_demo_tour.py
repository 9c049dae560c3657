"""The demo's tour: driven once, from the first key to the last, and looked at by every test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import judged
import pytest
from demo_process import DemoProcess
from demo_visitor import SOON, Person
from playwright.sync_api import Browser, Locator, Page, expect

from compare.demo.tour.step import Step
from compare.demo.tour.steps import STEPS
from compare.waiting import wait_until

pytest_plugins = ["browser", "demo_browser"]

#: What comes on the left and on the right, to the question of each step.
CAME = {
    "read": ("Yes.", "No."),
    "steal": ("No.", "Yes."),
    "password": ("No.", "Yes."),
    "cart": ("Yes.", "No."),
    "tabs": ("No.", "Yes."),
    "store": ("Yes.", "No."),
}
#: What stands together on one screen, once a step has been seen.
TOGETHER = ("#question", "#next", "[data-frame=cookie]", "[data-frame=session]")
TOGETHER += ("[data-verdict=cookie]", "[data-verdict=session]", "#lesson", "#row")


_INK = "it => [getComputedStyle(it).color, getComputedStyle(it).backgroundColor]"
_LISTEN = """() => {
  window.heard = [];
  new MutationObserver((changes) => {
    const regions = changes.map(({ target }) =>
      (target.closest ? target : target.parentElement)?.closest("[role=status], [role=alert]"));
    for (const region of new Set(regions.filter((it) => it?.checkVisibility())))
      window.heard.push(region.textContent.trim());
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["hidden"] });
}"""
#: What is seen of the exchanges that do not fit whole.
_CUT = """list => {
  const { top } = list.getBoundingClientRect();
  const edges = [top + list.clientTop, top + list.clientTop + list.clientHeight];
  const boxes = [...list.children].map((row) => [row, row.getBoundingClientRect()]);
  const crossed = ({ top, bottom }) => edges.some((edge) => top < edge - 1 && bottom > edge + 1);
  return boxes.filter(([, box]) => crossed(box)).map(([row]) => row.innerText);
}"""
_BEGIN = ("#question", "#stage", "[data-frame=cookie]", "[data-verdict=cookie]", "#outcome")


@dataclass
class Glance:
    """What a step looked like once it had been seen."""

    verdicts: list[str]
    lesson: str
    row: str
    frames: dict[str, str]
    lanes: dict[str, list[str]]
    unseen: list[str]
    scrolled: list[float]
    moved: bool
    heard: list[str]
    beside: dict[str, str] = field(default_factory=dict)


@dataclass
class Drive:
    """Somebody who has gone through the tour by keyboard, what they saw, and after how long."""

    person: Person
    glances: dict[str, Glance] = field(default_factory=dict)
    focused: list[str] = field(default_factory=list)
    stops: int = 0
    to_see: set[int] = field(default_factory=set)
    too_early: str = ""
    faint: list[str] = field(default_factory=list)
    jumped: list[str] = field(default_factory=list)
    seconds_to_see: float = 0.0


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoProcess]:
    """The demo as a person starts it: it is told how long that takes."""
    with DemoProcess() as process:
        yield process


@pytest.fixture(scope="module")
def drive(chromium: Browser, demo: DemoProcess) -> Iterator[Drive]:
    """Go through all six steps with the keyboard alone, on a screen of 1280 by 720."""
    began = time.monotonic()
    drive = Drive(Person(chromium, demo, at="start"))
    drive.too_early = pressed_too_early(drive)
    drive.person.page.evaluate(_LISTEN)
    for step in STEPS:
        by_keyboard(drive, step.name)
        seconds = demo.started_in + time.monotonic() - began
        drive.seconds_to_see = drive.seconds_to_see or seconds
        drive.glances[step.name] = glance(drive.person, step.name)
    drive.person.page.keyboard.press("ArrowRight")
    yield drive
    drive.person.leave()


def pressed_too_early(drive: Drive) -> str:
    """Press before there is a guess; return what is said, and go back."""
    person = drive.person
    person.go("read")
    drive.faint = person.page.locator("#see").evaluate(_INK)
    person.page.locator("#see").click(force=True)
    expect(person.page.locator("[data-guess]").first).to_be_focused()
    said = person.page.locator("#told").inner_text()
    person.page.keyboard.press("ArrowLeft")
    expect(person.page.locator("#start")).to_be_visible()
    return said


def by_keyboard(drive: Drive, name: str) -> None:
    """Go on to the step, guess yes on the left and no on the right, and have it happen."""
    page = drive.person.page
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"[data-step={name}]")).to_have_attribute("aria-current", "page")
    drive.focused.append(page.evaluate("document.activeElement.id"))
    for side, value in (("cookie", "true"), ("session", "false")):
        drive.stops = max(drive.stops, tab_to(page, f"[data-guess={side}][value={value}]"))
        page.keyboard.press("Enter")
    before = places(page)
    page.evaluate("window.heard.splice(0)")
    drive.to_see.add(tab_to(page, "#see"))
    page.keyboard.press("Space")
    expect(page.locator("#next")).to_be_visible(timeout=SOON)
    if (after := places(page)) != before:
        drive.jumped.append(f"{name}: {before} {after}")


def places(page: Any) -> list[float]:
    """Return where the question, the frames and the lanes begin."""
    return [page.locator(each).first.bounding_box()["y"] for each in _BEGIN]


def tab_to(page: Any, selector: str) -> int:
    """Press Tab until something is focused, and return how often that took."""
    for times in range(1, 30):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return times
    raise AssertionError(f"{selector} is out of the keyboard's reach")


def glance(person: Person, name: str) -> Glance:
    page = person.page
    expect(page.locator("[data-verdict=cookie]")).to_contain_text(CAME[name][0])
    wait_for_frames(person, name)
    frames = {side: person.pane(side).locator("body").inner_text() for side in frames_of(person)}
    return Glance(
        verdicts=lines_of(page.locator("[data-verdict]")),
        lesson=page.locator("#lesson").inner_text(),
        row=page.locator("#row").inner_text(),
        frames=frames,
        lanes={side: lines_of(person.lanes(side)) for side in ("cookie", "session")},
        unseen=[each for each in TOGETHER if not is_whole(page.locator(each))],
        scrolled=page.locator(".lanes").evaluate_all("them => them.map((it) => it.scrollTop)"),
        moved=page.evaluate("document.body.scrollHeight > innerHeight"),
        heard=page.evaluate("window.heard.filter((text) => text)"),
        beside={
            side: page.locator(f"[data-beside={side}]").inner_text()
            for side in ("cookie", "session")
            if page.locator(f"[data-beside={side}]").is_visible()
        },
    )


def lines_of(locator: Locator) -> list[str]:
    return [" ".join(each.split()) for each in locator.all_inner_texts()]


def wait_for_frames(person: Person, name: str) -> None:
    """Wait until the frames show what came last."""
    if name in ("steal", "password"):
        expect(person.pane("cookie-guest").locator(".who")).to_contain_text("demo")
        expect(person.pane("session-guest").locator(".who")).to_contain_text("Sign in")
    if name == "store":
        expect(person.pane("session").locator(".who")).to_contain_text("Out of reach")
    expect(person.pane("cookie").locator(".who")).to_be_visible()


def frames_of(person: Person) -> list[str]:
    shown = person.page.locator("iframe:visible").all()
    return [each.get_attribute("data-frame") or "" for each in shown]


def is_whole(locator: Locator) -> bool:
    """Return whether all of it is on the screen."""
    box = locator.bounding_box()
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 720


@pytest.mark.parametrize("name", CAME)
def test_what_came_stands_beside_the_guess(drive: Drive, name: str) -> None:
    """Each side says whose it is, what came and whether the guess was right, with no sign that
    could be taken for a right or a wrong guess; what follows is one sentence more."""
    shops, guesses = ("Signed cookie", "Server session"), ("yes", "no")
    for told, shop, came, guessed in zip(
        drive.glances[name].verdicts, shops, CAME[name], guesses, strict=True
    ):
        assert told.startswith(f"{shop}: {came} ")
        right = came.lower().startswith(guessed)
        assert told.endswith(f"Your guess was {'right' if right else 'wrong'}.")
    assert drive.glances[name].lesson.endswith(".")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_screen_reader_tells_a_step_in_its_order_and_once(drive: Drive, step: Step) -> None:
    """What happens, what came of it on either side, and what follows."""
    glance = drive.glances[step.name]
    told = [beat.told for beat in step.beats]
    assert glance.heard == [*told, *glance.verdicts, step.lesson]


@pytest.mark.parametrize("name", CAME)
def test_the_row_of_the_matrix_lights_up(drive: Drive, name: str) -> None:
    """It has a sign for either place, as the step has shown."""
    row = drive.glances[name].row
    cookie, session = ("✓", "✗") if name == "store" else ("✗", "✓")
    assert f"{cookie} signed cookie" in row
    assert f"{session} server session" in row


@pytest.mark.parametrize("name", CAME)
def test_a_step_and_what_came_of_it_are_one_screen(drive: Drive, name: str) -> None:
    """At 1280 by 720 nothing of it is out of sight, and nothing has to be scrolled for."""
    assert drive.glances[name].unseen == []
    assert not drive.glances[name].moved


@pytest.mark.parametrize("name", ["read", "steal", "tabs", "store"])
def test_a_step_is_for_everyone(drive: Drive, name: str) -> None:
    """axe-core finds nothing wrong with it, in light and dark, all of it unfolded."""
    drive.person.go(name)
    assert judged.problems(drive.person.page, iframes=False) == []


def test_nothing_jumps(drive: Drive) -> None:
    """What is asked, the frames and what came are where they were before it happened."""
    assert drive.jumped == []


def test_the_narrowest_screen_of_one_sight_does_not_jump_either(drive: Drive) -> None:
    """What passed takes the same room there, be it much or little, so the frames keep theirs."""
    page = drive.person.page
    page.set_viewport_size({"width": 1060, "height": 700})
    heights = set()
    for name in ("read", "steal"):
        drive.person.go(name)
        heights.add(page.locator("[data-lanes=session]").evaluate("it => it.clientHeight"))
    assert len(heights) == 1
    page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize("width", [1280, 820, 390])
def test_things_stand_in_the_order_they_are_needed(drive: Drive, width: int) -> None:
    """Question, guesses, what is pressed, what comes, what follows and what is next: from the top,
    and by keyboard, where one press skips what can be looked at on the way."""
    drive.person.go("steal")
    page = drive.person.page
    page.set_viewport_size({"width": width, "height": 844})
    ends = [box["y"] + box["height"] for box in map(Locator.bounding_box, in_order(page)) if box]
    assert len(ends) == 7
    assert ends == sorted(ends)
    page.locator("#but").evaluate("it => { it.open = false; }")
    page.locator("[data-guess=session]").last.focus()
    focused = []
    for key in ("Tab", "Tab", "Enter", "Tab", "Tab"):
        page.keyboard.press(key)
        focused.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert focused == ["see", "past", "outcome", "SUMMARY", "next"]
    assert page.url.endswith("#steal")
    page.set_viewport_size({"width": 1280, "height": 720})


def in_order(page: Page) -> list[Locator]:
    """Return what a step needs one after the other."""
    rest = ("#see", "[data-frame=cookie]", "[data-verdict=cookie]", "#lesson", "#next")
    guess = page.locator("[data-guess=cookie]").first
    return [page.locator("#question"), guess, *map(page.locator, rest)]


def test_who_comes_back_to_a_step_finds_its_guest_there(drive: Drive) -> None:
    """Beside a step that has been seen stands whoever was there then, as they are now."""
    page = drive.person.page
    for name, whose in (("password", "Your lost phone"), ("steal", "The thief's browser")):
        drive.person.go(name)
        frame = page.locator("[data-frame=cookie-guest]")
        expect(frame).to_be_visible()
        expect(frame).to_have_attribute("title", f"{whose}: Signed cookie")
        expect(drive.person.pane("cookie-guest").locator(".who")).to_contain_text("demo")


def test_the_skip_link_leaves_one_where_one_is(drive: Drive) -> None:
    """It leads to the question that is shown, and away from none."""
    drive.person.go("cart")
    page = drive.person.page
    page.locator(".skip").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    assert page.evaluate("location.hash") == "#cart"


def test_the_thief_is_seen_in_and_out(drive: Drive) -> None:
    """After the sign-out the thief's browser shows "demo" on the left, "Sign in" on the right."""
    frames = drive.glances["steal"].frames
    assert "Signed in as\ndemo" in frames["cookie-guest"]
    assert "demo" not in frames["session-guest"]
    assert "Sign in" in frames["session-guest"]
    assert all("Nobody is signed in" in frames[side] for side in ("cookie", "session"))


def test_the_lost_phone_is_seen_in_and_out(drive: Drive) -> None:
    """The change of password reaches it on the right; whoever changed it stays signed in."""
    frames = drive.glances["password"].frames
    assert "Signed in as\ndemo" in frames["cookie-guest"]
    assert "Nobody is signed in" in frames["session-guest"]
    assert all("Signed in as\ndemo" in frames[side] for side in ("cookie", "session"))


def test_the_old_cart_is_seen_beside_the_new_one(drive: Drive) -> None:
    """On the left the two browsers differ, on the right they show the same cart."""
    carts = {name: cart_of(text) for name, text in drive.glances["cart"].frames.items()}
    assert carts["cookie"] != carts["cookie-guest"]
    assert carts["session"] == carts["session-guest"]


def test_who_sits_beside_the_visitor_has_a_sign(drive: Drive) -> None:
    """A thief's is a skull; the visitor with the old cookies is none."""
    caption = drive.person.page.locator("[data-guest=cookie] .caption")
    for name, sign in (("steal", "☠"), ("cart", "↺")):
        drive.person.go(name)
        expect(caption).to_have_attribute("data-sign", sign)
        assert caption.evaluate("it => getComputedStyle(it, '::before').content")[1] == sign


def cart_of(text: str) -> list[str]:
    return [line for line in text.split("\n") if line[:2] in {"1 ", "2 ", "3 "} and "×" in line]


def test_two_tabs_are_two_small_carts(drive: Drive) -> None:
    """Each shows what it was told; the browser's cart has one of the two things, or both. What is
    lost is named."""
    glance = drive.glances["tabs"]
    lost = glance.verdicts[0].partition("there is no ")[2].partition(" in the cart")[0]
    assert lost
    assert lost in glance.beside["cookie"]
    assert not any(lost in line for line in cart_of(glance.frames["cookie"]))
    assert all(text.count("was told: done") == 2 for text in glance.beside.values())
    cookie, session = (len(cart_of(glance.frames[side])) for side in ("cookie", "session"))
    assert session == cookie + 1


def test_the_cookie_stands_beside_what_it_says(drive: Drive) -> None:
    """On the left the address can be read in it, on the right there is nothing to read."""
    beside = drive.glances["read"].beside
    assert '"email": "demo@post.example"' in beside["cookie"]
    assert "post.example" not in beside["session"]


def test_the_lanes_tell_who_asked_what_and_of_the_store(drive: Drive) -> None:
    """Request line, cookie, status, what matters of the answer, and what the store did."""
    cookie, session = (
        drive.glances["steal"].lanes["cookie"],
        drive.glances["steal"].lanes["session"],
    )
    assert [each.split()[0] for each in cookie] == ["you", "thief", "you", "thief"]
    assert "GET /account" in cookie[-1]
    assert "200 you are demo" in cookie[-1]
    assert "is not asked" in cookie[-1]
    assert "POST /logout" in session[2]
    assert "deletes the record" in session[2]
    assert "401 Your session has ended." in session[-1]
    assert "has no such record" in session[-1]
    *changes, look = drive.glances["cart"].lanes["session"]
    assert len(changes) == 3
    assert all(each.endswith("writes the record") for each in changes)
    assert look.endswith("finds the record")


@pytest.mark.parametrize("name", CAME)
def test_all_exchanges_of_a_step_are_in_sight(drive: Drive, name: str) -> None:
    """On a screen of 1280 by 720 the list of neither side is longer than its place."""
    assert drive.glances[name].scrolled == [0, 0]


@pytest.mark.parametrize("size", [(1060, 700), (390, 844)])
def test_an_exchange_is_whole_or_out_of_sight(drive: Drive, size: tuple[int, int]) -> None:
    """Where there is less room the last ones are seen, and none is cut in two."""
    page = drive.person.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for name in ("cart", "store"):
        drive.person.go("read")
        drive.person.go(name)
        for side in ("cookie", "session"):
            lanes = page.locator(f"[data-lanes={side}]")
            assert lanes.evaluate(_CUT) == []
            last = lanes.locator("li").last
            assert last.evaluate("it => it.getBoundingClientRect().bottom") <= lanes.evaluate(
                "it => it.getBoundingClientRect().bottom"
            )
    page.set_viewport_size({"width": 1280, "height": 720})


def test_a_changed_character_is_seen_to_fail(drive: Drive) -> None:
    """By hand: the shop takes whoever sends it for nobody, and takes it back unchanged."""
    drive.person.go("read")
    page = drive.person.page
    for side in ("cookie", "session"):
        reader = page.locator(f"[data-beside={side}]")
        raw = reader.locator("textarea")
        value = raw.input_value()
        raw.fill(value[:-1] + ("0" if value[-1] != "0" else "1"))
        expect(reader.locator(".verified")).to_contain_text("takes you for nobody", timeout=SOON)
        raw.fill(value)


def test_the_keyboard_finds_each_question_and_its_answers(drive: Drive) -> None:
    """An arrow leads to the next question, which is focused; the guesses are a few Tabs away, and
    what is pressed after them comes right after them."""
    assert drive.focused == ["question"] * len(STEPS)
    assert drive.stops <= 12
    assert drive.to_see == {1}


def test_the_first_thing_is_seen_soon(
    drive: Drive, record_testsuite_property: Callable[[str, float], None]
) -> None:
    """What it took from starting the demo to the first answer is kept with the results."""
    seconds = round(drive.seconds_to_see, 1)
    record_testsuite_property("seconds from starting the demo to the first thing seen", seconds)
    assert seconds > 0


def test_a_step_is_linked_to_left_and_resumed(drive: Drive) -> None:
    """A link opens a step as it was left; the start offers the next that was not seen."""
    page = drive.person.context.new_page()
    page.goto(f"{drive.person.demo.url}/#steal", wait_until="domcontentloaded")
    expect(page.locator("[data-verdict=cookie]")).to_contain_text("No. The thief", timeout=SOON)
    expect(page.locator("[data-guess=cookie][value=true]")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.goto(f"{drive.person.demo.url}/#start", wait_until="domcontentloaded")
    expect(page.locator("#begin")).to_have_text("Go on: something of your own", timeout=SOON)
    page.close()


def test_nothing_happens_before_a_guess(drive: Drive) -> None:
    """What waits for a guess can be read; whoever presses it is told to guess, and led there."""
    ink, ground = drive.faint
    assert ink != ground
    assert drive.too_early == "Guess for both shops first: yes or no for each."


def test_objections_are_answered_where_they_come_up(drive: Drive) -> None:
    """Each step has what most guess wrong, and what people say to it."""
    drive.person.go("steal")
    drive.person.page.locator("#but").evaluate("it => { it.open = false; }")
    drive.person.page.locator("#but summary").click()
    objections = drive.person.page.locator("#objections")
    expect(objections).to_contain_text("list of what was signed out")
    with drive.person.context.expect_page() as opening:
        objections.get_by_role("link").click()
    expect(opening.value.locator("body")).to_contain_text("What was measured")
    opening.value.close()
    drive.person.page.locator("#but summary").click()


def test_the_tour_has_an_end(drive: Drive) -> None:
    """Once all six are seen, it says so, sums the guesses up, and leads on to the table."""
    drive.person.go("own")
    over = drive.person.page.locator("#over")
    expect(over).to_contain_text("That was the tour. Of your 12 guesses, 6 were right.")
    expect(over.get_by_role("link").first).to_have_attribute("href", "#matrix")


def test_a_phone_tells_at_once_what_came_on_both_sides(drive: Drive) -> None:
    """Where one shop is below the other, what came of either is told above both."""
    page = drive.person.page
    drive.person.go("steal")
    expect(page.locator("#both")).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#both")).to_have_text(
        "Signed cookie: no. Server session: yes. Both are below."
    )
    expect(page.locator("#both")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1280, "height": 720})


def test_what_happened_can_be_saved_as_one_file(
    drive: Drive, chromium: Browser, tmp_path: Path
) -> None:
    """The file needs no server: it shows the browsers, the lanes and the guesses, and says so."""
    drive.person.go("happened")
    with drive.person.page.expect_download() as downloading:
        drive.person.page.get_by_role("link", name="Save it as one file").click()
    file = tmp_path / "saved.html"
    downloading.value.save_as(file)
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.evaluate("location.hash = 'steal'")
    expect(page.get_by_role("heading", name="Server session in memcached")).to_be_visible()
    expect(page.locator("#recorded-note")).to_contain_text("Recorded.")
    expect(page.frame_locator("[data-frame=cookie-guest]").locator(".who")).to_contain_text("demo")
    expect(page.locator("[data-verdict=session]")).to_contain_text("Yes. The thief")
    expect(page.locator("[data-lanes=session] li")).to_have_count(4)
    assert [each for each in asked if not each.startswith(("file:", "about:", "data:"))] == []
    assert judged.problems(page, iframes=False) == []
    page.emulate_media(media="print")
    expect(page.get_by_role("columnheader", name="server session")).to_be_visible()
    expect(page.locator("#next")).to_be_hidden()
    page.close()


def test_it_prints_as_what_happened(drive: Drive) -> None:
    """On paper are the questions, the guesses and what came, and no buttons or frames."""
    drive.person.go("happened")
    page = drive.person.page
    page.emulate_media(media="print")
    assert page.locator("#story li").count() == len(STEPS)
    assert not page.get_by_role("button", name="Print it").is_visible()
    assert page.pdf()[:5] == b"%PDF-"
    page.emulate_media(media="screen")


@pytest.mark.parametrize("width", [1440, 820, 640, 390, 320])
def test_a_step_fits_any_screen(drive: Drive, width: int) -> None:
    """Nothing is wider than the screen; where there is room, the shops stand side by side."""
    drive.person.go("password")
    page = drive.person.page
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    left, right = (
        page.locator(f"iframe[data-frame={each}]").bounding_box() for each in ("cookie", "session")
    )
    assert left is not None
    assert right is not None
    assert (abs(left["y"] - right["y"]) < 2) == (width > 800)
    page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize("width", [820, 800, 768, 390])
def test_a_shop_that_stands_below_the_other_says_which_it_is(drive: Drive, width: int) -> None:
    """Side by side they stand under their names; one below the other, each has its own."""
    drive.person.go("password")
    page = drive.person.page
    for large in (False, True):
        if large:
            page.locator("#larger").evaluate("button => button.click()")
        page.set_viewport_size({"width": width, "height": 900})
        left, right = (
            page.locator(f"[data-verdict={each}]").bounding_box() for each in ("cookie", "session")
        )
        assert left is not None
        assert right is not None
        stacked = left["x"] == right["x"]
        assert [each.is_visible() for each in page.locator(".which").all()] == [stacked] * 2
        if large:
            page.locator("#larger").evaluate("button => button.click()")
    page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize("width", [820, 390, 320])
def test_the_steps_stand_in_one_line_of_a_phone(drive: Drive, width: int) -> None:
    """Whichever is current, none stands alone on a line, and no line runs into the next."""
    page = drive.person.page
    page.set_viewport_size({"width": width, "height": 900})
    for name in [*CAME, "own"]:
        drive.person.go(name)
        boxes = [each.bounding_box() for each in page.locator(".steps a").all()]
        tops = [round(box["y"]) for box in boxes if box]
        assert len(tops) == len(STEPS) + 1
        assert min(tops.count(top) for top in tops) > 1
        lines = sorted(set(tops))
        assert all(below - above >= 24 for above, below in pairwise(lines))
        assert len(lines) == (2 if width > 640 else 1)
    page.set_viewport_size({"width": 1280, "height": 720})


def test_larger_type_is_for_the_whole_page_and_stays(drive: Drive) -> None:
    """A projector's button makes all of it larger, the shops as well, also after a reload."""
    page = drive.person.page
    page.get_by_role("button", name="Larger type").click()
    page.reload(wait_until="domcontentloaded")
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") > 19
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    drive.person.go("steal")

    def is_enlarged() -> bool:
        frame = page.locator("[data-frame=cookie]").bounding_box()
        seen = drive.person.pane("cookie").locator("body").evaluate("() => innerWidth")
        return frame is not None and 1.3 < frame["width"] / seen < 1.4

    wait_until(is_enlarged, "what stands in the shop is as much larger")
    page.get_by_role("button", name="Larger type").click()

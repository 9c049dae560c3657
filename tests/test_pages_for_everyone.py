"""Pages for everyone: screen readers, keyboards, small screens, weak eyes.

Contrast and labels are measured in the page itself (WCAG 2.2: 1.3.1, 1.4.3, 1.4.10, 2.4.7, 2.5.8).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from judged import Known
from playwright.sync_api import Page, expect
from running_shop import ONE_SHOP

if TYPE_CHECKING:
    from browser import Visitor

pytest_plugins = ["browser"]

AUDIT = Path(__file__).with_name("audit.js").read_text()
SIGNED_OUT = ["/", "/?q=xyzzy", "/products", "/login", "/register", "/account", "/none"]
SIGNED_IN = ["/", "/cart", "/preferences", "/account", "/password", "/sessions"]
known = Known()
LONG_NAME = "an_unusually_long_name_without_any_blank_in_it_to_break_at"


def test_every_page_is_for_everyone(visitor: Visitor) -> None:
    """Landmarks, one first heading, labels, contrast, sizes to hit, and no sideways scrolling."""
    problems = [problem for path in SIGNED_OUT for problem in audited(visitor, path)]
    visitor.name += LONG_NAME[: 60 - len(visitor.name)]
    visitor.register()
    visitor.sign_in()
    visitor.goto("/")
    visitor.add("Stoneware mug", "A field guide to weeds")
    problems += [problem for path in SIGNED_IN for problem in audited(visitor, path)]
    assert problems == []


@ONE_SHOP
def test_refusals_are_for_everyone(visitor: Visitor) -> None:
    """A form with messages in it keeps the same rules."""
    page = visitor.goto("/register")
    page.get_by_role("main").locator("form").evaluate("form => form.noValidate = true")
    visitor.fill(Username="a b", Email="nowhere" * 20, Password="password")
    visitor.button("Register").click()
    expect(page.get_by_label("Username")).to_be_focused()
    assert problems_of(page) == []


@ONE_SHOP
def test_focus_can_be_seen(visitor: Visitor) -> None:
    """Whatever the tabulator reaches on the shop's page looks different from before."""
    page = visitor.goto("/?q=mug")
    page.get_by_role("searchbox").focus()
    unseen = []
    for _ in range(20):
        page.keyboard.press("Tab")
        if not page.evaluate(_FOCUS_IS_SEEN):
            unseen.append(page.evaluate("document.activeElement.outerHTML"))
    assert unseen == []


_FOCUS_IS_SEEN = """() => {
  const focused = document.activeElement;
  const outlined = it => it && parseFloat(getComputedStyle(it).outlineWidth) >= 2
    && getComputedStyle(it).outlineStyle !== "none";
  return focused === document.body || outlined(focused) || outlined(focused.nextElementSibling);
}"""


def audited(visitor: Visitor, path: str) -> list[str]:
    """Return what is wrong with a page, wide and narrow, where not all its parts are known."""
    page = visitor.goto(path)
    page.set_viewport_size({"width": 1280, "height": 800})
    parts, problems = known.parts_not_known(page), []
    if not parts:
        return []
    for width in (1280, 768, 390, 360):
        page.set_viewport_size({"width": width, "height": 800})
        problems += [f"{path} at {width}: {problem}" for problem in problems_of(page)]
    if not problems:
        known.add(parts)
    return problems


def problems_of(page: Page) -> list[str]:
    """Return what is wrong with a page as it is now, in either theme."""
    problems = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        problems += [f"{problem}, {scheme}" for problem in page.evaluate(AUDIT)]
    return problems

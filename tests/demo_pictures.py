"""Pictures of the demo, made by driving it: ``python tests/demo_pictures.py FOLDER``.

thief.png       the thief's two browsers, after the sign-out
tour-light.png  tour-dark.png  tour-phone.png   that step as a whole
"""

from __future__ import annotations

import sys
from pathlib import Path

from browser import find_chromium
from demo_process import DemoProcess
from demo_visitor import Person
from playwright.sync_api import Browser, FloatRect, expect, sync_playwright

#: What is drawn twice as fine, for screens that are.
_SHARP = 2


def take(browser: Browser, demo: DemoProcess, folder: Path) -> None:
    """Go through two steps, and picture the second one."""
    person = Person(browser, demo, at="read", device_scale_factor=_SHARP, reduced_motion="reduce")
    for step in ("read", "steal"):
        person.go(step)
        person.guess(True, True)
        person.see()
    expect(person.pane("cookie-guest").locator(".who")).to_contain_text("demo")
    expect(person.pane("session-guest").locator(".who")).to_contain_text("Sign in")
    page = person.page
    page.locator("#question").focus()
    page.screenshot(path=folder / "thief.png", clip=_thief(person), scale="device")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
        page.screenshot(path=folder / f"tour-{scheme}.png", scale="css")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 1100})
    page.screenshot(path=folder / "tour-phone.png", scale="css")
    person.leave()


def _thief(person: Person) -> FloatRect:
    """Return where the question, both sides and what came of it are."""
    top = person.page.locator("main").bounding_box()
    bottom = person.page.locator("[data-verdict=session]").bounding_box()
    assert top is not None
    assert bottom is not None
    height = bottom["y"] + bottom["height"] - top["y"] + 4
    return {"x": 0, "y": top["y"], "width": 1280, "height": height}


def main(folder: Path) -> None:
    """Take all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with DemoProcess() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        take(browser, demo, folder)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

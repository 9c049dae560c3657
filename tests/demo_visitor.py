"""Somebody in front of the demo, with a browser of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from demo_process import DemoProcess
from playwright.sync_api import Browser, FrameLocator, Locator, TimeoutError, expect

from compare.waiting import PATIENCE, wait_until

#: Actions start processes anew, and sign in with passwords that are slow to verify.
SOON = 2_000 * PATIENCE


class Person:
    """Somebody with a browser of their own in front of the demo; ``troubles`` it complains of.

    ``at`` is the view that they open first. They do not wait between what they see.
    """

    def __init__(
        self, chromium: Browser, demo: DemoProcess, at: str = "attacks", **options: Any
    ) -> None:
        options.setdefault("viewport", {"width": 1280, "height": 720})
        self.demo = demo
        self.context = chromium.new_context(**options)
        self.context.set_default_timeout(SOON)
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", self._see)
        self.page.goto(f"{demo.url}/?pace=0#{at}", wait_until="domcontentloaded")
        demo.learn(self.page.content())
        expect(self.page.locator("#rows tr")).to_have_count(10)

    def _hear(self, message: Any) -> None:
        noted = message.text.startswith("Failed to load resource: the server responded with")
        if message.type in {"error", "warning"} and not noted:
            self.troubles.append(message.text)

    def _see(self, request: Any) -> None:
        if not request.url.startswith(("http://localhost:", "data:")):
            self.troubles.append(f"asked {request.url}")

    def leave(self) -> None:
        """Close the browser; nothing went wrong in it."""
        self.context.close()
        assert self.troubles == []

    def go(self, view: str) -> None:
        """Go to a view of the page, by its address."""
        self.page.evaluate("name => { location.hash = name; }", view)
        expect(self.page.locator(f"nav a[href='#{view}']")).to_have_attribute(
            "aria-current", "page"
        )

    def pane(self, side: str) -> FrameLocator:
        """Return what stands in a frame: a side's, or its guest's (``cookie-guest``)."""
        return self.page.frame_locator(f"iframe[data-frame={side}]")

    def sign_in(self) -> None:
        with self.loads_frames():
            self.page.get_by_role("button", name="Sign in on both sides").click()
            expect(self.page.locator("#account-said")).to_have_text(
                re.compile("^Signed in on both sides as "), timeout=SOON
            )

    @contextmanager
    def loads_frames(self) -> Iterator[None]:
        """See the frames loaded anew after what is done: the page is told of it after the answer,
        and a page that goes away takes what was pressed in it along."""
        before = self.page.evaluate("results")
        yield
        self.page.wait_for_function(
            "before => results !== before && !document.querySelector('iframe[data-loading]')",
            arg=before,
        )

    def press(self, button: Locator, until: Locator) -> None:
        """Press what is in a frame, once more where that was loaded anew under one's hand."""

        def is_done() -> bool:
            with suppress(TimeoutError):
                if button.is_visible() and not until.is_visible():
                    button.click(timeout=2_000)
            return until.is_visible()

        wait_until(is_done, "what was pressed has come about", pause=0.1)

    def act(self, name: str) -> tuple[Locator, Locator]:
        """Press an action's button; return what is then said of both sides."""
        button = self.page.locator(f"[data-action={name}]")
        expect(button).to_have_attribute("aria-disabled", "false", timeout=SOON)
        with self.loads_frames():
            button.click()
            expect(self.page.locator("#result-title")).to_have_text(
                button.inner_text() if name != "thaw" else "The store is back", timeout=SOON
            )
        expect(self.page.locator("[data-action=thaw]")).to_have_attribute(
            "aria-disabled", "false", timeout=SOON
        )
        return self.said("cookie"), self.said("session")

    def said(self, side: str) -> Locator:
        """Return what came of it on a side, in a word and a sentence."""
        return self.page.locator(f"[data-verdict={side}]")

    def lanes(self, side: str) -> Locator:
        """Return the exchanges that show it."""
        return self.page.locator(f"[data-lanes={side}] li")

    def row(self, meaning: str) -> Locator:
        return self.page.locator("#rows tr").filter(has_text=meaning)

    def guess(self, cookie: bool, session: bool) -> None:
        """Say yes or no, left and right."""
        for side, answer in (("cookie", cookie), ("session", session)):
            value = str(answer).lower()
            self.page.locator(f"[data-guess={side}][value={value}]").click()

    def see(self) -> None:
        """Have a step happen, to its end."""
        self.page.locator("#see").click()
        self.page.wait_for_function("() => !playing")  # seen before, it has a next step already
        expect(self.page.locator("#next")).to_be_visible(timeout=SOON)

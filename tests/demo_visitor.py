"""Somebody in front of the demo, with a browser of their own."""

from __future__ import annotations

import re
from typing import Any

from demo_process import DemoProcess
from playwright.sync_api import Browser, FrameLocator, Locator, expect

from compare.waiting import PATIENCE

#: Actions start processes anew, and sign in with passwords that are slow to verify.
SOON = 2_000 * PATIENCE


class Person:
    """Somebody with a browser of their own in front of the demo; ``troubles`` it complains of."""

    def __init__(self, chromium: Browser, demo: DemoProcess, **options: Any) -> None:
        options.setdefault("viewport", {"width": 1440, "height": 1000})
        self.demo = demo
        self.context = chromium.new_context(**options)
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", self._see)
        self.page.goto(demo.url, wait_until="domcontentloaded")
        expect(self.page.locator("#rows tr")).to_have_count(10)

    def _hear(self, message: Any) -> None:
        noted = message.text.startswith("Failed to load resource: the server responded with")
        if message.type in {"error", "warning"} and not noted:
            self.troubles.append(message.text)

    def _see(self, request: Any) -> None:
        if not re.match(rf"http://localhost:({'|'.join(map(str, self.ports))})/", request.url):
            self.troubles.append(f"asked {request.url}")

    @property
    def ports(self) -> list[int]:
        return [self.demo.port + number for number in range(3)]

    def pane(self, side: str) -> FrameLocator:
        return self.page.frame_locator(f"iframe[data-side={side}]")

    def sign_in(self) -> None:
        self.page.get_by_role("button", name="Sign in on both sides").click()
        expect(self.page.locator("#account-said")).to_have_text(
            re.compile("^Signed in on both sides as "), timeout=SOON
        )

    def act(self, name: str) -> tuple[Locator, Locator]:
        """Press an action's button; return what is then said of both sides."""
        button = self.page.locator(f"[data-action={name}]")
        expect(button).to_have_attribute("aria-disabled", "false", timeout=SOON)
        button.click()
        cookie, session = (self.result(side) for side in ("cookie", "session"))
        expect(self.page.locator("#result-title")).to_have_text(
            button.inner_text() if name != "thaw" else "Thaw it", timeout=SOON
        )
        expect(self.page.locator("[data-action=thaw]")).to_have_attribute(
            "aria-disabled", "false", timeout=SOON
        )
        return cookie, session

    def result(self, side: str) -> Locator:
        return self.page.locator(f"[data-result={side}]")

    def row(self, meaning: str) -> Locator:
        return self.page.locator("#rows tr").filter(has_text=meaning)

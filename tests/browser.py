"""People with browsers in front of the three shops: real Chromium, real applications.

A pytest plugin: ``pytest_plugins = ["browser"]`` in a test file brings its fixtures. Playwright's
synchronous interface keeps an event loop running in this thread, so a file of its tests has plain
functions only; between such files it is put aside, and Chromium stays for the next one.

Whatever a visitor does, the browser has nothing to complain about: that is checked when they leave.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)
from running_shop import Shop

from compare.waiting import PATIENCE

PASSWORD = "correct horse 7"

#: The first one has no windows at all, and needs half the time of the others.
_CHROMIUMS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # All pages here are the same people's: they may share a process.
    "--disable-site-isolation-trials",
    "--renderer-process-limit=1",
]
#: What only tells that a page or an answer had a status, as a browser notes for every error page.
_STATUS_NOTED = "Failed to load resource: the server responded with a status of"

#: Milliseconds; as with `PATIENCE`, much more than anything takes on a machine that is not busy.
SOON = 1_000 * PATIENCE
expect.set_options(timeout=SOON)

_numbers = itertools.count(1)


class Visitor:
    """A person with a browser of their own: ``page`` is what they look at."""

    def __init__(self, browser: Browser, shop: Shop, **options: Any) -> None:
        self.shop = shop
        self.context = browser.new_context(base_url=shop.url, **options)
        self.context.set_default_timeout(SOON)
        self.troubles: list[str] = []
        self.neighbours: list[str] = []
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.troubles.append(str(error.error)))
        self.context.on("request", self._see_request)
        self.context.on("requestfailed", self._see_failure)
        self.context.on("response", self._see_response)
        self.page: Page = self.context.new_page()
        self.name = f"Ada{next(_numbers)}"

    def goto(self, path: str) -> Page:
        """Open a page of the shop."""
        self.page.goto(path)
        return self.page

    def button(self, name: str) -> Locator:
        """Return the button of this name in the page's main part."""
        return self.page.get_by_role("main").get_by_role("button", name=name, exact=True)

    def fill(self, **fields: str) -> None:
        """Fill fields of the main part by their labels, an underscore for a blank."""
        for label, value in fields.items():
            main = self.page.get_by_role("main")
            main.get_by_label(label.replace("_", " "), exact=True).fill(value)

    def register(self) -> None:
        """Make an account, without looking at the page for it."""
        account = {"username": self.name, "email": "ada@example.org", "password": PASSWORD}
        assert self.page.request.post("/register", data=account).status == 201

    def sign_in(self, name: str | None = None, password: str = PASSWORD) -> None:
        """Sign in, without looking at the page for it."""
        credentials = {"username": name or self.name, "password": password}
        assert self.page.request.post("/login", data=credentials).status == 200

    def sign_in_by_hand(self, name: str | None = None, password: str = PASSWORD) -> None:
        """Sign in on the page for it; the page after that is there when this returns."""
        self.goto("/login")
        self.fill(Username=name or self.name, Password=password)
        self.button("Sign in").click()
        expect(self.account_link(name or self.name)).to_be_visible()

    def account_link(self, name: str) -> Locator:
        """Return the navigation's link that tells who is signed in."""
        return self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True)

    def add(self, *products: str) -> None:
        """Put products into the cart by the buttons beside them, and see them there."""
        for product in products:
            self.button(f"Add to cart: {product}").click()
            entry = self.page.get_by_role("listitem").filter(
                has=self.page.get_by_role("heading", name=product, exact=True)
            )
            expect(entry.get_by_text("in your cart")).to_be_visible()

    def in_list(self, text: str) -> Locator:
        """Return the entry with this text of the list that the page is about."""
        return self.page.get_by_role("main").get_by_role("listitem").filter(has_text=text)

    def is_dark(self) -> bool:
        """Return whether the page has light letters on a dark ground."""
        return bool(self.page.evaluate(_IS_DARK))

    def leave(self) -> None:
        """Close the browser; nothing went wrong in it."""
        self.context.close()
        assert self.troubles == []

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_STATUS_NOTED):
            self.troubles.append(message.text)

    def _see_request(self, request: Request) -> None:
        if not request.url.startswith((self.shop.url, *self.neighbours)):
            self.troubles.append(f"asked {request.url}")

    def _see_failure(self, request: Request) -> None:
        # A page that is left stops loading.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"{request.url}: {request.failure}")

    def _see_response(self, response: Response) -> None:
        # Pages and what a script asks for may say no; a picture or a stylesheet must be there.
        if response.status >= 400 and response.request.resource_type not in {"document", "fetch"}:
            self.troubles.append(f"{response.url}: {response.status}")


_IS_DARK = """() => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
  canvas.fillRect(0, 0, 1, 1);
  return canvas.getImageData(0, 0, 1, 1).data[0] < 128;
}"""


def find_chromium() -> str:
    """Return the path of the Chromium or Chrome of this machine."""
    found = filter(None, map(shutil.which, _CHROMIUMS))
    path = next(found, None)
    assert path, "no Chromium found"
    return path


@pytest.fixture(scope="session")
def _kept_chromium() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """A browser for all tests in a process, and the loop that Playwright has in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=_ARGUMENTS,
            ignore_default_args=["--disable-back-forward-cache"],
        )
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield browser, loop
        asyncio._set_running_loop(loop)
        browser.close()


@pytest.fixture(scope="module")
def chromium(_kept_chromium: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """A browser, without a window; with Chromium's own memory of the pages one can go back to."""
    browser, loop = _kept_chromium
    asyncio._set_running_loop(loop)
    yield browser
    asyncio._set_running_loop(None)


@pytest.fixture
def visit(chromium: Browser, shop: Shop) -> Iterator[Callable[..., Visitor]]:
    """Call it for another person in front of the shop, with options of their browser."""
    visitors: list[Visitor] = []

    def open_shop(**options: Any) -> Visitor:
        visitors.append(Visitor(chromium, options.pop("shop", shop), **options))
        return visitors[-1]

    yield open_shop
    for visitor in visitors:
        visitor.leave()


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    """A person in front of the shop."""
    return visit()

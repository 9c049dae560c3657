"""The routes of a small shop with state: read, write, sign in, sign out."""

from __future__ import annotations

from state_app import ADA, BASKET, THEME, WHO, Browser, World, handler
from tornado.httpclient import HTTPResponse
from tornado_state import StateHandler

SESSION = "__Host-shop-session-id"
THEME_COOKIE = "__Host-shop-theme"


def read(self: StateHandler) -> None:
    self.write({"theme": self.state[THEME], "basket": self.state[BASKET]})


def write(self: StateHandler) -> None:
    self.state[THEME] = self.get_argument("theme", "dark")
    self.state[BASKET] += 1
    read(self)


def destroy(self: StateHandler) -> None:
    self.state.destroy()
    self.set_status(204)


def sign_in(self: StateHandler) -> None:
    self.state.sign_in(ADA)


Shop = handler(THEME, BASKET, get=read, head=read, post=write, delete=destroy)
Login = handler(WHO, post=sign_in)
ROUTES = {"/": Shop, "/login": Login}

NOTHING = b'{"theme": null, "basket": 0}'
ONE = b'{"theme": "dark", "basket": 1}'


def set_cookies(response: HTTPResponse) -> list[str]:
    """Return the names of the cookies that an answer sets or deletes."""
    return sorted(header.partition("=")[0] for header in response.headers.get_list("Set-Cookie"))


async def begin(browser: Browser, world: World) -> Browser:
    """Give the browser a session and a theme; the store counts from here."""
    await browser.get("/", "POST")
    world.store.forget()
    return browser

"""The routes of a small shop with state: read, write, sign in, sign out."""

from __future__ import annotations

from state_app import BASKET, THEME, WHO, Browser, World, handler
from tornado.httpclient import HTTPResponse
from tornado_state import StateHandler

SESSION = "__Host-shop-session-id"
ADA = {"id": "ada"}


def read(self: StateHandler) -> None:
    self.write({"theme": self.state.get(THEME), "basket": self.state.get(BASKET)})


def write(self: StateHandler) -> None:
    self.state[THEME] = self.get_argument("theme", "dark")
    self.state[BASKET] = self.state.get(BASKET, 0) + 1
    read(self)


def destroy(self: StateHandler) -> None:
    self.state.destroy()
    self.set_status(204)


def sign_in(self: StateHandler) -> None:
    self.state.sign_in(WHO, ADA)


Shop = handler(THEME, BASKET, get=read, head=read, post=write, delete=destroy)
Login = handler(WHO, post=sign_in)
ROUTES = {"/": Shop, "/login": Login}


def set_cookies(response: HTTPResponse) -> list[str]:
    """Return the names of the cookies that an answer sets or deletes."""
    return sorted(header.partition("=")[0] for header in response.headers.get_list("Set-Cookie"))


async def begin(browser: Browser, world: World) -> Browser:
    """Give the browser a session and a theme; the store counts from here."""
    await browser.get("/", "POST")
    world.store.forget()
    return browser

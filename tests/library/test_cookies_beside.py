"""Cookies that an application sets itself, beside those of its state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from abroad_app import EMPTY, FILLED, THEME, Everything, Fill, cookie_names, handler, serving
from tornado.web import Application
from tornado_state import Kind, ReservedCookie, StateHandler
from tornado_state.predecessors import from_signed_cookie

SESSION = "state-session-id"

#: How a handler sets a cookie of a name.
WAYS: dict[str, Callable[[StateHandler, str], None]] = {
    "set_cookie": lambda self, name: self.set_cookie(name, "x"),
    "set_cookie by name": lambda self, name: self.set_cookie(name=name, value="x", path="/a"),
    "set_signed_cookie": lambda self, name: self.set_signed_cookie(name, "x"),
    "clear_cookie": lambda self, name: self.clear_cookie(name),
}
HEADERS: dict[str, Callable[[StateHandler, str], None]] = {
    "add_header": lambda self, name: self.add_header("Set-Cookie", f"{name}=x; Path=/"),
    "set_header": lambda self, name: self.set_header("set-cookie", f"{name} =x".encode()),
}


class Setting(Everything):
    """Changes what is kept in the session and in a cookie, and sets a cookie in one of the ways."""

    def post(self, way: str, name: str) -> None:
        self.visits, self.theme = 2, "dark"
        try:
            (WAYS | HEADERS)[way](self, name)
        except ReservedCookie as error:
            self.write(error.name)


class ClearingAll(Everything):
    """Clears what the browser has."""

    def post(self) -> None:
        self.clear_all_cookies()


ROUTES = {"/": Everything, "/set/([^/]+)/(.+)": Setting, "/clear": ClearingAll, "/fill": Fill}


@pytest.mark.parametrize("name", [SESSION, "state-theme", "state-draft"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_cookie_of_the_state_is_set_by_nobody_else(way: str, name: str) -> None:
    """The call is refused, with the name, and what the state sends is sent."""
    async with serving(ROUTES) as browser:
        answer = await browser.fetch(f"/set/{way.replace(' ', '%20')}/{name}", "POST")
        assert (answer.code, answer.body) == (200, name.encode())
        assert cookie_names(answer) == [SESSION, "state-theme"]
        assert (await browser.values())["visits"] == 2


@pytest.mark.parametrize("way", HEADERS)
async def test_a_header_that_would_set_one_is_not_sent(way: str) -> None:
    """Nor is anything else of the answer, and nothing of the request is kept."""
    async with serving(ROUTES) as browser:
        answer = await browser.fetch(f"/set/{way}/{SESSION}", "POST")
        assert (answer.code, cookie_names(answer)) == (500, [])
        assert await browser.values() == EMPTY
        assert not browser.store.keys


@pytest.mark.parametrize("way", WAYS | HEADERS)
async def test_any_other_cookie_is_the_applications(way: str) -> None:
    """It goes out beside those of the state."""
    async with serving(ROUTES) as browser:
        answer = await browser.fetch(f"/set/{way.replace(' ', '%20')}/session", "POST")
        assert (answer.code, answer.body) == (200, b"")
        assert len(answer.headers.get_list("Set-Cookie")) == 3


async def test_a_handler_without_state_does_not_replace_its_cookies_either() -> None:
    """It would sign a visitor out behind the back of the store."""

    def post(self: Any, name: str) -> None:
        self.set_cookie(name, "x")

    routes = {"/": Everything, "/set/(.+)": handler(post=post)}
    async with serving(routes) as browser:
        assert (await browser.fetch(f"/set/{SESSION}", "POST")).code == 500
        assert (await browser.fetch("/set/session", "POST")).code == 200


async def test_the_cookie_of_a_predecessor_is_read_and_never_written() -> None:
    """It is cleared by the library, in the same answer perhaps."""
    kind = Kind("language", str, adopts=[from_signed_cookie("language")], outlives_logout=True)

    def post(self: Any) -> None:
        self.clear_cookie("language")

    async with serving({"/": handler(language=kind, post=post)}) as browser:
        assert (await browser.fetch("/", "POST")).code == 500


async def test_clearing_all_cookies_leaves_nothing_of_the_visitor() -> None:
    """The session ends in the store; what outlives a sign-out is cleared, and what is no state."""
    async with serving(ROUTES) as browser:
        await browser.fetch("/fill", "POST")
        browser.jar["other"] = "x"
        thief = browser.copy()
        assert await browser.values() == FILLED
        answer = await browser.fetch("/clear", "POST")
        assert answer.code == 200
        assert cookie_names(answer) == ["other", "state-draft", SESSION, "state-theme"]
        thief.jar = {SESSION: thief.jar[SESSION]}
        assert await thief.values() == EMPTY


async def test_a_session_that_the_handler_does_not_know_is_not_left_to_stand() -> None:
    """To clear its cookie without ending it is refused, whether the browser has one or not."""

    def post(self: Any) -> None:
        self.clear_all_cookies()

    without, in_cookie = handler(post=post), handler(theme=THEME, post=post)
    async with serving({"/": Everything, "/0": without, "/1": in_cookie}) as browser:
        for path in ("/0", "/1"):
            assert (await browser.fetch(path, "POST")).code == 500


async def test_beside_no_state_cookies_are_tornados() -> None:
    """In an application that has none, every name is free, and all are cleared as ever."""

    def post(self: Any) -> None:
        self.clear_all_cookies()
        self.set_cookie(SESSION, "x")

    async with serving({"/": handler(post=post)}, of=Application) as browser:
        browser.jar = {"a": "1", "b": "2"}
        answer = await browser.fetch("/", "POST")
        assert cookie_names(answer) == ["a", "b", SESSION]

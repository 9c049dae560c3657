"""Handlers of other people: served as they are, looked into never, mixed in in any order."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from abroad_app import (
    CART,
    FILLED,
    NEWER_SECRET,
    ROUTES,
    VISITS,
    Everything,
    application,
    serving,
)
from tornado.routing import PathMatches, Rule, RuleRouter
from tornado.web import (
    Application,
    ErrorHandler,
    FallbackHandler,
    RedirectHandler,
    RequestHandler,
    StaticFileHandler,
    url,
)
from tornado_state import Kind, StateApplication


class Meta(type):
    """A class whose attributes may not be looked at."""

    def __getattribute__(cls, name: str) -> Any:
        if name in {"kinds", "state", "declared_kinds", "kinds_for"}:
            raise RuntimeError(f"{name} was looked at")
        return super().__getattribute__(name)


class Pods(RequestHandler):
    kinds: Any = ("Pod",)
    state: Any = "running"
    declared_kinds: Any = None
    kinds_for: Any = None

    def get(self) -> None:
        self.write(f"{self.kinds} {self.state}")


class Kinds(Pods):
    kinds = (CART,)
    visits = VISITS


class Closed(RequestHandler, metaclass=Meta):
    def get(self) -> None:
        self.write("open")


class Raising(RequestHandler):
    @property
    def kinds(self) -> Any:
        raise RuntimeError

    @property
    def state(self) -> Any:
        raise RuntimeError

    def get(self) -> None:
        self.write("fine")


def served(*rules: Any) -> Any:
    class Served(StateApplication):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__([*rules, *ROUTES.items()], **settings)

    return Served


# Row 29
@pytest.mark.parametrize("found", [Pods, Kinds, Closed, Raising])
async def test_a_handler_without_state_is_not_looked_into(found: Any) -> None:
    """Attributes called kinds, state or declared_kinds, and those that raise, mean nothing here."""
    async with serving(of=served(("/foreign", found))) as browser:
        response = await browser.fetch("/foreign")
        assert response.code == 200
        assert "Vary" not in response.headers
        await browser.fetch("/fill", "POST")
        assert await browser.values() == FILLED


# Row 29
async def test_the_handlers_that_tornado_brings_are_served_as_ever(tmp_path: Path) -> None:
    """Static files, redirects, errors, names and nested routes work beside handlers with state."""
    (tmp_path / "a.txt").write_text("a file")
    within = application({"/within/(.*)": Everything, **ROUTES})
    plain = Application([("/plain/(.*)", Pods)])
    rules = [
        ("/files/(.*)", StaticFileHandler, {"path": str(tmp_path)}),
        ("/old", RedirectHandler, {"url": "/"}),
        ("/gone", ErrorHandler, {"status_code": 410}),
        ("/named", f"{__name__}.Pods"),
        url("/url", Pods, name="pods"),
        Rule(PathMatches("/routed"), RuleRouter([Rule(PathMatches("/routed"), plain)])),
        (PathMatches("/nested"), [("/nested", Pods)]),
    ]
    async with serving(of=served(*rules), static_path=str(tmp_path)) as browser:
        answers = {
            path: (await browser.fetch(path)).code
            for path in ("/files/a.txt", "/old", "/gone", "/named", "/url", "/nested", "/nowhere")
        }
        assert answers == {
            "/files/a.txt": 200,
            "/old": 301,
            "/gone": 410,
            "/named": 200,
            "/url": 200,
            "/nested": 200,
            "/nowhere": 404,
        }
        assert (await browser.fetch("/static/a.txt")).body == b"a file"
        assert browser.application.reverse_url("pods") == "/url"
        await browser.fetch("/fill", "POST")
        assert await browser.values() == FILLED
    assert within is not None


# Row 29
@pytest.mark.parametrize("how", ["fallback", "rule", "call"])
async def test_an_application_within_another_has_its_state(how: str) -> None:
    """A StateApplication reached by a FallbackHandler, a rule or a call loads, commits, answers."""
    inner = application(ROUTES, state_name="inner")

    class Calling(RequestHandler):
        def prepare(self) -> None:
            inner(self.request)
            self._finished = True

    rule: Any = {
        "fallback": (".*", FallbackHandler, {"fallback": inner}),
        "rule": (PathMatches(".*"), inner),
        "call": (".*", Calling),
    }[how]
    for of in (Application, StateApplication):
        made = of([rule], cookie_secret=NEWER_SECRET, cookie_secure=False)
        async with serving(of=lambda *args, made=made, **settings: made) as browser:
            assert (await browser.fetch("/fill", "POST")).code == 200
            assert await browser.values() == FILLED
            inner.session_store.away = True
            assert (await browser.fetch("/fill", "POST")).code == 503
            inner.session_store.away = False
            assert (await browser.fetch("/login", "POST")).code == 200
            assert (await browser.values())["user"] == "ann"


# Row 29
async def test_an_error_in_kinds_for_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    """What goes wrong before a handler is made has an answer, by its error page, and a log line."""

    class Wrong(Everything):
        @classmethod
        def kinds_for(cls, request: Any) -> Any:
            raise RuntimeError("no kinds today")

        def write_error(self, status_code: int, **kwargs: Any) -> None:
            self.finish(f"sorry, {status_code}")

    class Undeclared(Everything):
        @classmethod
        def kinds_for(cls, request: Any) -> Any:
            return [Kind("unknown", int)]

    class NotMade(Everything):
        def initialize(self) -> None:
            raise RuntimeError("not made")

    routes = ROUTES | {"/wrong": Wrong, "/undeclared": Undeclared, "/not": NotMade}
    async with serving(routes) as browser:
        with caplog.at_level(logging.ERROR):
            for path in ("/wrong", "/undeclared", "/not"):
                for method in ("GET", "POST"):
                    assert (await browser.fetch(path, method)).code == 500, path
        assert (await browser.fetch("/wrong")).body == b"sorry, 500"
        assert caplog.records

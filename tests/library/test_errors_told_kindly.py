"""Handlers whose ``write_error`` makes another answer of an error: a page, or a way elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from abroad_app import ANN, EMPTY, ROUTES, Everything, serving
from commanded_store import fails
from tornado.web import HTTPError
from tornado_state import StateHandler

KEPT = EMPTY | {"visits": 1, "theme": "dark", "user": "ann"}


class Fails(Everything):
    """Signs in and changes kinds of both tiers, then fails as its path says."""

    async def post(self, how: str) -> None:
        self.state.sign_in(ANN)
        self.visits, self.theme = 1, "dark"
        if how == "committed":
            await self.state.commit()
            self.visits = 2
        if how.isdigit():
            raise HTTPError(int(how))
        if how == "sent":
            self.send_error(500)
            return
        if how == "store":
            self.application.session_store.tell("add", fails)  # type: ignore[attr-defined]
            await self.state.commit()
        raise LookupError("of our own")


class Elsewhere(Fails):
    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.redirect("/sorry")


class Page(Fails):
    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_status(200)
        self.finish("sorry")


@pytest.mark.parametrize("handler", [Elsewhere, Page])
@pytest.mark.parametrize("how", ["unforeseen", "500", "503", "sent", "store"])
async def test_a_failure_keeps_nothing_however_it_is_told(how: str, handler: Any) -> None:
    """Nobody is signed in by half of what a handler was to do."""
    async with serving(ROUTES | {"/fail/(.*)": handler}) as browser:
        assert (await browser.fetch(f"/fail/{how}", "POST")).code in (200, 302)
        assert (browser.jar, browser.store.keys) == ({}, set())
        assert await browser.values() == EMPTY


@pytest.mark.parametrize("handler", [Elsewhere, Page])
@pytest.mark.parametrize("how", ["401", "committed"])
async def test_an_answer_and_what_was_committed_are_kept_as_ever(how: str, handler: Any) -> None:
    """To refuse is no failure, and what the store has confirmed reaches the visitor."""
    async with serving(ROUTES | {"/fail/(.*)": handler}) as browser:
        assert (await browser.fetch(f"/fail/{how}", "POST")).code in (200, 302)
        assert await browser.values() == KEPT


class Refuses(Fails):
    """Has foreseen it: it says whose fault it is."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_status(401)
        self.finish("no")


async def test_a_failure_that_is_told_as_a_refusal_is_an_answer() -> None:
    """Exceptions of an application's own become answers there: a try that failed counts."""
    async with serving(ROUTES | {"/fail/(.*)": Refuses}) as browser:
        assert (await browser.fetch("/fail/unforeseen", "POST")).code == 401
        assert await browser.values() == KEPT


class Tells(Fails):
    """Tells on the next page, as the path says."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        tell = self.get_argument("tell")
        if tell == "draft":
            self.draft = ["sorry"]
        elif tell == "within":
            self.cart.append("sorry")
        elif tell == "dropped":
            del self.cart, self.theme
        elif tell == "signs-in":
            self.state.sign_in({"id": "bob"})
        self.redirect("/sorry")


TOLD = {
    "draft": {"draft": ["sorry"]},
    "within": {"cart": ["sorry"]},
    "signs-in": {"visits": 1, "theme": "dark", "user": "bob"},
}


@pytest.mark.parametrize("tell", TOLD)
async def test_what_is_changed_in_telling_counts(tell: str) -> None:
    """It is no part of what has failed."""
    async with serving(ROUTES | {"/fail/(.*)": Tells}) as browser:
        assert (await browser.fetch(f"/fail/unforeseen?tell={tell}", "POST")).code == 302
        assert await browser.values() == EMPTY | TOLD[tell]


async def test_what_is_dropped_in_telling_is_gone() -> None:
    """In either tier; what the handler had changed is as it was."""

    async def post(h: Any, path: str) -> None:
        h.visits, h.cart, h.draft = 7, ["b"], ["e"]
        raise LookupError("of our own")

    handler = type("Drops", (Tells,), {"post": post})
    async with serving(ROUTES | {"/fail/(.*)": handler}) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/fail/unforeseen?tell=dropped", "POST")).code == 302
        assert await browser.values() == EMPTY | {"visits": 1, "draft": ["d"]}


async def test_what_is_changed_in_telling_of_a_value_that_cannot_be_kept_counts() -> None:
    """What was in hand is forgotten, though nobody can say what it was."""

    async def post(h: Any, path: str) -> None:
        h.cart.append(5)
        raise LookupError("of our own")

    handler = type("Tells", (Tells,), {"post": post})
    async with serving(ROUTES | {"/fail/(.*)": handler}) as browser:
        assert (await browser.fetch("/fail/unforeseen?tell=nothing", "POST")).code == 302
        assert (await browser.values(), browser.jar) == (EMPTY, {})


class Late(Everything):
    """Fails once its answer has begun, and waits for the store."""

    def post(self) -> None:
        self.visits = 1
        self.set_header("Content-Length", "0")
        self.flush()
        raise LookupError("of our own")


class WithoutState(StateHandler):
    def post(self) -> None:
        raise HTTPError(500)


async def test_what_an_answer_says_is_kept_though_the_handler_fails_after_it() -> None:
    """It has been given."""
    async with serving(ROUTES | {"/late": Late, "/none": WithoutState}) as browser:
        assert (await browser.fetch("/late", "POST")).code == 200
        assert (await browser.fetch("/none", "POST")).code == 500
        assert (await browser.values())["visits"] == 1

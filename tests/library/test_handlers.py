"""Handlers with state in Tornado's ways: who is signed in, templates, errors."""

from __future__ import annotations

from typing import Any

import pytest
from state_app import (
    ADA,
    BASKET,
    NOTES,
    PLACED,
    THEME,
    WHO,
    World,
    handler,
    serving,
    serving_application,
)
from tornado.web import Application, UIModule, authenticated
from tornado_state import SIGNED_COOKIE, InvalidValue, StateHandler, UndeclaredKind


class Login(StateHandler):
    """Signs in and out."""

    who = WHO

    def post(self) -> None:
        """Sign in."""
        self.state.sign_in(ADA)

    def delete(self) -> None:
        """Sign out."""
        self.state.destroy()


class Account(StateHandler):
    """A page for whoever is signed in."""

    who = WHO

    @authenticated
    def get(self) -> None:
        """Say who that is."""
        self.write(self.current_user)


class Name(UIModule):
    """Says who is signed in."""

    def render(self) -> str:
        """Say it."""
        return str(self.current_user)


TEMPLATE = b"{{ current_user }} {% module Name() %}"


async def test_who_is_signed_in_is_tornados_current_user() -> None:
    """`authenticated` sends others to sign in."""
    world = World(login_url="/login")
    async with serving(world, {"/login": Login, "/account": Account}) as browser:
        answer = await browser.get("/account")
        assert (answer.code, answer.headers["Location"]) == (302, "/login?next=%2Faccount")
        await browser.get("/login", "POST")
        assert (await browser.get("/account")).body == b'{"id": "ada"}'
        await browser.get("/login", "DELETE")
        assert (await browser.get("/account")).code == 302


async def test_while_nobody_can_tell_who_is_signed_in_neither_does_tornado() -> None:
    """503, and nobody is sent to sign in."""
    world = World(login_url="/login")
    async with serving(world, {"/login": Login, "/account": Account}) as browser:
        await browser.get("/login", "POST")
        world.store.fail("load")
        assert (await browser.get("/account")).code == 503


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [((WHO,), b"{'id': 'ada'} {'id': 'ada'}"), ((BASKET,), b"{'id': 'ada'} {'id': 'ada'}")],
    ids=["declared", "loaded"],
)
async def test_templates_and_modules_know_who_is_signed_in(
    tmp_path: Any, kinds: Any, expected: bytes
) -> None:
    """Where the session is loaded, the person is known, declared or not."""
    (tmp_path / "page.html").write_bytes(TEMPLATE)
    world = World(template_path=str(tmp_path), ui_modules={"Name": Name}, autoescape=None)
    page = handler(*kinds, get=lambda self: self.render("page.html"))
    async with serving(world, {"/login": Login, "/": page}) as browser:
        await browser.get("/login", "POST")
        assert (await browser.get("/")).body == expected


@pytest.mark.parametrize("kinds", [(THEME,), ()], ids=["cookies only", "no state"])
async def test_a_template_of_a_page_without_the_session_has_nobody(
    tmp_path: Any, kinds: Any
) -> None:
    """It says nothing of who is signed in, and asks no store."""
    (tmp_path / "page.html").write_bytes(b"{{ current_user }}")
    world = World(template_path=str(tmp_path))
    page = handler(*kinds, get=lambda self: self.render("page.html"))
    async with serving(world, {"/login": Login, "/": page}) as browser:
        await browser.get("/login", "POST")
        world.store.forget()
        assert (await browser.get("/")).body == b"None"
        assert not world.store.operations


async def test_a_template_of_a_handler_that_set_its_user_has_that_one(tmp_path: Any) -> None:
    """As in Tornado, what a handler says of itself counts."""
    (tmp_path / "page.html").write_bytes(b"{{ current_user }}")

    def get(self: StateHandler) -> None:
        self.current_user = "guest"
        self.render("page.html")

    world = World(template_path=str(tmp_path))
    async with serving(world, {"/": handler(WHO, get=get)}) as browser:
        assert (await browser.get("/")).body == b"guest"


async def test_an_expected_error_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A traceback is for what nobody foresaw."""

    def bug(self: StateHandler) -> None:
        raise InvalidValue("a", "b")

    world = World()
    routes = {"/login": Login, "/account": Account, "/bug": handler(THEME, get=bug)}
    async with serving(world, routes) as browser:
        await browser.get("/login", "POST")
        world.store.fail("load")
        await browser.get("/account")
        assert not [record for record in caplog.records if record.exc_info]
        assert "503 GET /account (127.0.0.1): no answer" in caplog.text
        await browser.get("/bug")
        assert [record for record in caplog.records if record.exc_info]


async def test_a_handler_that_nobody_serves_with_state_has_none() -> None:
    """In an application of Tornado's own it says so."""
    told: list[str] = []

    def get(self: StateHandler) -> None:
        try:
            self.basket  # noqa: B018 - looking is what is refused
        except UndeclaredKind as error:
            told.append(str(error))
            raise

    application = Application([("/", handler(BASKET, get=get))])
    async with serving_application(application) as browser:
        assert (await browser.get("/")).code == 500
    assert "not served by a StateApplication" in told[0]


async def test_a_kind_kept_for_a_person_has_the_session_loaded_that_names_the_person() -> None:
    """Though the handler names nothing that is in it."""
    world = World({**PLACED, NOTES: SIGNED_COOKIE})

    def post(self: StateHandler) -> None:
        self.notes = "mine"

    notes = handler(NOTES, post=post, get=lambda self: self.write(str(self.notes)))
    async with serving(world, {"/login": Login, "/notes": notes}) as browser:
        await browser.get("/login", "POST")
        await browser.get("/notes", "POST")
        assert (await browser.get("/notes")).body == b"mine"
        await browser.get("/login", "DELETE")
        assert (await browser.get("/notes")).body == b"None"

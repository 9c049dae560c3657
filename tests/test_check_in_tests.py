"""The fixture `check_sessions`, on an application as Tornado's documentation writes it."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from pathlib import Path

import pytest
from tornado.web import Application, RequestHandler

from compare.check.description import Unusable
from compare.check.in_tests import BrokenPromises
from compare.check.trial import CHECKS

FILE = Path(__file__).parent / "session_check_example.toml"
#: What a sign-in in a signed cookie cannot do, and what no check is whole without and is not there.
BY_NATURE = {"replay", "attributes", "revocation"}


class Home(RequestHandler):
    def get(self) -> None:
        name = self.get_signed_cookie("user")
        self.write(f"Hello, {name.decode()}" if name else "Who are you?")


class Login(RequestHandler):
    def get(self) -> None:
        self.write(f"<form method=post>{self.xsrf_form_html()}</form>")

    def post(self) -> None:
        if self.get_body_argument("password") == "violet-otter-91":
            self.set_signed_cookie("user", self.get_body_argument("name"))
        self.redirect("/")


class Logout(RequestHandler):
    def post(self) -> None:
        self.clear_cookie("user")
        self.redirect("/")


def make_app() -> Application:
    asyncio.get_running_loop()  # it is made on the loop that it runs on
    return Application(
        [("/", Home), ("/login", Login), ("/logout", Logout)],
        cookie_secret="a secret of 32 bytes for the tests",
        xsrf_cookies=True,
    )


def test_what_is_broken_is_said_with_its_clause(check_sessions) -> None:
    """Each broken promise is a line with its name, clause and sentence."""
    with pytest.raises(BrokenPromises) as raised:
        check_sessions(make_app, FILE)
    lines = str(raised.value).splitlines()
    assert {line.partition(" ")[0] for line in lines} == BY_NATURE
    assert lines[0].startswith("replay (ASVS 7.4.1 (level 1)): still signed in.")
    assert len(raised.value.checked) == len(CHECKS)


def test_what_is_known_is_let_be(
    check_sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what is known named, it returns what every experiment says, and leaves nothing."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(threading.enumerate())
    checked = check_sessions(make_app, FILE, known=BY_NATURE)
    assert [each.experiment for each in checked] == list(CHECKS)
    assert set(threading.enumerate()) <= before
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_made_is_raised(check_sessions) -> None:
    """An error while the application is made is the test's error."""

    def broken() -> Application:
        raise RuntimeError("no database")

    with pytest.raises(RuntimeError, match="no database"):
        check_sessions(broken, FILE)


async def never_signs_in() -> Application:
    return Application([("/.*", Home)], cookie_secret="a secret of 32 bytes for the tests")


def test_what_cannot_be_used_is_raised(check_sessions) -> None:
    """An application that is not what its file says gives no verdict."""
    with pytest.raises(Unusable, match="token's pattern is not in /login"):
        check_sessions(never_signs_in, FILE)

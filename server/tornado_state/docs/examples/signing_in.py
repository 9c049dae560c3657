"""Signing in and out, with Tornado's ``current_user`` and ``authenticated``."""

from dataclasses import dataclass
from typing import Any

from tornado.web import authenticated
from tornado_state import Kind, StateApplication, StateHandler


@dataclass
class User:
    name: str
    is_admin: bool = False


USER = Kind(
    "user",
    User,
    identity="name",  # this field says who it is
    confidential=True,
    revocable=True,
    fresh=True,
    idle_timeout=True,
)

PASSWORDS = {"ann": "correct horse"}  # an application has a database of hashes


class Page(StateHandler):
    """Declares what every page needs: who is signed in."""

    user = USER


class SignIn(Page):
    def get(self) -> None:
        self.write("<form method=post><input name=name><input name=password type=password></form>")

    def post(self) -> None:
        name = self.get_body_argument("name")
        if PASSWORDS.get(name) != self.get_body_argument("password"):
            self.send_error(401)
            return
        self.state.sign_in(User(name))  # new session ID, new clocks
        self.redirect("/account", status=303)


class Account(Page):
    @authenticated
    def get(self) -> None:
        user: User = self.current_user
        self.write(f"signed in as {user.name}")


class SignOut(Page):
    def post(self) -> None:
        self.state.destroy()  # the answer goes out once the store has confirmed
        self.redirect("/sign-in", status=303)


def make_app(**settings: Any) -> StateApplication:
    handlers = [("/sign-in", SignIn), ("/account", Account), ("/sign-out", SignOut)]
    return StateApplication(handlers, login_url="/sign-in", **settings)

"""Remember me: a sign-in that lasts for weeks, beside one that ends with the browser."""

from datetime import timedelta
from typing import Any

from tornado.web import authenticated
from tornado_state import Kind, StateApplication, StateHandler

USER = Kind("user", str, identity=True, confidential=True, revocable=True)


class SignIn(StateHandler):
    user = USER

    def post(self) -> None:
        remember = self.get_argument("remember", "") == "yes"
        self.state.sign_in(self.get_argument("name"), remember=remember)


class Account(StateHandler):
    user = USER

    @authenticated
    def get(self) -> None:
        self.write(f"{self.user} until {self.state.expires_at:%d %B %Y}")


def make_app(**settings: Any) -> StateApplication:
    return StateApplication(
        [("/sign-in", SignIn), ("/account", Account)],
        login_url="/sign-in",
        session_idle_timeout=timedelta(minutes=20),
        session_persistent=False,  # the cookie ends with the browser, unless remembered
        session_remember_timeout=timedelta(days=60),
        **settings,
    )

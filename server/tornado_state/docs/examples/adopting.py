"""Coming from ``set_signed_cookie("user", …)``: who is signed in stays signed in."""

from datetime import UTC, datetime
from typing import Any

from tornado.web import authenticated
from tornado_state import Kind, StateApplication, StateHandler

USER = Kind("user", str, identity=True, confidential=True, revocable=True, idle_timeout=True)

#: From then on nobody has an old cookie that counts: 30 days after the release, say.
LAST_DAY = datetime(2030, 1, 31, tzinfo=UTC)


class Page(StateHandler):
    user = USER

    def prepare(self) -> None:
        old = self.get_signed_cookie("user", max_age_days=30)
        if old is None:
            return
        if self.user is None and datetime.now(UTC) < LAST_DAY:
            self.state.sign_in(old.decode())
        self.clear_cookie("user")


class Account(Page):
    @authenticated
    def get(self) -> None:
        self.write(f"signed in as {self.user}")


def make_app(**settings: Any) -> StateApplication:
    return StateApplication([("/account", Account)], login_url="/sign-in", **settings)

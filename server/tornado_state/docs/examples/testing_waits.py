"""Tests of an application with Tornado's own ``AsyncHTTPTestCase``."""

from examples.signing_in import User, make_app
from tornado.testing import AsyncHTTPTestCase
from tornado_state import StateApplication
from tornado_state.testing import CookieJar, sign_in


class AccountTest(AsyncHTTPTestCase):
    def get_app(self) -> StateApplication:
        return make_app(
            cookie_secret="a secret of these tests, and of nothing else",
            session_store="memory://",
            cookie_secure=False,
        )

    def test_somebody_signed_in(self) -> None:
        header = sign_in(self._app, User("ann"))
        answer = self.fetch("/account", headers={"Cookie": header})
        assert answer.body == b"signed in as ann"

    def test_signing_in_and_out(self) -> None:
        jar = CookieJar()  # a browser
        answer = jar.fetch(self, "/sign-in", method="POST", body="name=ann&password=correct+horse")
        assert answer.body == b"signed in as ann"
        stolen = dict(jar)
        jar.fetch(self, "/sign-out", method="POST", body="")
        assert dict(jar) == {}
        assert len(stolen) == 1

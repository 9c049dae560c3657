"""`tornado_state.testing.sign_in`, from a test that waits and from one that is awaited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypedDict

import pytest
from tornado.httpclient import HTTPResponse
from tornado.testing import AsyncHTTPTestCase
from tornado.web import Application, authenticated
from tornado_state import (
    SIGNED_COOKIE,
    InvalidValue,
    Kind,
    PlacementTable,
    StateApplication,
    StateHandler,
    StoreUnavailable,
    UndeclaredKind,
)
from tornado_state.testing import CookieJar, sign_in

from compare.memcached_process import MemcachedProcess


class User(TypedDict):
    name: str
    role: str


USER = Kind("user", User, confidential=True, revocable=True, identity="name")
SEEN = Kind("seen", int, default=0, fresh=True)
VISITOR = Kind("visitor", str, identity=True)

ANN: User = {"name": "ann", "role": "editor"}


class Account(StateHandler):
    user = USER
    seen = SEEN

    @authenticated
    def get(self) -> None:
        assert self.user is not None
        self.seen += 1
        self.write(f"{self.user['name']}, {self.user['role']}, {self.seen}")

    def delete(self) -> None:
        self.state.destroy()


class Who(StateHandler):
    visitor = VISITOR

    def get(self) -> None:
        self.write(self.visitor or "nobody")


def application(store: str = "memory://", **settings: Any) -> StateApplication:
    return StateApplication(
        [("/account", Account)],
        cookie_secret="0123456789abcdef" * 2,
        session_store=store,
        cookie_secure=False,
        login_url="/login",
        **settings,
    )


def in_cookies() -> StateApplication:
    """An application that keeps its identity kind in a signed cookie."""
    placement = PlacementTable({VISITOR: SIGNED_COOKIE})
    secret = "0123456789abcdef" * 2
    return StateApplication([("/who", Who)], cookie_secret=secret, placement=placement)


def body(response: HTTPResponse) -> str:
    assert response.code == 200, response
    return response.body.decode()


class InTestsThatWait(AsyncHTTPTestCase):
    """A test of ``AsyncHTTPTestCase`` uses what comes back as it is."""

    store = "memory://"

    def get_app(self) -> StateApplication:
        """Return the application."""
        return application(self.store)

    def tearDown(self) -> None:
        self.io_loop.run_sync(self._app.session_store.close)
        super().tearDown()

    def test_the_header_is_somebody_signed_in(self) -> None:
        """The handler finds the value, in a session that is like any other."""
        header = sign_in(self._app, ANN)
        for seen in (1, 2):
            answer = self.fetch("/account", headers={"Cookie": header})
            assert body(answer) == f"ann, editor, {seen}"

    def test_each_is_a_session_of_its_own(self) -> None:
        """Two sign-ins are two browsers: one may sign out, and the other stays."""
        one, other = (CookieJar(sign_in(self._app, ANN)) for _ in range(2))
        assert one.fetch(self, "/account", method="DELETE").code == 200
        assert other.fetch(self, "/account").code == 200
        assert one.fetch(self, "/account", follow_redirects=False).code == 302


@pytest.fixture
def app() -> StateApplication:
    return application()


async def test_in_a_test_that_is_awaited_it_is_awaited(app: Any, http_server_client: Any) -> None:
    """``await sign_in(…)`` gives the header once the store has confirmed."""
    header = await sign_in(app, ANN)
    answer = await http_server_client.fetch("/account", headers={"Cookie": header})
    assert body(answer) == "ann, editor, 1"


async def test_a_store_in_memory_needs_no_waiting(app: Any, http_server_client: Any) -> None:
    """Where nothing has to be waited for, a test may leave the ``await`` out."""
    headers = {"Cookie": sign_in(app, ANN)}
    assert body(await http_server_client.fetch("/account", headers=headers)) == "ann, editor, 1"


class TestOnMemcached:
    """A store that has to be waited for is asked on the loop that the application is served on."""

    @pytest.fixture
    def app(self, memcached: MemcachedProcess, io_loop: Any) -> Iterator[StateApplication]:
        app = application(f"memcached://{memcached.address}")
        yield app
        assert app.session_store is not None
        io_loop.run_sync(app.session_store.close)

    async def test_awaited(self, app: Any, http_server_client: Any) -> None:
        """In a test that is awaited."""
        headers = {"Cookie": await sign_in(app, ANN)}
        assert body(await http_server_client.fetch("/account", headers=headers))

    def test_waited_for(self, memcached: MemcachedProcess) -> None:
        """In a test that waits."""

        class Waits(InTestsThatWait):
            store = f"memcached://{memcached.address}"

        for name in ("test_the_header_is_somebody_signed_in", "test_each_is_a_session_of_its_own"):
            result = Waits(name).run()
            assert result is not None
            assert (result.errors, result.failures) == ([], [])

    def test_in_a_fixture(self, app: Any, io_loop: Any, http_server_client: Any) -> None:
        """Where the loop stands still it runs until the store has confirmed."""
        headers = {"Cookie": sign_in(app, ANN)}
        answer = io_loop.run_sync(lambda: http_server_client.fetch("/account", headers=headers))
        assert body(answer) == "ann, editor, 1"

    async def test_a_store_that_is_away_says_so(self, memcached: MemcachedProcess) -> None:
        """What keeps the store from confirming is raised where it is awaited."""
        away = application(f"memcached://{memcached.address}?deadline=0.1")
        memcached.kill()
        with pytest.raises(StoreUnavailable):
            await sign_in(away, ANN)
        assert away.session_store is not None
        await away.session_store.close()


class TestInASignedCookie:
    """An application may keep its identity kind in a signed cookie."""

    @pytest.fixture
    def app(self) -> StateApplication:
        return in_cookies()

    async def test_it_is_the_cookie(self, app: Any, http_server_client: Any) -> None:
        """There is nothing to wait for then, with ``await`` or without."""
        for header in (sign_in(app, "ann"), await sign_in(app, "ann")):
            answer = await http_server_client.fetch("/who", headers={"Cookie": header})
            assert body(answer) == "ann"


async def test_a_remembered_session_lives_longer() -> None:
    """``remember`` is that of ``state.sign_in``."""
    app = application()
    sessions = app.composition.sessions
    assert sessions is not None
    for remember in (False, True):
        _, _, cookie = (await sign_in(app, ANN, remember=remember)).partition("=")
        presented = sessions.presented(_cookies(app, cookie))
        session = await sessions.load(presented)
        assert session.stored is not None
        assert session.stored.remembered is remember


def _cookies(app: StateApplication, cookie: str) -> Any:
    from tornado_state.cookies.wire import Cookies  # noqa: PLC0415 - beneath what applications use

    assert app.composition.sessions is not None
    name = app.composition.sessions.cookie_name
    return Cookies([f"{name}={cookie}"], {name})


@pytest.mark.parametrize(
    ("app", "value", "error"),
    [
        (application(), {"name": "", "role": ""}, InvalidValue),
        (application(), {"name": "ann"}, InvalidValue),
        (StateApplication([], cookie_secret="0123456789abcdef" * 2), "ann", UndeclaredKind),
        (Application(), "ann", TypeError),
    ],
    ids=["names nobody", "another type", "no identity kind", "no application with state"],
)
def test_what_sign_in_refuses_is_refused(app: Any, value: Any, error: type[Exception]) -> None:
    """It raises as ``state.sign_in`` does, at the call."""
    with pytest.raises(error):
        sign_in(app, value)

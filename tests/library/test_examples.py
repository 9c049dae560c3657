"""Every example of the guide, served and visited; needs nothing but the library."""

from __future__ import annotations

import hmac
import pickle
import re
import secrets
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from http.cookiejar import CookieJar as Cookies
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from examples import (
    adopting,
    cart,
    chat,
    flash,
    job,
    own_store,
    payment,
    preferences,
    release,
    remember_me,
    rolling,
    signing_in,
    testing_waits,
    visits,
)
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.testing import AsyncHTTPTestCase, bind_unused_port, gen_test
from tornado.web import create_signed_value
from tornado.websocket import websocket_connect
from tornado_state.stores import MemoryStore, SessionStore
from tornado_state.testing import CookieJar, StoreContract, sign_in

from compare.waiting import free_port

AccountTest = testing_waits.AccountTest
FOLDER = Path(str(visits.__file__)).parent


class Example(AsyncHTTPTestCase):
    """An example on a port of its own, and a browser."""

    make: ClassVar[Callable[..., Any]]

    def get_app(self) -> Any:
        """Return the application."""
        secret = secrets.token_urlsafe(32)
        settings = {"cookie_secret": secret, "session_store": "memory://", "cookie_secure": False}
        return type(self).make(**settings)

    def setUp(self) -> None:
        super().setUp()
        self.jar = CookieJar()

    def said(self, path: str, **options: Any) -> str:
        """Return what the browser is answered; a body makes it a POST."""
        if "body" in options:
            options.setdefault("method", "POST")
        answer = self.jar.fetch(self, path, **options)
        assert answer.code == 200, answer
        return answer.body.decode()


class VisitsTest(Example):
    make = staticmethod(lambda **settings: visits.make_app())

    def test_it_counts(self) -> None:
        """Each visit of a browser is one more; another browser begins anew."""
        assert [self.said("/") for _ in range(2)] == ["visit number 1", "visit number 2"]
        self.jar.clear()
        assert self.said("/") == "visit number 1"


class SigningInTest(Example):
    make = staticmethod(signing_in.make_app)

    def test_signing_in_and_out(self) -> None:
        """Only who is signed in has an account, and nobody has after signing out, a thief least."""
        assert "<form" in self.said("/account")
        assert (
            self.jar.fetch(self, "/sign-in", method="POST", body="name=ann&password=").code == 401
        )
        form = "name=ann&password=correct+horse"
        assert self.said("/sign-in", body=form) == "signed in as ann"
        stolen = self.jar.headers
        self.said("/sign-out", body="")
        assert self.fetch("/account", headers=stolen, follow_redirects=False).code == 302


class CartTest(Example):
    make = staticmethod(cart.make_app)

    def test_values_of_three_types(self) -> None:
        """They come back as they were, changed inside, and what is wrong is told with its place."""
        assert self.said("/cart") == "nothing to nowhere, less 0"
        self.said("/cart", body="sku=tea")
        self.said("/cart", body="sku=salt")
        self.said("/cart?city=Oslo", method="PUT", body="")
        assert self.said("/cart") == "2 tea, 2 salt to Oslo, less 5.00"
        assert self.said("/cart", method="PATCH", body="") == "cart[0].quantity"
        self.said("/cart", method="DELETE")
        assert self.said("/cart") == "nothing to Oslo, less 5.00"


class PreferencesTest(Example):
    make = staticmethod(preferences.make_app)

    def test_they_live_in_a_cookie(self) -> None:
        """They come back, from the browser alone; what is no theme is refused."""
        assert '"system"' in self.said("/settings")
        self.said("/settings", body="theme=dark")
        assert self.said("/settings") == '{"results_per_page": 20, "theme": "dark"}'
        assert list(self.jar) == ["state-preferences"]
        assert self.jar.fetch(self, "/settings", method="POST", body="theme=pink").code == 422
        assert self._app.composition.sessions is None


class FlashTest(Example):
    make = staticmethod(flash.make_app)

    def test_it_is_said_once(self) -> None:
        """On the next page, and on no other."""
        assert self.said("/", body="") == "<p>It is done.</p>"
        assert self.said("/") == ""


class RememberMeTest(Example):
    make = staticmethod(remember_me.make_app)

    def test_a_cookie_lasts_if_that_is_asked_for(self) -> None:
        """Otherwise it ends with the browser."""
        for remember, lasts in (("no", False), ("yes", True)):
            form = f"name=ann&remember={remember}"
            answer = self.jar.fetch(self, "/sign-in", method="POST", body=form)
            assert ("Max-Age=5184000" in answer.headers["Set-Cookie"]) is lasts
            assert self.said("/account").startswith("ann until ")


class ChatTest(Example):
    make = staticmethod(chat.make_app)

    @gen_test
    async def test_a_socket_ends_with_the_session(self) -> None:
        """Messages are counted in the session; after signing out the socket is closed."""
        self.jar = CookieJar(await sign_in(self._app, "ann"))
        url = self.get_url("/chat").replace("http", "ws")
        socket = await websocket_connect(HTTPRequest(url, headers=self.jar.headers))
        for number in (1, 2):
            await socket.write_message("hello")
            assert await socket.read_message() == f"ann ({number}): hello"
        out = self.get_url("/sign-out")
        await self.http_client.fetch(out, method="POST", body="", headers=self.jar.headers)
        assert await socket.read_message() is None
        assert socket.close_code == 4401
        socket.close()


class JobTest(Example):
    make = staticmethod(job.make_app)

    def test_a_job_goes_on_after_the_answer(self) -> None:
        """The page that polls is told how far it is."""
        self.said("/export", body="")
        while job.Export.running:
            self.io_loop.run_sync(lambda: next(iter(job.Export.running)))
        assert self.said("/progress") == '{"progress": 100}'


class PaymentTest(Example):
    make = staticmethod(payment.make_app)

    def test_the_provider_posts_without_cookies(self) -> None:
        """What is posted from another site leaves the session alone, and the receipt finds it."""
        self.said("/checkout", body="")
        before = dict(self.jar)
        from_there = {"Sec-Fetch-Site": "cross-site", "Cookie": "", "Origin": "https://pay.example"}
        answer = self.fetch(
            "/paid",
            method="POST",
            body="order=order-7",
            headers=from_there,
            follow_redirects=False,
        )
        assert (answer.code, answer.headers.get("Set-Cookie")) == (303, None)
        assert self.said(answer.headers["Location"]) == "order-7: paid"
        assert dict(self.jar) == before

    def test_a_handler_with_state_refuses_it(self) -> None:
        """It would begin another session in place of the one that the browser has kept back."""
        from_there = {"Sec-Fetch-Site": "cross-site"}
        answer = self.fetch("/checkout", method="POST", body="", headers=from_there)
        assert answer.code == 403


class ReleaseTest(AsyncHTTPTestCase):
    """Two releases on one store, and a visitor who meets both."""

    def get_app(self) -> Any:
        """Return the new release; the old one listens beside it."""
        settings: dict[str, Any] = {
            "cookie_secret": secrets.token_urlsafe(32),
            "session_store": MemoryStore(),
            "cookie_secure": False,
        }
        listener, self.old_port = bind_unused_port()
        self.old = HTTPServer(release.make_old_app(**settings))
        self.old.add_socket(listener)
        return release.make_app(**settings)

    def tearDown(self) -> None:
        self.old.stop()
        self.io_loop.run_sync(self.old.close_all_connections)
        super().tearDown()

    def test_a_value_is_brought_up(self) -> None:
        """The new release reads what the old one wrote; the old one leaves what is newer alone."""
        jar = CookieJar()
        old = f"http://127.0.0.1:{self.old_port}/cart"
        for sku in ("tea", "tea", "salt"):
            jar.fetch(self, old, method="POST", body=f"sku={sku}")
        assert jar.fetch(self, "/cart").body == b"2 tea, 1 salt"
        assert jar.fetch(self, old).body == b"tea, tea, salt"
        jar.fetch(self, "/cart", method="POST", body="sku=rice")
        assert jar.fetch(self, "/cart").body == b"2 tea, 1 salt, 1 rice"
        assert jar.fetch(self, old).code == 503
        assert jar.fetch(self, "/cart").body == b"2 tea, 1 salt, 1 rice"


class AdoptingTest(Example):
    """Predecessors' records, and the cookies that lead to them."""

    records: ClassVar[dict[str, str | bytes]] = {
        "an-id": pickle.dumps({"user": "ann", "cart": ["tea"]}),
        "sess:an-id": '{"cookie": {"path": "/"}, "user": "ann", "cart": ["tea"]}',
    }

    @staticmethod
    def make(**settings: Any) -> Any:
        """Return the application, over the records."""

        async def load(key: str) -> str | bytes | None:
            return AdoptingTest.records.get(key)

        return adopting.make_app(load, "keyboard cat", **settings)

    def test_who_is_signed_in_stays_signed_in(self) -> None:
        """Until sign-out: the old cookie goes then, and a copy of it is worth nothing."""
        secret = self._app.settings["cookie_secret"]
        digest = hmac.digest(b"keyboard cat", b"an-id", "sha256")
        signature = quote(b64encode(digest).decode().rstrip("="), safe="")
        for cookie, kept in (
            (f"user={create_signed_value(secret, 'user', 'ann').decode()}", "nothing"),
            (f"PYCKET_ID={create_signed_value(secret, 'PYCKET_ID', 'an-id').decode()}", "tea"),
            (f"connect.sid=s%3Aan-id.{signature}", "tea"),
        ):
            self.jar = CookieJar(cookie)
            for _ in range(2):
                assert self.said("/account") == f"signed in as ann, with {kept}"
            self.said("/account", body="")
            assert list(self.jar) == []
            copy = {"Cookie": cookie}
            assert self.fetch("/account", headers=copy, follow_redirects=False).code == 302


class RollingTest(unittest.IsolatedAsyncioTestCase):
    """Processes one step apart understand each other; two steps apart they do not."""

    async def test_step_by_step(self) -> None:
        """A visitor goes from each process to those of the next step and back, and is counted."""
        old, new = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        settings = {"session_store": MemoryStore(), "cookie_secure": False}
        ports = []
        for step in range(4):
            listener, port = bind_unused_port()
            server = HTTPServer(rolling.make_app(step, old, new, **settings))
            server.add_socket(listener)
            self.addAsyncCleanup(server.close_all_connections)
            self.addCleanup(server.stop)
            ports.append(f"http://127.0.0.1:{port}/")
        client = AsyncHTTPClient(force_instance=True)
        self.addCleanup(client.close)
        jar, seen = CookieJar(), []
        for step in (0, 1, 0, 1, 2, 1, 2):
            seen.append((await jar.fetch(client, ports[step])).body)
        assert seen == [b"%d" % n for n in range(1, 8)]
        later, seen = CookieJar(), []
        for step in (2, 1, 2, 3, 2, 3):
            seen.append((await later.fetch(client, ports[step])).body)
        assert seen == [b"%d" % n for n in range(1, 7)]
        assert (await later.fetch(client, ports[0])).code == 503
        assert (await jar.fetch(client, ports[3])).body == b"1"
        assert (await CookieJar().fetch(client, ports[0])).body == b"1"


class OwnStoreTest(StoreContract, unittest.TestCase):
    """A store that is written as the guide says passes what every store has to."""

    shared = True

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = f"{folder.name}/sessions.db"
        self.now = 1_000_000.0

    def make_store(self) -> SessionStore:
        """Return one on the file of this test."""
        return own_store.SqliteStore(self.path, lambda: self.now, deadline=30)

    def make_store_out_of_reach(self) -> SessionStore:
        """Return one whose file cannot be."""
        return own_store.SqliteStore("/nowhere/sessions.db", lambda: self.now)

    async def let_time_pass(self) -> None:
        """Turn the clock on."""
        self.now += 1


class SmallestTest(unittest.TestCase):
    """The smallest application as it stands, but for its secret, its store and its port."""

    def test_it_runs(self) -> None:
        """A browser is counted; without a secret of its own it does not start."""
        text = (FOLDER / "smallest.py").read_text()
        port = free_port()
        there = text.replace("8888", f'{port}, "127.0.0.1"')
        refused = self.run_to_its_end(there)
        assert "cookie_secret is shorter than 32 bytes" in refused
        there = there.replace('"…"', f'"{secrets.token_urlsafe(32)}"').replace(
            '"memcached://127.0.0.1"', '"memory://", cookie_secure=False'
        )
        with subprocess.Popen([sys.executable, "-W", "error", "-c", there]) as process:
            try:
                browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(Cookies()))
                seen = [self.visit(browser, f"http://127.0.0.1:{port}/") for _ in range(2)]
            finally:
                process.terminate()
        assert seen == [b"visit number 1", b"visit number 2"]

    def run_to_its_end(self, text: str) -> str:
        """Return what it says when it cannot be."""
        command = [sys.executable, "-c", text]
        said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert said.returncode == 1
        return said.stderr

    def visit(self, browser: urllib.request.OpenerDirector, url: str) -> bytes:
        """Return what it answers, once it listens."""
        give_up = time.monotonic() + 60
        while True:
            try:
                with browser.open(url, timeout=60) as answer:
                    return bytes(answer.read())
            except urllib.error.URLError:
                if time.monotonic() > give_up:
                    raise


class EveryExample(unittest.TestCase):
    """The examples are all there, and all tried."""

    def test_none_is_left_out(self) -> None:
        """Each file of the folder is named in tests, or is a test itself."""
        names = {path.stem for path in FOLDER.glob("*.py")}
        here = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
        missing = {name for name in names if not re.search(rf"\b{name}\b", here)}
        assert missing - {"testing_awaits"} == set()

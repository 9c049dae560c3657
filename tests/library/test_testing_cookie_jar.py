"""`tornado_state.testing.CookieJar`, in tests that wait and in tests that are awaited."""

from __future__ import annotations

from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.testing import AsyncHTTPTestCase
from tornado.web import Application, RequestHandler
from tornado_state.testing import CookieJar


class SignIn(RequestHandler):
    """Answers 303 with a cookie, as sign-ins do."""

    def post(self) -> None:
        self.set_cookie("session", self.get_argument("name"))
        self.redirect("/page?from=sign-in", status=int(self.get_argument("status", "303")))


class Page(RequestHandler):
    """Says what came."""

    def _say(self) -> None:
        cookies = ";".join(f"{name}={m.value}" for name, m in sorted(self.request.cookies.items()))
        told = self.request.headers.get("Content-Type", "-")
        self.write(f"{self.request.method} {self.request.uri} {cookies} {told}")

    def get(self) -> None:
        self._say()

    def post(self) -> None:
        self._say()


class SignOut(RequestHandler):
    def get(self) -> None:
        self.clear_cookie("session")


class Elsewhere(RequestHandler):
    def get(self) -> None:
        self.set_cookie("seen", "yes")
        self.redirect("http://elsewhere.example/")


class Round(RequestHandler):
    def get(self) -> None:
        number = int(self.get_argument("n", "0"))
        self.set_cookie(f"c{number}", "x")
        self.redirect(f"?n={number + 1}")


class Teapot(RequestHandler):
    def get(self) -> None:
        self.set_cookie("pot", "tea")
        self.set_status(418)


ROUTES: list[tuple[str, type[RequestHandler]]] = [
    ("/sign-in", SignIn),
    ("/page", Page),
    ("/sign-out", SignOut),
    ("/elsewhere", Elsewhere),
    ("/round", Round),
    ("/teapot", Teapot),
]

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def app() -> Application:
    return Application(ROUTES)


class InTestsThatWait(AsyncHTTPTestCase):
    """With ``AsyncHTTPTestCase`` the answer comes back."""

    def get_app(self) -> Application:
        """Return the application."""
        return Application(ROUTES)

    def test_it_keeps_what_an_answer_on_the_way_sets(self) -> None:
        """A sign-in that redirects is followed as a browser does: a GET, with the new cookie."""
        jar = CookieJar()
        answer = jar.fetch(self, "/sign-in", method="POST", body="name=ann", headers=FORM)
        assert answer.body == b"GET /page?from=sign-in session=ann -"
        assert jar.fetch(self, "/page").body == b"GET /page session=ann -"

    def test_without_following(self) -> None:
        """``follow_redirects=False`` gives the redirect; the jar has its cookie."""
        jar = CookieJar()
        options = {"method": "POST", "body": "name=bob", "follow_redirects": False}
        assert jar.fetch(self, "/sign-in", **options).code == 303
        assert dict(jar) == {"session": "bob"}


async def test_with_a_client_that_is_awaited(http_server_client: Any) -> None:
    """With pytest-tornasync's client it is awaited, and does the same."""
    jar = CookieJar()
    answer = await jar.fetch(
        http_server_client, "/sign-in", method="POST", body="name=ann", headers=FORM
    )
    assert answer.body == b"GET /page?from=sign-in session=ann -"
    await jar.fetch(http_server_client, "/sign-out")
    assert dict(jar) == {}


@pytest.mark.parametrize(
    ("status", "said"),
    [(301, b"GET"), (302, b"GET"), (303, b"GET"), (307, b"POST"), (308, b"POST")],
)
async def test_redirects_change_the_method_as_the_rfc_says(
    http_server_client: Any, status: int, said: bytes
) -> None:
    """A POST becomes a GET without its body, but for 307 and 308 (RFC 9110 15.4)."""
    answer = await CookieJar().fetch(
        http_server_client, f"/sign-in?name=ann&status={status}", method="POST", body=""
    )
    assert answer.body.split()[0] == said


async def test_a_whole_url_leads_to_a_whole_url(http_server_client: Any) -> None:
    """A client that takes URLs is given URLs on the way as well."""
    client = AsyncHTTPClient(force_instance=True)
    url = http_server_client.get_url("/sign-in")
    answer = await CookieJar().fetch(client, url, method="POST", body="name=ann", headers=FORM)
    assert answer.body == b"GET /page?from=sign-in session=ann -"
    client.close()


async def test_it_does_not_leave_the_host(http_server_client: Any) -> None:
    """A redirect to somebody else is what comes back."""
    jar = CookieJar()
    answer = await jar.fetch(http_server_client, "/elsewhere")
    assert (answer.code, dict(jar)) == (302, {"seen": "yes"})


async def test_it_does_not_go_round_for_ever(http_server_client: Any) -> None:
    """After five redirects, or as many as are asked for, the last one comes back."""
    jar = CookieJar()
    assert (await jar.fetch(http_server_client, "/round")).code == 302
    assert len(jar) == 6
    await jar.fetch(http_server_client, "/round?n=10", max_redirects=1)
    assert len(jar) == 8


async def test_an_answer_is_an_answer(http_server_client: Any) -> None:
    """No status raises, unless ``raise_error`` is asked for; the cookies are kept either way."""
    jar = CookieJar()
    assert (await jar.fetch(http_server_client, "/teapot")).code == 418
    jar.clear()
    with pytest.raises(HTTPClientError, match="418"):
        await jar.fetch(http_server_client, "/teapot", raise_error=True)
    assert jar["pot"] == "tea"


@pytest.mark.parametrize("headers", [{"X-A": "b"}, HTTPHeaders({"X-A": "b"}), None])
async def test_headers_of_a_request_stay(http_server_client: Any, headers: Any) -> None:
    """The jar adds its Cookie header to those given."""
    jar = CookieJar("session=ann")
    answer = await jar.fetch(http_server_client, "/page", headers=headers)
    assert answer.body == b"GET /page session=ann -"
    assert answer.request.headers.get("X-A") == ("b" if headers else None)


async def test_a_cookie_header_of_ones_own_takes_its_place(http_server_client: Any) -> None:
    """A test that sends a cookie by itself sends that one."""
    answer = await CookieJar("session=ann").fetch(
        http_server_client, "/page", headers={"Cookie": "session=eve"}
    )
    assert answer.body == b"GET /page session=eve -"


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("a=1", {"a": "1"}),
        ('a="x y"; Path=/; HttpOnly; Partitioned', {"a": '"x y"'}),
        ("a=2; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", {"a": "2"}),
        ("a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT", {}),
        ("a=1; EXPIRES=Fri, 01 Jan 2999 00:00:00 GMT", {"a": "1"}),
        ("a=; Max-Age=0", {}),
        ("a=2; Max-Age=soon", {"a": "2"}),
        ("a=2; Max-Age=1.5; Expires=Thu, 01 Jan 1970 00:00:00 -0000", {}),
        ("a=2; Expires=in a while", {"a": "2"}),
        ("a=2; Expires=Thu, 01-Jan-1970 00:00:00 GMT", {}),
        ("b=1=2", {"a": "old", "b": "1=2"}),
    ],
)
def test_what_an_answer_sets(header: str, kept: dict[str, str]) -> None:
    """What is kept is kept as it was set; what is cleared or out of date is gone."""
    jar = CookieJar("a=old")
    jar.keep(HTTPResponse(HTTPRequest("/"), 200, HTTPHeaders({"Set-Cookie": header})))
    assert dict(jar) == kept


def test_what_it_says_of_itself() -> None:
    """A jar shows names and no values, and gives headers for other clients."""
    jar = CookieJar("a=1; b=2")
    assert repr(jar) == "<CookieJar of a, b>"
    assert jar.headers == {"Cookie": "a=1; b=2"}
    jar.clear()
    assert (repr(jar), jar.headers) == ("<CookieJar of nothing>", {})

"""Tornado's own demonstrations, written anew on the library from its guide: served and visited."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from examples import demo_blog, demo_chat, demo_facebook
from test_examples import Example
from tornado.httpclient import HTTPRequest
from tornado.testing import gen_test
from tornado.web import Application, RequestHandler
from tornado.websocket import websocket_connect
from tornado_state.testing import CookieJar

ANN = "email=ann%40example.org&password=correct+horse"


class BlogTest(Example):
    make = staticmethod(demo_blog.make_app)

    def test_one_author_writes_and_everybody_reads(self) -> None:
        """The first one is made; an entry is published, changed, listed and fed."""
        assert 'name="name"' in self.said("/compose")
        self.said("/auth/create", body=f"{ANN}&name=Ann")
        assert (
            self.jar.fetch(self, "/auth/create", method="POST", body=f"{ANN}&name=Eve").code == 400
        )
        page = self.said("/compose", body="title=Caf%C3%A9+%26+tea&text=%3Chot%3E")
        assert "It is published." in page
        assert "Caf\u00e9 &amp; tea" in page
        assert "&lt;hot&gt;" in page
        assert "It is published." not in self.said("/entry/cafe-tea")
        self.said("/compose", body="title=Caf%C3%A9+%26+tea&text=second")
        self.said("/compose", body="slug=cafe-tea&title=Tea&text=cold")
        everybody = CookieJar()
        archive = everybody.fetch(self, "/archive").body.decode()
        assert archive.index("second") < archive.index("cold")
        assert "<title>Tea</title>" in everybody.fetch(self, "/feed").body.decode()
        assert everybody.fetch(self, "/entry/none").code == 404
        assert list(everybody) == []

    def test_an_author_signs_in_and_out(self) -> None:
        """With the right password, and to no other site; a copy is dead after sign-out."""
        self.said("/auth/create", body=f"{ANN}&name=Ann")
        self.said("/auth/logout", body="")
        wrong = ANN.replace("horse", "zebra")
        answer = self.jar.fetch(self, "/auth/login", method="POST", body=wrong)
        assert (answer.code, b"is wrong" in answer.body) == (401, True)
        for away in ("//evil.example", "https://evil.example", "/%5Cevil.example"):
            body = f"{ANN}&next={away}"
            answer = self.fetch("/auth/login", method="POST", body=body, follow_redirects=False)
            assert answer.headers["Location"] == "/"
        self.said("/auth/login?next=/compose", body=ANN)
        stolen = self.jar.headers
        form = "slug=no&title=t&text=t"
        assert self.jar.fetch(self, "/compose", method="POST", body=form).code == 404
        self.said("/auth/logout", body="")
        assert self.fetch("/compose", headers=stolen, follow_redirects=False).code == 302


class ChatDemoTest(Example):
    make = staticmethod(demo_chat.make_app)

    async def opened(self, **headers: str) -> Any:
        """Return a socket."""
        url = self.get_url("/chatsocket").replace("http", "ws", 1)
        return await websocket_connect(HTTPRequest(url, headers=headers))

    @gen_test
    async def test_people_talk_until_they_sign_out(self) -> None:
        """Each hears the other, by name; who has signed out hears and says nothing any more."""
        client, jars = self.http_client, [CookieJar(), CookieJar()]
        sockets = []
        for name, jar in zip(("ann", "bob"), jars, strict=True):
            form = {"method": "POST", "body": f"name={name}"}
            await jar.fetch(client, self.get_url("/sign-in"), **form)
            sockets.append(await self.opened(**jar.headers))
        await sockets[0].write_message('{"body": "<hello>"}')
        for socket in sockets:
            chat = json.loads(await socket.read_message())
            assert (chat["from"], chat["body"]) == ("ann", "<hello>")
            assert "ann: &lt;hello&gt;" in chat["html"]
        assert b"&lt;hello&gt;" in (await jars[1].fetch(client, self.get_url("/"))).body
        await jars[0].fetch(client, self.get_url("/sign-out"), method="POST", body="")
        assert await sockets[0].read_message() is None
        assert sockets[0].close_code == 4401
        sockets[0].close()
        await sockets[1].write_message('{"body": "alone"}')
        assert json.loads(await sockets[1].read_message())["body"] == "alone"
        sockets[1].close()

    @gen_test
    async def test_who_is_not_signed_in_does_not_talk(self) -> None:
        """The socket is closed at once."""
        socket = await self.opened()
        await socket.write_message('{"body": "hello"}')
        assert await socket.read_message() is None
        assert socket.close_code == 4401
        socket.close()


class Provider(RequestHandler):
    """As much of Facebook as signs somebody in."""

    def get(self, path: str) -> None:
        match path:
            case "access_token":
                assert self.get_argument("client_secret") == "our secret"
                self.write({"access_token": "their token"})
            case "me":
                self.write({"id": "42", "name": "Ann", "picture": {}})
            case "me/home":
                assert self.get_argument("access_token") == "their token"
                self.write({"data": [{"from": "Bob", "message": "<hello>"}]})


class FacebookTest(Example):
    make = staticmethod(demo_facebook.make_app)

    def get_app(self) -> Any:
        """Return the demonstration, with the provider beside it."""
        application = super().get_app()
        application.settings |= {"facebook_api_key": "our key", "facebook_secret": "our secret"}
        provider = Application([("/provider/(.*)", Provider)])
        application.default_router.rules[0].target.rules[:0] = provider.wildcard_router.rules
        return application

    def setUp(self) -> None:
        super().setUp()
        provider = self.get_url("/provider")
        for handler in (demo_facebook.Main, demo_facebook.SignIn):
            handler._OAUTH_ACCESS_TOKEN_URL = f"{provider}/access_token?"
            handler._FACEBOOK_BASE_URL = provider

    def begin(self) -> dict[str, list[str]]:
        """Return what the visitor is sent to the provider with."""
        answer = self.jar.fetch(self, "/auth/login", follow_redirects=False)
        return parse_qs(urlsplit(answer.headers["Location"]).query)

    def test_somebody_is_signed_in_by_another_site(self) -> None:
        """The token is in no cookie; what comes back without what was asked signs nobody in."""
        asked = self.begin()["state"][0]
        assert self.jar.fetch(self, "/auth/login?code=x&state=forged").code == 403
        asked = self.begin()["state"][0]
        page = self.said(f"/auth/login?code=x&state={asked}")
        assert "Bob: &lt;hello&gt;" in page
        assert list(self.jar) == ["state-session-id"]
        assert self.jar.fetch(self, f"/auth/login?code=x&state={asked}").code == 403
        stolen = self.jar.headers
        self.jar.fetch(self, "/auth/logout", method="POST", body="", follow_redirects=False)
        assert self.fetch("/", headers=stolen, follow_redirects=False).code == 302

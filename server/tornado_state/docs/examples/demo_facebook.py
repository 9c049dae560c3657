"""Tornado's demo *facebook*: signing in by another site. The access token stays on the server."""

import secrets
from typing import Any

from tornado.auth import FacebookGraphMixin
from tornado.template import DictLoader
from tornado.web import HTTPError, authenticated
from tornado_state import Kind, StateApplication, StateHandler

USER = Kind("user", dict[str, Any], identity="id", confidential=True, revocable=True, size=4096)
#: What comes back with the visitor, so that nobody is signed in by a link of somebody else's.
ASKED = Kind("asked", str, fresh=True)


class Base(StateHandler, FacebookGraphMixin):
    user = USER
    asked = ASKED


class Main(Base):
    @authenticated
    async def get(self) -> None:
        stream = await self.facebook_request(
            "/me/home", access_token=self.current_user["access_token"]
        )
        if stream is None:
            self.redirect("/auth/login")
        else:
            self.render("stream.html", posts=stream["data"])


class SignIn(Base):
    async def get(self) -> None:
        here = f"{self.request.protocol}://{self.request.host}/auth/login"
        client = {"client_id": self.settings["facebook_api_key"]}
        if not self.get_argument("code", ""):
            self.asked = secrets.token_urlsafe()
            extra = {"scope": "user_posts", "state": self.asked}
            self.authorize_redirect(redirect_uri=here, extra_params=extra, **client)
            return
        if self.state.pop(ASKED) != self.get_argument("state", ""):
            raise HTTPError(403, "this sign-in did not begin here")
        user = await self.get_authenticated_user(
            redirect_uri=here,
            client_secret=self.settings["facebook_secret"],
            code=self.get_argument("code"),
            **client,
        )
        if user is None:
            raise HTTPError(502, "Facebook does not say who it is")
        self.state.sign_in({key: user[key] for key in ("id", "name", "access_token")})
        self.redirect("/")


class SignOut(Base):
    def post(self) -> None:
        self.state.destroy()
        self.redirect("/")


TEMPLATES = {
    "stream.html": """<!doctype html><title>{{ current_user["name"] }}</title>
        {% for post in posts %}<p>{{ post["from"] }}: {{ post["message"] }}</p>{% end %}
        <form action="/auth/logout" method="post"><button>Sign out</button></form>""",
}


def make_app(**settings: Any) -> StateApplication:
    routes = [("/", Main), ("/auth/login", SignIn), ("/auth/logout", SignOut)]
    settings = {"login_url": "/auth/login", **settings}
    # Tornado keeps loaders by their path.
    templates: dict[str, Any] = {
        "template_loader": DictLoader(TEMPLATES),
        "template_path": __name__,
    }
    return StateApplication(routes, **templates, **settings)

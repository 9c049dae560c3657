"""Small applications with habits of their own, each on a port of one event loop in a thread."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import threading
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from compare.check.described_target import DescribedTarget
from compare.check.description import Description, described
from compare.check.trial import Checked, trial
from compare.experiment import Experiment

ACCOUNT = """
[account]
username = "ann"
password = "violet-otter-91"
email = "ann@post.example"
"""
REGISTER = """
[register]
path = "/register"
form = { name = "{username}", password = "{password}", email = "{email}" }
"""
FILE = (
    f"""
name = "it"
url = "URL"
{ACCOUNT}"""
    + """
[sign_in]
path = "/login"
form = { name = "{username}", password = "{password}" }
[sign_out]
path = "/logout"
[who]
path = "/me"
holds = "user {username}"
"""
)
PASSWORD = """
[password]
path = "/password"
form = { new = "{new_password}" }
"""
WRITE = """
[write]
path = "/notes"
form = { key = "{key}", value = "{value}" }
[read]
path = "/notes"
holds = '"{key}": "{value}"'
"""


class Site:
    """An application's sessions and accounts, and its ``habits``."""

    def __init__(self, *habits: str) -> None:
        self.habits = frozenset(habits)
        self.accounts = {"ann": "violet-otter-91"}
        self.emails = {"ann": "ann@post.example"}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.made: list[str] = []

    def new_id(self) -> str:
        made = secrets.token_hex(16)
        if "ids_in_base64" in self.habits:
            made = b64encode(bytes.fromhex(f"{made[:-1]}0")).decode().rstrip("=")  # it ends in "A"
        if "ids_in_padded_base64" in self.habits:
            made = quote(b64encode(bytes.fromhex(made)).decode())
        self.made.append(made)
        return made


class Page(RequestHandler):
    """Every page of a site, unless a test gives it others."""

    def initialize(self, site: Site) -> None:
        self.site = site

    def prepare(self) -> None:
        self.site.asked.append((self.request.method or "", self.request.uri or ""))

    def does(self, habit: str) -> bool:
        return habit in self.site.habits

    # Sessions

    @property
    def session_id(self) -> str:
        value = self.get_cookie("sid") or ""
        if self.does("ids_in_base64") or self.does("ids_in_padded_base64"):
            for each in self.site.sessions:
                if value and self._bytes(each) == self._bytes(value):
                    return each
        if self.does("needs_two_cookies_and_looks_at_one") and not self.get_cookie("flag"):
            return ""
        if value not in self.site.sessions and self.does("restores_from_two_cookies"):
            return (self.get_cookie("series") or "") * bool(self.get_cookie("proof"))
        return value

    @staticmethod
    def _bytes(value: str) -> bytes:
        try:
            bare = re.sub("[^A-Za-z0-9+/]", "", unquote(value))  # as PHP does
            return b64decode(bare + "=" * (-len(bare) % 4))
        except ValueError:
            return b""

    @property
    def session(self) -> dict[str, Any]:
        if self.does("keeps_everything_in_a_cookie"):
            return json.loads(b64decode(self.get_cookie("state") or "e30="))
        return self.site.sessions.get(self.session_id, {})

    def keep(self, session_id: str, session: dict[str, Any]) -> None:
        if self.does("keeps_everything_in_a_cookie"):
            self.set("state", b64encode(json.dumps(session).encode()).decode())
            return
        self.site.sessions[session_id] = session
        if self.does("writes_its_cookie_with_blanks"):
            self.add_header("Set-Cookie", f"sid = {session_id} ; Path=/; HttpOnly; SameSite=Lax")
            return
        self.set("sid", session_id)
        if self.does("needs_two_cookies_and_looks_at_one"):
            self.set("flag", "x" * 20)
        if self.does("restores_from_two_cookies"):
            self.set_cookie("series", session_id)
            self.set("proof", "y" * 20)

    def set(self, name: str, value: str) -> None:
        same_site = "None" if self.does("says_same_site_none") else "Lax"
        self.set_cookie(name, value, httponly=True, samesite=same_site)

    # Pages

    def get(self) -> None:
        path = self.request.path.strip("/").replace("-", "_") or "start"
        getattr(self, f"get_{path}", self.get_start)()

    def post(self) -> None:
        getattr(self, f"post_{self.request.path.strip('/').replace('-', '_')}")()

    def get_start(self) -> None:
        self.write("welcome")

    def get_login(self) -> None:
        if self.does("gives_an_id_on_its_login_page") and not self.get_cookie("sid"):
            self.keep(self.site.new_id(), {})
        self.write("sign in, please")

    def get_me(self) -> None:
        user = self.session.get("user")
        looked_for = self.site.emails[user] if user and self.does("names_the_email") else user
        self.write(f"user {escape(looked_for)}" if user else "nobody")

    def get_notes(self) -> None:
        notes = self.site.notes if self.does("shows_notes_to_all") else self.session.get("notes")
        self.write(json.dumps(notes or {}))

    def post_login(self) -> None:
        name = self.get_body_argument("name")
        if self.does("signs_nobody_in_twice") and self.session.get("user"):
            self.send_error(409)
        elif self.site.accounts.get(name) != self.get_body_argument("password"):
            self.send_error(403)
        elif self.does("keeps_its_id_at_sign_in") and self.session_id in self.site.sessions:
            self.keep(self.session_id, self.session | {"user": name})
        else:
            kept = {"email": self.site.emails[name]} if self.does("keeps_the_email") else {}
            self.keep(self.site.new_id(), {"user": name, **kept})

    def post_register(self) -> None:
        name = self.get_body_argument("name")
        self.site.accounts[name] = self.get_body_argument("password")
        self.site.emails[name] = self.get_body_argument("email")

    def post_logout(self) -> None:
        if self.does("signs_out_in_the_browser_only"):
            self.clear_cookie("sid")
        elif self.does("keeps_its_id_at_sign_out"):
            self.session.pop("user", None)
        elif self.does("keeps_everything_in_a_cookie"):
            self.clear_cookie("state")
        else:
            self.site.sessions.pop(self.session_id, None)

    def post_password(self) -> None:
        user, mine = self.session["user"], self.session_id
        self.site.accounts[user] = self.get_body_argument("new")
        if not self.does("lets_others_be"):
            self._end(user, mine)

    def post_end_others(self) -> None:
        if not self.does("ends_no_others"):
            self._end(self.session["user"], self.session_id)

    def _end(self, user: str, mine: str) -> None:
        for each in [*self.site.sessions]:
            if self.site.sessions[each].get("user") == user and each != mine:
                del self.site.sessions[each]

    def post_notes(self) -> None:
        key, value = self.get_body_argument("key"), self.get_body_argument("value")
        session = self.session
        if self.does("changes_the_email_with_a_note"):
            self.site.emails[session["user"]] = value
        notes = {**session.get("notes", {}), key: value}
        if len(notes) > 3 and (answer := self.site.habits & REFUSALS.keys()):
            REFUSALS[next(iter(answer))](self)
            return
        self.site.notes |= notes
        self.keep(self.session_id or self.site.new_id(), {**session, "notes": notes})
        in_json = self.site.habits & {"answers_json_with_an_error", "answers_no"}
        self.write({"saved": True} if in_json else "<p>Saved.</p>")


def _with_page(page: Page) -> None:
    page.write("<p>Error: the note could not be stored.</p>")


#: How a fourth note is refused, with a status below 400.
REFUSALS = {
    "answers_a_page_with_an_error": _with_page,
    "redirects_to_its_login": lambda page: page.redirect("/login"),
    "answers_json_with_an_error": lambda page: page.write({"error": "too many"}),
    "answers_no": lambda page: page.write({"saved": False}),
}


def jwt_of(claims: dict[str, Any]) -> str:
    """Return a token of the usual form; nobody checks its signature here."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256"}, claims)]
    parts.append(secrets.token_bytes(32))
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


class Server:
    """An event loop in a thread, on which applications are served."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def serving(self, site: Site, page: type[RequestHandler] = Page) -> Iterator[str]:
        """Serve a site; the block gets its URL."""

        async def begin() -> tuple[HTTPServer, int]:
            listener, port = bind_unused_port()
            server = HTTPServer(Application([("/.*", page, {"site": site})], log_function=quiet))
            server.add_socket(listener)
            return server, port

        async def end() -> None:
            server.stop()
            await server.close_all_connections()

        server, port = self._done(begin())
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            self._done(end())

    def _done(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def checked(
        self, experiment: Experiment, *habits: str, file: str = FILE, page: type[Page] = Page
    ) -> Checked:
        """Return what an experiment says of a site with these habits."""
        with self.serving(Site(*habits), page) as url, target(file, url) as found:
            (checked,) = trial(found, [experiment])
        return checked


def quiet(_handler: RequestHandler) -> None:
    """Log no request."""


def description(file: str, url: str) -> Description:
    return described(file.replace("URL", url), Path("it.toml"))


def target(file: str, url: str) -> DescribedTarget:
    return DescribedTarget(description(file, url))

"""Tornado's demo *blog*: one author writes, everybody reads. Entries are in memory here."""

import asyncio
import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tornado.template import DictLoader
from tornado.web import HTTPError, authenticated
from tornado_state import Kind, StateApplication, StateHandler

AUTHOR = Kind("author", str, identity=True, confidential=True, revocable=True, idle_timeout=True)
NOTICE = Kind("notice", str, fresh=True)


class Author(NamedTuple):
    name: str
    salt: bytes
    password: bytes


#: Takes as long as anybody.
NOBODY = Author("", b"", b"")


@dataclass
class Entry:
    author: str
    slug: str
    title: str
    text: str
    published: datetime


class Blog:
    def __init__(self) -> None:
        self.authors: dict[str, Author] = {}
        self.entries: dict[str, Entry] = {}

    def newest(self, most: int) -> list[Entry]:
        return list(self.entries.values())[: -most - 1 : -1]

    def slug_for(self, title: str) -> str:
        plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
        slug = "-".join(re.findall(r"\w+", plain)) or "entry"
        while slug in self.entries:
            slug += "-2"
        return slug


async def scrypt(password: str, salt: bytes) -> bytes:
    return await asyncio.to_thread(hashlib.scrypt, password.encode(), salt=salt, n=2**14, r=8, p=1)


class Page(StateHandler):
    author = AUTHOR
    notice = NOTICE

    @property
    def blog(self) -> Blog:
        found: Blog = self.settings["blog"]
        return found

    def get_template_namespace(self) -> dict[str, Any]:
        return {**super().get_template_namespace(), "notice": self.state.pop(NOTICE)}

    def redirect_next(self) -> None:
        path = self.get_argument("next", "/")
        self.redirect(path if re.match(r"/(?![/\\])", path) else "/")


class Home(Page):
    def get(self) -> None:
        self.render("entries.html", entries=self.blog.newest(5))


class Archive(Page):
    def get(self) -> None:
        self.render("entries.html", entries=self.blog.newest(len(self.blog.entries)))


class Feed(Page):
    def get(self) -> None:
        self.set_header("Content-Type", "application/atom+xml")
        self.render("feed.xml", entries=self.blog.newest(10))


class EntryPage(Page):
    def get(self, slug: str) -> None:
        if slug not in self.blog.entries:
            raise HTTPError(404)
        self.render("entries.html", entries=[self.blog.entries[slug]])


class Compose(Page):
    @authenticated
    def get(self) -> None:
        self.render("compose.html", entry=self.blog.entries.get(self.get_argument("slug", "")))

    @authenticated
    def post(self) -> None:
        title, text = self.get_argument("title"), self.get_argument("text")
        slug = self.get_argument("slug", "") or self.blog.slug_for(title)
        if self.get_argument("slug", "") and slug not in self.blog.entries:
            raise HTTPError(404)
        now, name = datetime.now(UTC), self.blog.authors[self.current_user].name
        entry = self.blog.entries.setdefault(slug, Entry(name, slug, title, text, now))
        entry.title, entry.text = title, text
        self.notice = "It is published."
        self.redirect(f"/entry/{slug}")


class Create(Page):
    def get(self) -> None:
        self.render("person.html", new=True)

    async def post(self) -> None:
        salt = secrets.token_bytes(16)
        password = await scrypt(self.get_argument("password"), salt)
        if self.blog.authors:
            raise HTTPError(400, "author already created")
        email, name = self.get_argument("email"), self.get_argument("name")
        self.blog.authors[email] = Author(name, salt, password)
        self.state.sign_in(email)
        self.redirect_next()


class SignIn(Page):
    def get(self) -> None:
        if not self.blog.authors:
            self.redirect("/auth/create")
        else:
            self.render("person.html", new=False)

    async def post(self) -> None:
        email, password = self.get_argument("email"), self.get_argument("password")
        author = self.blog.authors.get(email, NOBODY)
        if secrets.compare_digest(await scrypt(password, author.salt), author.password):
            self.state.sign_in(email)
            self.redirect_next()
            return
        self.set_status(401)
        self.notice = "E-mail or password is wrong."
        self.render("person.html", new=False)


class SignOut(Page):
    def post(self) -> None:
        self.state.destroy()
        self.redirect("/")


TEMPLATES = {
    "base.html": """<!doctype html><title>Blog</title><h1><a href="/">Blog</a></h1>
        {% if notice %}<p role="status">{{ notice }}</p>{% end %}
        {% block body %}{% end %}
        {% if current_user is not None %}<a href="/compose">New</a>
        <form action="/auth/logout" method="post"><button>Sign out</button></form>
        {% else %}<a href="/auth/login">Sign in</a>{% end %}""",
    "entries.html": """{% extends "base.html" %}{% block body %}{% for entry in entries %}<article>
        <h2><a href="/entry/{{ entry.slug }}">{{ entry.title }}</a></h2><p>{{ entry.text }}</p>
        <p>{{ entry.author }}, <time>{{ entry.published.date() }}</time></p></article>
        {% end %}{% end %}""",
    "compose.html": """{% extends "base.html" %}{% block body %}<form method="post">
        <input type="hidden" name="slug" value="{{ entry.slug if entry else '' }}">
        <input name="title" required value="{{ entry.title if entry else '' }}">
        <textarea name="text">{{ entry.text if entry else '' }}</textarea>
        <button>Publish</button></form>{% end %}""",
    "person.html": """{% extends "base.html" %}{% block body %}<form method="post">
        {% if new %}<input name="name" required>{% end %}<input name="email" type="email" required>
        <input name="password" type="password" required><button>Go on</button></form>{% end %}""",
    "feed.xml": """<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title>
        {% for entry in entries %}<entry><title>{{ entry.title }}</title>
        <updated>{{ entry.published.isoformat() }}</updated></entry>{% end %}</feed>""",
}


def make_app(**settings: Any) -> StateApplication:
    routes = [
        ("/", Home),
        ("/archive", Archive),
        ("/feed", Feed),
        ("/entry/([^/]+)", EntryPage),
        ("/compose", Compose),
        ("/auth/create", Create),
        ("/auth/login", SignIn),
        ("/auth/logout", SignOut),
    ]
    settings = {"blog": Blog(), "login_url": "/auth/login", **settings}
    # Tornado keeps loaders by their path.
    templates: dict[str, Any] = {
        "template_loader": DictLoader(TEMPLATES),
        "template_path": __name__,
    }
    return StateApplication(routes, **templates, **settings)

"""What a recording of a sign-in, a visit and a sign-out tells: the parts of a description.

Rule 1: a token is whatever was sent that an earlier answer had given, found by its value.
Rule 2: what is no more than likely is said as a guess, for a person to look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from .description import Unusable
from .har import Recorded, as_data, leaves

_PASSWORD = re.compile(r"passw|pwd|^pass$|secret", re.IGNORECASE)
_USERNAME = re.compile(r"user|login|e-?mail|name|account|^log$", re.IGNORECASE)
_SIGN_OUT = re.compile(r"log[-_]?out|sign[-_]?(out|off)|log[-_]?off|/session", re.IGNORECASE)
_TAG = re.compile(r"<(?:meta|input)\b[^<>]{0,8192}>", re.IGNORECASE)
_STATIC = re.compile(r"\.(?:js|css|png|svg|ico|woff2?|map|gif|jpg)(?:\?|$)")
#: As short as a value may be to be a token.
_A_TOKEN = 8
_CONTEXT = 16


@dataclass
class Source:
    """Where a value came from: ``take`` says it in the words of the file."""

    path: str
    take: tuple[str, str]
    of_sign_in: bool = False


@dataclass
class Found:
    """The parts of a description. ``tokens`` are by name, ``guesses`` sentences by table."""

    site: str
    username: str
    password: str
    sign_in: Recorded
    sign_out: Recorded | None
    who: Recorded
    holds: tuple[str, str]
    before: list[Recorded] = field(default_factory=list)
    tokens: dict[str, Source] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    guesses: dict[str, str] = field(default_factory=dict)


def find(recording: Sequence[Recorded]) -> Found:
    """Return what a recording tells; `Unusable` says what it has not."""
    sign_in, password = _sign_in(recording)
    here = [each for each in recording if each.site == sign_in.site]
    at = here.index(sign_in)
    username, before = _username(here, at, password)
    sign_out = _sign_out(here, at)
    who, holds = _who(here, at, here.index(sign_out) if sign_out else len(here), username)
    found = Found(*(sign_in.site, username, password, sign_in, sign_out, who, holds), before=before)
    _find_tokens(found, here)
    return found


def _sign_in(recording: Sequence[Recorded]) -> tuple[Recorded, str]:
    for each in recording:
        names = [name for name in each.fields if _PASSWORD.search(name) and each.fields[name]]
        if each.is_change and names:
            return each, each.fields[names[0]]
    raise Unusable("the recording has no sign-in: no request has a field with a password")


def _username(here: Sequence[Recorded], at: int, password: str) -> tuple[str, list[Recorded]]:
    """Return the name that was signed in with, and requests before that it was sent in instead."""
    for each in (here[at], *reversed(here[:at])):
        if each.is_change and (value := _name_in(each, here, at, password)):
            return value, [] if each is here[at] else [each]
    raise Unusable("the recording's sign-in has no field with a name in it")


def _name_in(request: Recorded, here: Sequence[Recorded], at: int, password: str) -> str:
    """Return what was sent as a name: its field says so, or a later page alone has it."""
    sent = {name: value for name, value in request.fields.items() if value not in {"", password}}
    named = [value for name, value in sent.items() if _USERNAME.search(name)]
    later = [
        value
        for value in sent.values()
        if any(value in each.text for each in here[at + 1 :])
        if not any(value in each.text for each in here[:at])
    ]
    return next(iter([*named, *later]), "")


def _sign_out(here: Sequence[Recorded], at: int) -> Recorded | None:
    for each in reversed(here[at + 1 :]):
        if _SIGN_OUT.search(each.path) and (each.is_change or "/session" not in each.path):
            return each
    changes = [each for each in here[at + 1 :] if each.is_change]
    return changes[-1] if changes else None  # the last thing one did


def _who(
    here: Sequence[Recorded], at: int, end: int, username: str
) -> tuple[Recorded, tuple[str, str]]:
    """Return the page that names whoever is signed in, and how it does."""
    before = {urlsplit(each.path).path for each in here[:at] if username in each.text}
    pages = [
        each
        for each in here[at + 1 : end]
        if each.method == "GET" and each.status == 200 and not _STATIC.search(each.path)
        if username in each.text and urlsplit(each.path).path not in before
    ]
    for each in pages:
        if path := next((p for p, v in leaves(as_data(each.text)) if v == username), None):
            return each, ("json", path)
    if not pages:
        raise Unusable(
            "no page after the sign-in names whoever is signed in: open one that does, and record "
            "it again"
        )
    return pages[0], ("holds", _context(pages[0].text, username))


def _context(text: str, username: str) -> str:
    """Return the name with what stands before and after it on its line: so it is not elsewhere."""
    at = text.index(username)
    before = text[max(0, at - _CONTEXT) : at].rpartition("\n")[2]
    after = text[at + len(username) :][:1].partition("\n")[0]
    return f"{before}{{username}}{after}"


# Tokens


def _find_tokens(found: Found, here: Sequence[Recorded]) -> None:
    for request in filter(None, (*found.before, found.sign_in, found.who, found.sign_out)):
        earlier = here[: here.index(request)]
        for name, value in _brought(request):
            if value in {found.username, found.password} or not _may_be_a_token(value):
                continue
            if source := _source(value, earlier, found):
                _keep(found, name, value, source)


def _brought(request: Recorded) -> Iterator[tuple[str, str]]:
    """Yield what a request brought along that may be a token, with its name."""
    yield from request.fields.items()
    for name, value in request.headers.items():
        if name == "authorization":
            yield "access", value.partition(" ")[2]
        elif name.startswith("x-") or "csrf" in name or "xsrf" in name:
            yield name, value


def _keep(found: Found, name: str, value: str, source: Source) -> None:
    if value in found.names:
        return
    plain = re.sub(r"[^a-z]+", "_", name.lower().removeprefix("x-")).strip("_") or "token"
    while plain in found.tokens and found.tokens[plain] != source:
        plain += "_too"
    found.tokens[plain] = source
    found.names[value] = plain


def _may_be_a_token(value: str) -> bool:
    """Return whether a value may be drawn at random: words such as XMLHttpRequest are none."""
    return len(value) >= _A_TOKEN and any(map(str.isdigit, value))


def _source(value: str, earlier: Sequence[Recorded], found: Found) -> Source | None:
    for each in reversed(earlier):
        if not _STATIC.search(each.path) and (take := _place(value, each)):
            return Source(each.path, take, of_sign_in=each is found.sign_in)
    return None


def _place(value: str, answer: Recorded) -> tuple[str, str] | None:
    """Return where a value stands in an answer."""
    for path, text in leaves(as_data(answer.text)):
        if text == value:
            return "json", path
    for name, text in answer.cookies_set.items():
        if unquote(text) == value or text == value:
            return "cookie", name
    for name, text in answer.answered:
        if text == value:
            return "header", name
    for tag in _TAG.findall(answer.text):
        attributes = _attributes(tag)
        if value in {attributes.get("content"), attributes.get("value")}:
            kind = "meta" if "content" in attributes else "field"
            if named := attributes.get("name") or attributes.get("id"):
                return kind, named
    return _pattern(value, answer.text) or _pattern(escape(value), answer.text)


def _pattern(value: str, text: str) -> tuple[str, str] | None:
    at = text.find(value)
    if at < _CONTEXT:
        return None
    before = re.escape(text[at - _CONTEXT : at].rpartition("\n")[2])
    after = text[at + len(value) :][:1]
    return ("pattern", f"{before}([^{re.escape(after)}]+)") if before and after else None


class _Tag(HTMLParser):
    found: Mapping[str, str | None] = {}

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the attributes."""
        self.found = dict(attrs)


def _attributes(tag: str) -> dict[str, str]:
    parser = _Tag()
    parser.feed(tag)
    return {name: value or "" for name, value in parser.found.items()}

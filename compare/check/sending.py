"""A step of a file's as a request that can be sent. Pure.

Rule: a header that needs what its sender has not (a stranger has no token to authorize with) is
left out; of everything else that is `Unexpected`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlencode, urljoin, urlsplit

from ..browser import Reply
from ..harmless import one_line
from ..shop_visitor import Unexpected
from .placeholders import filled, placeholders
from .shape import Step

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AS_BEFORE = frozenset({307, 308})
_BODIES = ("form", "json", "text")


@dataclass(frozen=True)
class Sendable:
    """A request with everything filled in."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


def sendable(step: Step, values: Mapping[str, str]) -> Sendable:
    """Return a step with ``values`` in it; `Unexpected` where one is missing."""
    wanted = placeholders([step.path, step.form, step.json, step.text])
    if missing := sorted(wanted - values.keys()):
        raise Unexpected(f"{step.path}: there is no {{{missing[0]}}} yet")
    body, content_type = _body(step, values)
    headers = {"Accept": "*/*", **({"Content-Type": content_type} if content_type else {})}
    for name, text in step.headers.items():
        if placeholders(text) <= values.keys():
            headers[name] = filled(text, values)
    path = _quoted(filled(step.path, values))
    return Sendable(step.method, path, body, headers)


def _body(step: Step, values: Mapping[str, str]) -> tuple[bytes, str]:
    if step.form is not None:
        body = urlencode(filled(step.form, values)).encode()
        return body, "application/x-www-form-urlencoded"
    if step.json is not None:
        return json.dumps(filled(step.json, values)).encode(), "application/json"
    if step.text is not None:
        return filled(step.text, values).encode(), "text/plain; charset=utf-8"
    return b"", ""


def _quoted(path: str) -> str:
    """Return a path as it may be sent: what an answer gave may have blanks in it."""
    return quote(path, safe="/?&=%:@!$'()*+,;~#[]-._")


def _leading_to(reply: Reply, asked: str) -> SplitResult | None:
    location = reply.header("location")
    if reply.status not in _REDIRECTS or not location:
        return None
    try:
        return urlsplit(urljoin(asked, location))
    except ValueError:
        return None


def leading_away(reply: Reply, url: str) -> str:
    """Return in words that an answer leads to another site, nothing where it does not.

    To a browser another port of the same host, or another name for it, is another site.
    """
    parts = _leading_to(reply, url)
    if parts is None or parts[:2] == urlsplit(url)[:2]:
        return ""
    site = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return one_line(f", which leads to {site}: nothing is sent but to {url}")


def next_of(sent: Sendable, reply: Reply, url: str) -> Sendable | None:
    """Return where a browser goes from here, None where it stays, or would leave the site."""
    parts = _leading_to(reply, url + sent.path)
    if parts is None or parts[:2] != urlsplit(url)[:2]:
        return None
    path = _quoted((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    if reply.status in _AS_BEFORE:
        return Sendable(sent.method, path, sent.body, sent.headers)
    headers = {name: text for name, text in sent.headers.items() if name != "Content-Type"}
    return Sendable("GET", path, b"", headers)

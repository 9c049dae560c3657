"""``session-check record LOGIN.har``: a description made of a recording, not written.

Rule: no password and no session is in the file; what was guessed is marked. The password is taken
from the environment when the file is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from .har import Recorded
from .recorded import Found, Source

PASSWORD_ENV = "SESSION_CHECK_PASSWORD"
_KEPT = frozenset({"x-requested-with", "accept"})


def as_toml(found: Found) -> str:
    """Return the file."""
    return "\n".join(_lines(found)).rstrip() + "\n"


def _lines(found: Found) -> Iterator[str]:
    yield "# Made of a recording. What was guessed says so: look at it, then let"
    yield "# `session-check doctor` try each request once."
    yield f"name = {_text(urlsplit(found.site).netloc)}"
    yield f"url = {_text(found.site)}"
    yield ""
    yield "# The password is not in here: set the variable before you use the file."
    yield "[account]"
    yield f"username = {_text(found.username)}"
    yield f"password_env = {_text(PASSWORD_ENV)}"
    yield from _tokens(found)
    yield from _sign_in(found)
    yield from _sign_out(found)
    yield from _who(found)
    yield from _MORE


def _tokens(found: Found) -> Iterator[str]:
    by_path: dict[str, dict[str, Source]] = {}
    for name, source in found.tokens.items():
        if not source.of_sign_in:
            by_path.setdefault(source.path, {})[name] = source
    for path, sources in by_path.items():
        yield ""
        yield "# guessed: what it gives was sent again later, so it is a token."
        yield "[[token]]"
        yield f"path = {_text(path)}"
        yield f"take = {_take(sources)}"


def _sign_in(found: Found) -> Iterator[str]:
    yield ""
    steps = [*found.before, found.sign_in]
    for step in steps:
        yield "[[sign_in.steps]]" if found.before else "[sign_in]"
        yield from _body(step, found)
    taken = {name: each for name, each in found.tokens.items() if each.of_sign_in}
    if taken:
        yield "# guessed: it is sent again later, so whoever signed in holds it."
        yield f"take = {_take(taken)}"


def _sign_out(found: Found) -> Iterator[str]:
    yield ""
    if found.sign_out is None:
        yield from _NO_SIGN_OUT
        return
    yield "[sign_out]"
    yield "# guessed: by its path, or as the last thing that was done."
    yield from _body(found.sign_out, found)


def _body(request: Recorded, found: Found) -> Iterator[str]:
    yield f"path = {_text(_filled(request.path, found))}"
    if request.method != "POST":
        yield f"method = {_text(request.method)}"
    if request.form is not None:
        yield f"form = {_inline(_filled(request.form, found))}"
    elif request.data is not None:
        yield f"json = {_inline(_filled(request.data, found))}"
    if headers := _headers(request, found):
        yield f"headers = {_inline(headers)}"


def _who(found: Found) -> Iterator[str]:
    kind, where = found.holds
    yield ""
    yield "# guessed: the first page after the sign-in that names whoever signed in."
    yield "[who]"
    yield f"path = {_text(_filled(found.who.path, found))}"
    if kind == "json":
        yield f"success = {{ json = {_inline({where: '{username}'})} }}"
    else:
        yield f"holds = {_text(where)}"
    if headers := _headers(found.who, found):
        yield f"headers = {_inline(headers)}"


def _headers(request: Recorded, found: Found) -> dict[str, str]:
    """Return those that an application may ask for: none of the browser's own."""
    kept = {}
    for name, value in request.headers.items():
        bare = value.partition(" ")[2] if name == "authorization" else value
        known = bare in found.names
        if known or (name in _KEPT and "html" not in value and value != "*/*"):
            kept[name] = _filled(value, found) if known else value
    if urlsplit(found.site).scheme == "https" and request.is_change:
        kept["referer"] = "{url}/"  # Django asks for it on https
    return kept


def _filled(value: Any, found: Found) -> Any:
    """Return what was sent with names in the place of what is the visitor's, or a token."""
    if isinstance(value, str):
        known = {found.username: "username", found.password: "password", **found.names}
        if value in known:
            return f"{{{known[value]}}}"
        for text in sorted(known, key=len, reverse=True):
            if text in found.names and text in value:
                value = value.replace(text, f"{{{known[text]}}}")
        return value
    if isinstance(value, Mapping):
        return {name: _filled(each, found) for name, each in value.items()}
    return [_filled(each, found) for each in value] if isinstance(value, list) else value


def _take(sources: Mapping[str, Source]) -> str:
    return _inline({name: dict([source.take]) for name, source in sources.items()})


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{_key(str(name))} = {_inline(each)}" for name, each in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value or 0)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


_NO_SIGN_OUT = (
    "# Nothing was sent at a sign-out. If you did not sign out, do, and record once more; if you",
    "# did, the page only forgets what it holds. Then say so:",
    "# [sign_out]",
    "# in_browser = true",
)
_MORE = (
    "",
    "# The more there is, the more is tried: `session-check FILE --explain` says what each takes.",
    "# [password]",
    '# path = "/password"',
    '# form = { current = "{password}", new = "{new_password}" }',
    "#",
    "# [write]",
    '# path = "/notes"',
    '# form = { name = "{key}", text = "{value}" }',
    "#",
    "# [read]",
    '# path = "/notes"',
    '# holds = "{value}"',
)

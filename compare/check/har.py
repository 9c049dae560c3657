"""A recording of a browser's (HAR 1.2), as every browser's developer tools export it. Pure.

Rule: of one site is read what the sign-in was sent to; everything else that the browser loaded
meanwhile (fonts, analytics) is left out.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .description import Unusable

_LOOKED_AT = 400_000
_BODIES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass
class Recorded:
    """One request and its answer. ``form`` or ``data`` is what was sent, by name."""

    method: str
    site: str
    path: str
    headers: Mapping[str, str]
    form: dict[str, str] | None
    data: Any
    status: int
    answered: list[tuple[str, str]]
    text: str
    taken: dict[str, str] = field(default_factory=dict)

    @property
    def is_change(self) -> bool:
        """Whether it is none that a browser sends by itself."""
        return self.method in _BODIES

    @property
    def fields(self) -> dict[str, str]:
        """What was sent, by name; of JSON by dotted paths."""
        return dict(leaves(self.data)) if self.form is None else self.form

    @property
    def cookies_set(self) -> dict[str, str]:
        """The cookies that came with the answer."""
        pairs = (text.partition(";")[0] for name, text in self.answered if name == "set-cookie")
        return {pair.partition("=")[0].strip(): pair.partition("=")[2].strip() for pair in pairs}


def read_har(path: Path) -> list[Recorded]:
    """Return what was recorded, in order; `Unusable` where the file is no recording."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))["log"]["entries"]
        return [_recorded(each["request"], each["response"]) for each in entries]
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unusable(f"{path}: no HAR, as developer tools export it") from error


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts in JSON, and where each of them is."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, f"{path}.{number}" if path else str(number))
    elif isinstance(value, str):
        yield path, value


def as_data(text: str) -> Any:
    """Return what a text of JSON says, None for any other."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _recorded(request: Mapping[str, Any], response: Mapping[str, Any]) -> Recorded:
    parts = urlsplit(request["url"])
    posted = request.get("postData") or {}
    form, data = _body(posted)
    return Recorded(
        method=request["method"],
        site=f"{parts.scheme}://{parts.netloc}",
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        headers={each["name"].lower(): each["value"] for each in request.get("headers", [])},
        form=form,
        data=data,
        status=int(response.get("status") or 0),
        answered=[(each["name"].lower(), each["value"]) for each in response.get("headers", [])],
        text=_text(response.get("content") or {}),
    )


def _body(posted: Mapping[str, Any]) -> tuple[dict[str, str] | None, Any]:
    text = posted.get("text") or ""
    if "json" in (posted.get("mimeType") or ""):
        return None, as_data(text)
    if posted.get("params"):
        return {each["name"]: each.get("value") or "" for each in posted["params"]}, None
    return (dict(parse_qsl(text, keep_blank_values=True)), None) if text else (None, None)


def _text(content: Mapping[str, Any]) -> str:
    text = str(content.get("text") or "")
    if content.get("encoding") == "base64":
        with suppress(ValueError):
            text = b64decode(text).decode("utf-8", "replace")
    return text[:_LOOKED_AT]

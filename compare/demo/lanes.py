"""An exchange as a picture of lanes shows it: who asks, with which cookies, and what is said. Pure.

What matters of an answer is one line in the words of the shop, and of the cookies those that the
picture is about; the whole of both is kept beside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..findings import Exchange
from ..harmless import one_line
from .wire import cookies_in

_SHOWN_OF_A_COOKIE = 28
_LONGEST = 110
#: Cookies that keep nothing of what is compared, and are in the signed cookie in both shops.
_ASIDE = {"device", "notice"}


def lane(exchange: Exchange, prefix: str, store: str = "") -> dict[str, Any]:
    """Return what is drawn of an exchange with a shop whose cookies' names begin with ``prefix``.

    ``store`` is what the store had to do with it.
    """
    head, _, _ = exchange.request.partition("\r\n\r\n")
    first, *fields = head.split("\r\n")
    answer, _, body = exchange.response.partition("\r\n\r\n")
    words = answer.split(" ", 2)
    cookies = [_shown(*each, prefix) for each in _cookies_of(fields)]
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return {
        "who": exchange.actor,
        "ask": one_line(first.rpartition(" ")[0]),
        "cookies": [each for each in cookies if each["name"] not in _ASIDE],
        "status": status,
        "says": _says(status, body),
        "store": store,
        "raw": asdict(exchange.shown),
    }


def _cookies_of(fields: list[str]) -> list[tuple[str, str]]:
    lines = (line.partition(": ") for line in fields)
    return [
        each for name, _, text in lines if name.lower() == "cookie" for each in cookies_in(text)
    ]


def _shown(name: str, value: str, prefix: str) -> dict[str, Any]:
    start = f"{value[:_SHOWN_OF_A_COOKIE]}…" if len(value) > _SHOWN_OF_A_COOKIE else value
    return {"name": name.removeprefix(prefix), "size": len(name) + len(value), "start": start}


def _says(status: int, body: str) -> str:
    if status == 0:
        return "no answer"
    if not body:
        return "done"
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    said = _said_of(told) if isinstance(told, dict) else ""
    return one_line(said or body, _LONGEST)


def _said_of(told: Mapping[str, Any]) -> str:
    """Return what a shop's answer says, nothing where it is another's."""
    if isinstance(error := told.get("error"), dict):
        return str(error.get("message", ""))
    if "username" in told:
        return f"you are {told['username']}{_address(told)}"
    if "theme" in told:
        return f"the theme is {told['theme']}"
    if isinstance(items := told.get("items"), list):
        return f"in the cart: {in_words(items)}" if items else "the cart is empty"
    return ""


def _address(told: Mapping[str, Any]) -> str:
    return f", {told['email']}" if "email" in told else ""


def in_words(items: list[Any]) -> str:
    """Return what is in a cart, as a line."""
    found = [f"{each['quantity']} × {each['name']}" for each in items if isinstance(each, dict)]
    return ", ".join(found) or "nothing"

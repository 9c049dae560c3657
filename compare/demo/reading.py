"""A cookie as whoever gets hold of it reads it, and what a shop makes of one that was changed."""

from __future__ import annotations

import re
from typing import Any

from ..decoding import decodings
from ..shop_visitor import ShopVisitor
from .booth import Booth
from .wire import described_cookie

#: What a browser can send in a cookie (RFC 6265 4.1.1).
_SENDABLE = re.compile(r"[!#-+\--:<-\[\]-~]{0,4096}", re.ASCII)


def telling(booth: Booth, application: str) -> list[str]:
    """Return the names of the visitor's cookies in which their email address can be read."""
    jar, email = booth.sides[application].jar, booth.person_on(application).email
    return [name for name, value in jar.items() if any(email in text for text in decodings(value))]


def telling_cookie(booth: Booth, application: str) -> dict[str, Any] | None:
    """Return the cookie that tells most, the one with the session ID where none tells anything."""
    side = booth.sides[application]
    found = telling(booth, application) or [
        each for each in side.jar if each.endswith("-session-id")
    ]
    return described_cookie(found[0], side.jar[found[0]], side.prefix) if found else None


def verified(booth: Booth, application: str, name: str, value: str) -> str:
    """Return what the shop makes of the visitor with one cookie changed, in a sentence."""
    side = booth.sides[application]
    if name not in side.jar or not _SENDABLE.fullmatch(value):
        return (
            "No browser would send this." if name in side.jar else "This cookie is not there now."
        )
    visitor = ShopVisitor(side.target.url, "forger", side.jar | {name: value})
    reply = visitor.ask_who()
    if reply.status == 503:
        return "The shop cannot reach its store just now."
    who = visitor.name_in(reply)
    if value == side.jar[name]:
        return f"Unchanged: the signature fits, and the shop takes you for {who or 'nobody'}."
    if who:
        return f"Changed, and the shop takes you for {who}."
    return "Changed: the signature does not fit, and the shop takes you for nobody."

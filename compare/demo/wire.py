"""What passed between a browser and an application, and what its cookies are. Pure.

A signed cookie is taken apart as anybody can who holds it; a session ID is what it is: random.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

from ..browser import MOST_OF_A_COOKIE

#: How the demo's own cookies begin. Ports do not separate cookies: the applications would get them
#: too, and two demos on one host each other's, so the rest of the name is the demo's port.
VISITOR_COOKIE = "demo-visitor"

_LONGEST_LAYOUT = 20_000


def described_cookie(name: str, value: str, prefix: str) -> dict[str, Any]:
    """Return what a cookie of a shop is whose cookies' names begin with ``prefix``, and its size.

    Bytes of name and value, as browsers count them (RFC 6265bis 5.6).
    """
    size = len(name) + len(value)
    return {
        "name": name,
        "short": name.removeprefix(prefix),
        "size": size,
        "share": min(100, round(100 * size / MOST_OF_A_COOKIE)),
        "value": value,
        "kind": "session ID" if name.endswith("-session-id") else "signed cookie",
        "parts": taken_apart(value),
    }


def taken_apart(value: str) -> dict[str, Any] | None:
    """Return the parts of a value in Tornado's format 2, None for anything else.

    ``2|1:VERSION|10:TIMESTAMP|0:|LENGTH:VALUE|SIGNATURE``; each length counts the field after it.
    """
    fields = value.split("|")
    if len(fields) != 6 or fields[0] != "2":
        return None
    version, stamp, name, carried = (field.partition(":")[2] for field in fields[1:5])
    try:
        text = b64decode(carried, validate=True).decode()
        signed_at = _day(int(stamp))
    except (binascii.Error, ValueError):
        return None
    return {
        "format": 2,
        "key_version": version,
        "signed_at": signed_at,
        "name": name,
        "value": text,
        "json": _json(text),
        "signature": fields[5],
    }


def cookies_in(header: str) -> list[tuple[str, str]]:
    """Return the cookies of a Cookie header, in its order."""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return [(name, value) for name, _, value in pairs if name]


def _json(text: str) -> str | None:
    """Return the text laid out as JSON, None where it is none, or too deep to be laid out."""
    try:
        layout = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return None
    return layout if len(layout) <= _LONGEST_LAYOUT else None


def _day(seconds: int) -> str | None:
    """Return the day and time, None for 0, which stands for none."""
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{str(seconds)[:20]}, which is no date"

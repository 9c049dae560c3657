"""Where a kind of one's own belongs, in sentences. Pure.

What is decided is `place()`'s to say, for the applications and for this page alike; the words are
for somebody who has never seen the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tornado_state import DATABASE, SERVER_SESSION, SIGNED_COOKIE, Capabilities, Kind, Needs, place
from tornado_state.placement import unmet

from ..reports.words import said

_TIERS = (SIGNED_COOKIE, SERVER_SESSION, DATABASE)

#: What is ticked, in the order of the page.
NEEDS = {
    "confidential": "Its holder must not read it",
    "revocable": "It must end at once, on command",
    "fresh": "An old value would do harm",
    "idle_timeout": "It must end when it is not used",
    "concurrent": "Several requests change it at once",
    "outage_proof": "It must work without the store of the sessions",
    "outlives_logout": "It must be there after sign-out",
    "stateless": "It must cost the server nothing",
    "cross_device": "It must be on all of a person's devices",
}

_LACKS = {
    "confidential": "whoever holds it can read it",
    "revocable": "nobody can end it before it expires by itself",
    "fresh": "an old value is as good as the new one",
    "idle_timeout": "the server cannot end it for lack of use",
    "concurrent": "of two changes in the same moment, one is lost",
    "outage_proof": "while its store is away, it is out of reach",
    "outlives_logout": "it ends with the sign-out",
    "stateless": "it costs the server memory, and a question for each request",
    "cross_device": "it stays with one browser",
}
_LACKS_OF_A_DATABASE = {"outage_proof": "it can be away as well, and then so is what it keeps"}


@dataclass(frozen=True)
class Example:
    """A kind that many have: ``needs`` are what is ticked for it."""

    name: str
    label: str
    size: int
    needs: tuple[str, ...] = ()


EXAMPLES = (
    Example("jwt", "the JWT of a sign-in", 600, ("revocable", "idle_timeout")),
    Example("csrf_token", "CSRF token", 64),
    Example("flash_message", "flash message", 200, ("outage_proof",)),
    Example("theme", "theme", 16, ("outage_proof", "outlives_logout")),
    Example("draft", "draft", 20_000, ("concurrent", "outlives_logout", "cross_device")),
    Example("voucher", "voucher", 64, ("fresh",)),
    Example("remember_me", "“remember me”", 64, ("revocable", "fresh")),
    Example("checkout_step", "step of a checkout", 16, ("fresh", "concurrent")),
    Example("order", "order", 2_000, ("concurrent", "outlives_logout", "cross_device")),
)


def placed(kind: Kind[Any]) -> dict[str, Any]:
    """Return where a kind belongs, and why not in the others of the three places."""
    tier = place(kind).tier
    others = [each for each in _TIERS if each is not tier]
    reasons = [_reason(each, kind) for each in others]
    first = [f"The {tier.tier} can do all that it needs."] if tier else []
    sentences = first + [reason for reason in reasons if reason]
    return {"kind": kind.name, "tier": tier.tier if tier else None, "sentences": sentences}


def _reason(tier: Capabilities, kind: Kind[Any]) -> str:
    """Return why not there, nothing where it is only dearer than need be."""
    lacking = unmet(kind.needs, tier)
    if not lacking:
        return ""
    article = "a" if tier is DATABASE else "the"
    return f"Not {article} {tier.tier}: {'; '.join(_lack(each, kind, tier) for each in lacking)}."


def _lack(need: str, kind: Kind[Any], tier: Capabilities) -> str:
    if need == "capacity":
        return f"{kind.needs.size:,} bytes do not fit, {said(tier.capacity)} do"
    return _LACKS_OF_A_DATABASE.get(need, _LACKS[need]) if tier is DATABASE else _LACKS[need]


def declared_kind(answers: Mapping[str, Any]) -> Kind[Any]:
    """Return a kind as somebody declares it; `ValueError` says what is wrong with it."""
    known = {field.name for field in fields(Needs)} - {"size"}
    unknown = set(answers) - known - {"name", "size"}
    if unknown:
        raise ValueError(f"There is no need called {', '.join(sorted(unknown))}.")
    size = answers.get("size", 1024)
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= 2**40:
        raise ValueError("The size is a whole number of bytes, at least 1.")
    needs: dict[str, Any] = {name: answers[name] is True for name in known & answers.keys()}
    return Kind(str(answers.get("name") or "mine"), str, size=size, **needs)


def of_example(example: Example) -> Kind[Any]:
    """Return an example as somebody would declare it."""
    needs = dict.fromkeys(example.needs, True)
    return declared_kind({"name": example.name, "size": example.size, **needs})

"""Where something of one's own belongs, in sentences. Pure.

What is decided is `place()`'s to say, for the applications and for this page alike; the words are
for somebody who has never seen the code. One need is the page's own: what must never be lost is
kept in a database, whatever else it needs, since a browser drops what it keeps and a store forgets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from tornado_state import DATABASE, SERVER_SESSION, SIGNED_COOKIE, Capabilities, Kind, Needs, place
from tornado_state.placement import unmet

from ..reports.words import said

_TIERS = (SIGNED_COOKIE, SERVER_SESSION, DATABASE)
#: The need that is the page's own.
_LASTING = "lasting"

#: What is ticked, in the order of the page.
NEEDS = {
    "confidential": "Whoever holds it must not read it",
    "revocable": "It must end at once, on command",
    "fresh": "An old value would do harm",
    "idle_timeout": "It must end when it is not used",
    "concurrent": "Several requests change it at once",
    "cross_device": "It must hold in every browser, not in this one alone",
    _LASTING: "It must never be lost, not even in years",
    "outlives_logout": "It must be there after sign-out",
    "outage_proof": "It must work while the store of the sessions is away",
    "stateless": "It must cost the server nothing",
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
    "cross_device": "another browser has another one",
}
#: What is another truth of one place.
_LACKS_THERE = {
    ("outage_proof", DATABASE): "it can be away as well, and then so is what it keeps",
    (_LASTING, SIGNED_COOKIE): "it expires, and whoever empties the browser deletes it",
    (_LASTING, SERVER_SESSION): "it ends when it is not used, and with a store that starts anew",
}
#: What a database cannot do, and neither can a session.
_COOKIE_ALONE = {
    "outage_proof": "what must work while the store is away",
    "stateless": "what must cost the server nothing",
}
_NOTHING_TICKED = (
    "It needs nothing in particular, so the cheapest place will do. The signed cookie is cheaper "
    "than the server session, and that is cheaper than a database."
)


@dataclass(frozen=True)
class Example:
    """Something that many have: ``needs`` are what is ticked for it, ``note`` is why."""

    name: str
    label: str
    size: int
    needs: tuple[str, ...] = ()
    note: str = ""


EXAMPLES = (
    Example(
        "discount",
        "code that works once",
        64,
        ("fresh", "concurrent", "cross_device"),
        "A private window counts as another browser: in a session of its own the code works again.",
    ),
    Example(
        "cart",
        "cart before sign-in",
        4_000,
        ("fresh", "concurrent"),
        "A session needs no sign-in. Whoever signs in takes the cart along into the new session.",
    ),
    Example(
        "jwt",
        "sign-in (a JWT)",
        600,
        ("revocable", "idle_timeout"),
        "A JWT that can be ended is one that the server looks up: a session.",
    ),
    Example(
        "remember_me",
        "“remember me”",
        64,
        ("revocable", "fresh"),
        "A session with a long life: its cookie stays for weeks when the browser is closed, and it "
        "can still be ended.",
    ),
    Example(
        "checkout_step",
        "step of a checkout",
        16,
        ("fresh", "concurrent"),
        "An old step put back would skip a later one, such as paying.",
    ),
    Example(
        "draft",
        "half-written article",
        20_000,
        ("concurrent", "outlives_logout", "cross_device", _LASTING),
        "A session would do until its store starts anew, or is full and drops the oldest.",
    ),
    Example(
        "order",
        "last year's orders",
        2_000,
        ("cross_device", "outlives_logout", _LASTING),
    ),
    Example(
        "theme",
        "theme",
        16,
        ("outage_proof", "outlives_logout"),
        "Nobody gains by forging it: a plain cookie, or localStorage, would do as well.",
    ),
    Example(
        "language",
        "language, everywhere",
        16,
        ("outage_proof", "cross_device"),
        "At sign-in the shop copies the account's language into this browser's cookie.",
    ),
    Example(
        "flash_message",
        "“saved”, shown once",
        200,
        ("outage_proof",),
        "An old one would be shown once more, which does no harm.",
    ),
    Example("csrf_token", "CSRF token", 64),
)


def placed(kind: Kind[Any], *, lasting: bool = False) -> dict[str, Any]:
    """Return where a kind belongs, and why not in the others of the three places; ``lasting`` is
    one that must never be lost.
    """
    tier = place(kind, (DATABASE,) if lasting else _TIERS).tier
    lacking = {each: _lacking(each, kind, lasting=lasting) for each in _TIERS}
    if tier is None:
        sentences = [_split(lacking)]
    elif tier is SIGNED_COOKIE and not any(_is_ticked(kind, need) for need in NEEDS):
        sentences = [_NOTHING_TICKED]
    else:
        sentences = [f"The {tier.tier} can do all that it needs.", *_dearer(tier, lacking)]
    sentences += [_reason(each, kind, lacks) for each, lacks in lacking.items() if lacks]
    return {"kind": kind.name, "tier": tier.tier if tier else None, "sentences": sentences}


def _lacking(tier: Capabilities, kind: Kind[Any], *, lasting: bool) -> tuple[str, ...]:
    """Return the needs that a place does not meet."""
    lost = (_LASTING,) if lasting and tier is not DATABASE else ()
    return (*unmet(kind.needs, tier), *lost)


def _is_ticked(kind: Kind[Any], need: str) -> bool:
    return need != _LASTING and bool(getattr(kind.needs, need))


def _dearer(tier: Capabilities, lacking: Mapping[Capabilities, tuple[str, ...]]) -> Iterator[str]:
    """Name what could do it as well: a cheaper place cannot, or it would be there."""
    if tier is not DATABASE and not lacking[DATABASE]:
        yield "A database could, too, and costs more."


def _reason(tier: Capabilities, kind: Kind[Any], lacks: tuple[str, ...]) -> str:
    return f"Not {_named(tier)}: {'; '.join(_lack(each, kind, tier) for each in lacks)}."


def _named(tier: Capabilities) -> str:
    return f"{'a' if tier is DATABASE else 'the'} {tier.tier}"


def _lack(need: str, kind: Kind[Any], tier: Capabilities) -> str:
    if need == "capacity":
        return f"{kind.needs.size:,} bytes do not fit, {said(tier.capacity)} do"
    return _LACKS_THERE.get((need, tier)) or _LACKS[need]


def _split(lacking: Mapping[Capabilities, tuple[str, ...]]) -> str:
    """Say how: what keeps a kind out of the database is what a cookie alone can do."""
    alone = [told for need, told in _COOKIE_ALONE.items() if need in lacking[DATABASE]]
    able = (each for each in (SERVER_SESSION, DATABASE) if not {*lacking[each]} - {*_COOKIE_ALONE})
    return f"Split it: {' and '.join(alone)} in a signed cookie, the rest in a {next(able).tier}."


def placed_as_told(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return where something belongs as somebody tells of it; `ValueError` says what is wrong."""
    return placed(declared_kind(answers), lasting=answers.get(_LASTING) is True)


def declared_kind(answers: Mapping[str, Any]) -> Kind[Any]:
    """Return a kind as somebody declares it, whatever they call it; `ValueError` as above."""
    known = {field.name for field in fields(Needs)} - {"size"}
    unknown = set(answers) - known - {"name", "size", _LASTING}
    if unknown:
        raise ValueError(f"There is no need called {', '.join(sorted(unknown))}.")
    size = answers.get("size", 1024)
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= 2**40:
        raise ValueError("The size is a whole number of bytes, at least 1.")
    needs: dict[str, Any] = {name: answers[name] is True for name in known & answers.keys()}
    return Kind("mine", str, size=size, **needs)


def placed_example(example: Example) -> dict[str, Any]:
    """Return the answer to an example, told as somebody would tell of it."""
    answer = placed_as_told({"size": example.size, **dict.fromkeys(example.needs, True)})
    first, *rest = answer["sentences"]
    return {**answer, "sentences": [first, *([example.note] if example.note else []), *rest]}

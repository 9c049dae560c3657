"""Where each kind of state is kept, and what an outage takes away, in sentences. Pure.

The needs are the kind's own and the reasons `place()`'s; nothing is argued here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tornado_state import SIGNED_COOKIE, Capabilities, Kind, PlacementTable, place
from tornado_state.placement import explain, unmet

from ..shop import CART, CREDENTIALS, PREFERENCES

#: How a page calls each kind, in the order it shows them.
NAMES: Mapping[Kind[Any], str] = {
    PREFERENCES: "preferences",
    CART: "cart",
    CREDENTIALS: "sign-in",
}


#: Each need, as what a kind must do.
_MUST: Mapping[str, str] = {
    "confidential": "be unreadable to whoever holds it",
    "revocable": "end at once when told to",
    "fresh": "refuse an old value put back",
    "idle_timeout": "end when it is not used",
    "concurrent": "keep both of two changes made at once",
    "outage_proof": "work while the session store is away",
    "outlives_logout": "be there after sign-out",
    "stateless": "cost the server nothing",
    "cross_device": "follow you from one device to another",
}


class Whereabouts(NamedTuple):
    """Where a kind is kept. ``right_tier`` is where it belongs; ``wrong`` says why not here."""

    name: str
    place: str
    needs: str
    right_tier: str | None
    wrong: tuple[str, ...]
    reasons: tuple[str, ...]


def whereabouts(placement: PlacementTable) -> list[Whereabouts]:
    """Return where each of the shop's kinds is kept, and why."""
    return [_whereabouts(kind, placement) for kind in NAMES if kind in placement]


def _whereabouts(kind: Kind[Any], placement: PlacementTable) -> Whereabouts:
    tier, placed = placement[kind], place(kind)
    wrong = tuple(explain(need, kind, tier) for need in unmet(kind.needs, tier))
    reasons = tuple(reason for reason in placed.reasons if reason not in wrong)
    right_tier = placed.tier.tier if placed.tier else None
    return Whereabouts(NAMES[kind], _place(tier), _needs(kind), right_tier, wrong, reasons)


def _place(tier: Capabilities) -> str:
    where = "in your browser" if tier is SIGNED_COOKIE else "on our side"
    return f"a {tier.tier}, {where}"


def _needs(kind: Kind[Any]) -> str:
    must = [words for need, words in _MUST.items() if getattr(kind.needs, need)]
    return f"What it must do: {_listed(must)}." if must else "It needs nothing in particular."


def cannot_revoke(placement: PlacementTable) -> str:
    """Return why sessions can be neither listed nor ended where the sign-in is kept."""
    tier = placement[CREDENTIALS]
    _, _, reason = explain("revocable", CREDENTIALS, tier).partition(": ")
    return f"Sessions can be neither listed nor ended with the sign-in in a {tier.tier}: {reason}"


def outage(placement: PlacementTable) -> str:
    """Return what is out of reach while the session store is away, and what goes on working."""
    if all(placement[kind].outage_proof for kind in NAMES):
        return "Everything goes on working: nothing here needs the session store."
    gone = [name for kind, name in NAMES.items() if not placement[kind].outage_proof]
    kept = [name for kind, name in NAMES.items() if placement[kind].outage_proof]
    on = (
        f"Search and {_listed(kept)} go on working."
        if kept
        else "You can go on searching on the shop's page."
    )
    verb = "is" if len(gone) == 1 else "are"
    return f"Your {_listed(gone)} {verb} out of reach right now. {on}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))

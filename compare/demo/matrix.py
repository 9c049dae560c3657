"""What belongs where, as far as it has been tried: the rows of the page's matrix. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tornado_state import DATABASE, SERVER_SESSION, SIGNED_COOKIE, Kind

from server.shop import EVERYTHING

from ..reports.words import CAPABILITIES, said
from .actions import ACTIONS, FREEZE
from .placing import placed
from .tour.steps import STEPS

_KINDS = EVERYTHING
#: The third place is no side: nothing is tried on it.
_TIERS = {"cookie": SIGNED_COOKIE, "session": SERVER_SESSION, "database": DATABASE}
SIDES = ("cookie", "session")
#: What a reader calls a kind, where its name is the code's.
_CALLED = {"credentials": "who is signed in"}

#: Where a row is filled in: by a step of the tour, else by what is pressed among the attacks.
_TRIED_BY = {
    each.capability: {"view": "attacks", "name": each.name, "label": each.label}
    for each in (FREEZE, *reversed(ACTIONS))
} | {
    each.capability: {"view": each.name, "name": "", "label": each.label}
    for each in reversed(STEPS)
}

#: What was measured, by application and capability.
Measured = Mapping[str, Mapping[str, bool | int]]


def matrix(measured: Measured) -> list[dict[str, Any]]:
    """Return a row for each capability: who needs it, what is declared, and what was just seen."""
    return [
        {
            "capability": capability,
            "meaning": meaning,
            "needed_by": [_called(kind) for kind in _KINDS if _needs(kind, capability)],
            "cells": [
                {
                    "declared": _cell(getattr(tier, capability)),
                    "seen": _seen(measured.get(application, {}), capability),
                }
                for application, tier in _TIERS.items()
            ],
            "action": _TRIED_BY[capability],
        }
        for capability, meaning in CAPABILITIES.items()
    ]


def placements() -> list[dict[str, Any]]:
    """Return where the shop's kinds belong, and why."""
    return [{**placed(kind), "kind": _called(kind)} for kind in _KINDS]


def _called(kind: Kind[Any]) -> str:
    return _CALLED.get(kind.name, kind.name)


def _needs(kind: Kind[Any], capability: str) -> bool:
    if capability == "capacity":
        return kind.needs.size > (SIGNED_COOKIE.capacity or 0)
    return bool(getattr(kind.needs, capability))


def _seen(measured: Mapping[str, bool | int], capability: str) -> dict[str, str] | None:
    return _cell(measured[capability]) if capability in measured else None


def _cell(value: bool | int | None) -> dict[str, str]:
    """Return a value as a sign, where it is yes or no, and a word; None is a size without end."""
    if value is None:
        return {"sign": "", "said": "no limit"}
    sign = ("✓" if value else "✗") if isinstance(value, bool) else ""
    return {"sign": sign, "said": said(value)}

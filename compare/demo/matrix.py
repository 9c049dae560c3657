"""What belongs where, as far as it has been tried: the rows of the page's matrix. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tornado_state import SERVER_SESSION, SIGNED_COOKIE, Kind

from server.shop import EVERYTHING

from ..reports.words import CAPABILITIES, said
from .actions import ACTIONS, FREEZE
from .placing import placed

_KINDS = EVERYTHING
_TIERS = {"cookie": SIGNED_COOKIE, "session": SERVER_SESSION}
SIDES = tuple(_TIERS)

#: What to press to see a row filled in.
_TRIED_BY = {
    each.capability: {"name": each.name, "label": each.label}
    for each in (FREEZE, *reversed(ACTIONS))
}

#: What was measured, by application and capability.
Measured = Mapping[str, Mapping[str, bool | int]]


def matrix(measured: Measured) -> list[dict[str, Any]]:
    """Return a row for each capability: who needs it, what is declared, and what was just seen."""
    return [
        {
            "capability": capability,
            "meaning": meaning,
            "needed_by": [kind.name for kind in _KINDS if _needs(kind, capability)],
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
    return [placed(kind) for kind in _KINDS]


def _needs(kind: Kind[Any], capability: str) -> bool:
    if capability == "capacity":
        return kind.needs.size > (SIGNED_COOKIE.capacity or 0)
    return bool(getattr(kind.needs, capability))


def _seen(measured: Mapping[str, bool | int], capability: str) -> dict[str, str] | None:
    return _cell(measured[capability]) if capability in measured else None


def _cell(value: bool | int | None) -> dict[str, str]:
    """Return a value as a sign, where it is yes or no, and a word."""
    sign = ("✓" if value else "✗") if isinstance(value, bool) else ""
    return {"sign": sign, "said": said(value)}

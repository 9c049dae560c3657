"""What belongs where, as far as it has been tried: the rows of the page's matrix. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tornado_state import SERVER_SESSION, SIGNED_COOKIE, Kind, Needs, place

from server.shop import EVERYTHING

from ..reports.words import CAPABILITIES, said
from ..verdict import placed_among

KINDS = EVERYTHING
_TIERS = {"cookie": SIGNED_COOKIE, "session": SERVER_SESSION}

#: What was measured, by application and capability.
Measured = Mapping[str, Mapping[str, bool | int]]


def matrix(measured: Measured) -> list[dict[str, Any]]:
    """Return a row for each capability: who needs it, what is declared, and what was just seen."""
    return [
        {
            "capability": capability,
            "meaning": meaning,
            "needed_by": [kind.name for kind in KINDS if _needs(kind, capability)],
            "cells": [
                {
                    "declared": said(getattr(tier, capability)),
                    "seen": _seen(measured.get(application, {}), capability),
                }
                for application, tier in _TIERS.items()
            ],
        }
        for capability, meaning in CAPABILITIES.items()
    ]


def placements() -> list[dict[str, Any]]:
    """Return where the shop's kinds belong, and why."""
    return [placed(kind) for kind in KINDS]


def placed(kind: Kind[Any]) -> dict[str, Any]:
    """Return where a kind belongs, and why: why not in the other of the two tiers as well."""
    placement = placed_among(kind, tuple(_TIERS.values()))
    if placement.tier is None:
        placement = place(kind)
    tier = placement.tier.tier if placement.tier else None
    return {"kind": kind.name, "tier": tier, "reasons": list(placement.reasons)}


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


def _needs(kind: Kind[Any], capability: str) -> bool:
    if capability == "capacity":
        return kind.needs.size > (SIGNED_COOKIE.capacity or 0)
    return bool(getattr(kind.needs, capability))


def _seen(measured: Mapping[str, bool | int], capability: str) -> str | None:
    return said(measured[capability]) if capability in measured else None

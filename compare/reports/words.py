"""What the reports call things. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..findings import Figures

#: Bytes to which a size is rounded.
_STEP = 500

#: What a capability means, as a question about a tier.
CAPABILITIES = {
    "confidential": "it is hidden from whoever holds it",
    "revocable": "it ends at once, on command",
    "fresh": "an old value does not come back",
    "idle_timeout": "the server ends it when it is not used",
    "concurrent": "of changes made at once, none is lost",
    "outage_proof": "it works with the store away",
    "outlives_logout": "it is there after sign-out",
    "stateless": "it costs the server no memory",
    "cross_device": "it follows the person to another device",
    "capacity": "how many bytes fit",
}


def said(value: bool | int | None) -> str:
    """Return a measured or declared value as a reader is told it.

    A size is told in round numbers: what fits to the byte depends on how long a cookie's name is,
    or what else a record has in it, and one truth has one number.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "not measured"
    return f"about {_STEP * round(value / _STEP):,}" if value > _STEP else f"{value:,}"


def number(value: float) -> str:
    """Return a number with as many digits as it is worth."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(figures: Figures) -> str:
    """Return the median with the least, the greatest and n, or the one number there is."""
    if figures.n == 1:
        return f"{number(figures.median)} {figures.unit}"
    low, high = number(figures.least), number(figures.greatest)
    return f"{number(figures.median)} {figures.unit} ({low} to {high}, n = {figures.n})"


def busy(machine: Mapping[str, str]) -> str:
    """Return a warning where the machine had more to do than it has processors, or nothing."""
    load, processors = float(machine["load"]), int(machine["processors"])
    if load <= processors:
        return ""
    return (
        f"The machine was busy: when the run began, {load:.1f} processes wanted to run on "
        f"{processors} processors. Latencies and costs are too high, and timeouts may be missed."
    )

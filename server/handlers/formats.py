"""Money and times, as programs and people read them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from ..catalogue import BY_SKU
from ..shop import note_mark


def iso(seconds: float) -> str:
    """Return a time in seconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_and_time(moment: str) -> str:
    """Return an ISO 8601 time as people write it."""
    told = datetime.fromisoformat(moment)
    return f"{told.day} {told:%B %Y, %H:%M} UTC"


def money(cents: int) -> str:
    """Return an amount in euros."""
    return f"€ {cents // 100:,}.{cents % 100:02}"


#: What every template may use.
FOR_TEMPLATES: Final[MappingProxyType[str, Any]] = MappingProxyType(
    {"money": money, "day_and_time": day_and_time, "note_mark": note_mark, "products": BY_SKU}
)

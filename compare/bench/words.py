"""What the reports of a measurement call things. Pure."""

from __future__ import annotations

from ..findings import Figures
from ..reports.words import number


def times(ratio: Figures | None) -> str:
    """Return a ratio with its spread, or that there is none."""
    if ratio is None:
        return "not measured"
    if ratio.n == 1:
        return f"{ratio.median:.2f}"
    return f"{ratio.median:.2f} ({ratio.least:.2f} to {ratio.greatest:.2f}, n = {ratio.n})"


def middle(figures: Figures | None) -> str:
    """Return the median alone, a dot where nothing was measured."""
    return number(figures.median) if figures else "·"


def spread(figures: Figures | None) -> str:
    """Return the median, and the least and the greatest; a dot where nothing was measured."""
    if figures is None or figures.n == 1:
        return middle(figures)
    return f"{number(figures.median)} ({number(figures.least)} to {number(figures.greatest)})"


def failed(errors: int, lost: int) -> str:
    """Return how many requests were not answered with 2xx, and how many of them not at all."""
    return f"{errors:,}, {lost:,} of them lost" if lost else f"{errors:,}"


def share(figures: Figures | None) -> str:
    """Return the median in per cent; a dot where nothing was measured."""
    return f"{figures.median:.0%}" if figures else "·"


def mebibytes(count: int) -> str:
    """Return bytes in MiB."""
    return f"{count / 2**20:.0f} MiB"


def per_session(count: float | None) -> str:
    """Return what a store takes for a session; nobody can tell of a process's own memory."""
    return "·" if count is None else f"{count:,.0f}"

"""The charts, as numbers that the page draws: bars are boxes and lines one SVG path.

Text in a chart is text of the page, so it keeps its size on a phone and can be read aloud. What a
finding has no figures of is left out, and a chart of nothing is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log10

from ..browser import MOST_OF_A_COOKIE
from ..findings import Figures, Finding
from .words import number, spread


@dataclass(frozen=True)
class Bar:
    """``parts`` are widths in per cent with the tier or part that gives each its colour."""

    label: str
    parts: tuple[tuple[float, str], ...]
    told: str


@dataclass(frozen=True)
class Line:
    """``path`` is drawn in a box of 100 by 100, the origin at the bottom left."""

    label: str
    path: str


@dataclass(frozen=True)
class WeightChart:
    """Bytes of each request against bytes of state; labels of the axes from the origin on."""

    lines: tuple[Line, ...]
    x_labels: tuple[str, ...]
    y_labels: tuple[str, ...]


def weight_chart(findings: Sequence[Finding]) -> WeightChart | None:
    """Return the lines, and one for the most that a browser keeps."""
    series = {finding.tier: _points(finding, "each request") for finding in findings}
    series = {tier: points for tier, points in series.items() if points}
    if not series:
        return None
    longest = max(1.0, *(x for points in series.values() for x, _ in points))
    lines = [Line(tier, _path(points, longest)) for tier, points in series.items()]
    lines.append(
        Line("limit", _path([(0, MOST_OF_A_COOKIE), (longest, MOST_OF_A_COOKIE)], longest))
    )
    return WeightChart(tuple(lines), ("0", number(longest)), ("0", "2,048", "4,096"))


def latency_bars(findings: Sequence[Finding]) -> list[tuple[str, list[Bar]]]:
    """Return the slowest answer of each tier with the store well, frozen and gone; log scale."""
    names = dict.fromkeys(figures.name for each in findings for figures in _figures(each))
    return [
        (name, [bar for finding in findings for bar in _latency_bar(finding, name)])
        for name in names
    ]


def cost_bars(findings: Sequence[Finding]) -> list[Bar]:
    """Return processor time of the same handler without state, and what state adds to it."""
    most = max(
        (each.median for finding in findings for each in _named(finding, "with state")),
        default=1.0,
    )
    return [bar for finding in findings for bar in _cost_bar(finding, most)]


def _latency_bar(finding: Finding, name: str) -> Iterator[Bar]:
    for figures in _named(finding, name):
        # From a tenth of a millisecond to a second.
        width = (log10(max(0.1, figures.greatest)) + 1) / 4 * 100
        parts = ((min(100.0, max(1.0, width)), finding.target),)
        yield Bar(finding.tier, parts, f"{number(figures.greatest)} ms")


def _cost_bar(finding: Finding, most: float) -> Iterator[Bar]:
    both = zip(_named(finding, "without state"), _named(finding, "the state's share"), strict=False)
    for bare, share in both:
        widths = [max(0.0, each.median) / most * 100 for each in (bare, share)]
        parts = ((widths[0], "bare"), (widths[1], finding.target))
        yield Bar(finding.tier, parts, f"{number(bare.median)} + {spread(share)}")


def _points(finding: Finding, name: str) -> tuple[tuple[float, float], ...]:
    series = finding.outcome.series if finding.outcome else ()
    return next((each.points for each in series if each.name == name), ())


def _path(points: Iterable[tuple[float, float]], longest: float) -> str:
    scaled = (f"{x / longest * 100:.1f} {100 - y / MOST_OF_A_COOKIE * 100:.1f}" for x, y in points)
    return "M " + " L ".join(scaled)


def _figures(finding: Finding) -> tuple[Figures, ...]:
    return finding.outcome.figures if finding.outcome else ()


def _named(finding: Finding, name: str) -> list[Figures]:
    """Return the figures of that name, none where it was not measured."""
    return [each for each in _figures(finding) if each.name == name]

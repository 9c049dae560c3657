"""The charts, as numbers that the page draws: bars are boxes, lines SVG paths. Pure.

Text in a chart is text of the page, so it keeps its size on a phone and can be read aloud.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log10

from ..reports.charts import Bar
from ..reports.words import number
from .contenders import BARE, COOKIE, READ, WRITE
from .grown import Growth
from .results import Entry, Results
from .words import mebibytes, spread

#: What is shown, by tier and case.
GROUPS = (
    ("Reading a session", False, READ),
    ("Writing a session", False, WRITE),
    ("Reading a signed cookie", True, READ),
    ("Writing a signed cookie", True, WRITE),
)
#: Axes of the latency panels, in connections and milliseconds.
_CONNECTIONS, _MILLISECONDS = (1, 1024), (0.1, 10_000)
_X_LABELS = ("1", "32", "1,024")
_Y_LABELS = ("0.1", "1", "10", "100", "1,000", "10,000")


@dataclass(frozen=True)
class Panel:
    """Lines in a box of 100 by 100, the origin at the bottom left; labels from the origin on."""

    title: str
    kind: str
    lines: tuple[tuple[str, str], ...]
    x_labels: tuple[str, ...]
    y_labels: tuple[str, ...]


def kind_of(entry: Entry) -> str:
    """Return the class of a contender's colour."""
    return "ours" if entry.ours else "peer"


def group_of(results: Results, *, cookies: bool) -> list[Entry]:
    """Return the layers of one tier."""
    return [each for each in results.layers if (each.store == COOKIE) == cookies]


def costs(results: Results) -> Iterator[tuple[str, list[Bar]]]:
    """Yield processor time by group, least first: the framework's, and what the layer adds."""
    for title, cookies, case in GROUPS:
        rows = [
            row
            for each in group_of(results, cookies=cookies)
            for row in cost_rows(results, each, case)
        ]
        rows.sort(key=lambda row: row[1] + row[2])
        most = max((bare + more for _, bare, more, _ in rows), default=1.0)
        yield title, [_cost_bar(*row, most) for row in rows]


def cost_rows(
    results: Results, entry: Entry, case: str
) -> Iterator[tuple[Entry, float, float, str]]:
    """Yield the framework's µs and the layer's, as numbers and told, where both were measured."""
    overhead = results.overhead(entry.name, case)
    bare = results.entry(entry.framework)
    alone = bare.figures("microseconds", BARE) if bare else None
    if overhead and alone:
        told = f"{number(alone.median)} + {spread(overhead)}"
        yield entry, alone.median, max(0.0, overhead.median), told


def rates(results: Results) -> Iterator[tuple[str, list[Bar]]]:
    """Yield requests a second by group, most first."""
    for title, cookies, case in GROUPS:
        rows = [
            (each, figures)
            for each in group_of(results, cookies=cookies)
            if (figures := each.figures("per_second", case))
        ]
        rows.sort(key=lambda row: -row[1].median)
        most = max((figures.median for _, figures in rows), default=1.0)
        yield (
            title,
            [
                Bar(each.title, ((figures.median / most * 100, kind_of(each)),), spread(figures))
                for each, figures in rows
            ],
        )


def memories(results: Results) -> list[Bar]:
    """Return the memory of each process, least first."""
    rows = sorted(results.measured, key=lambda each: each.memory)
    most = max((each.memory for each in rows), default=1) or 1
    return [
        Bar(each.title, ((each.memory / most * 100, _kind_of_any(each)),), mebibytes(each.memory))
        for each in rows
    ]


def weights(results: Results) -> list[Bar]:
    """Return what a session takes in each store, least first."""
    rows = [(each, each.store_bytes) for each in group_of(results, cookies=False)]
    told = sorted(((each, size) for each, size in rows if size), key=lambda row: row[1])
    most = max((size for _, size in told), default=1.0)
    return [
        Bar(each.title, ((size / most * 100, kind_of(each)),), f"{number(round(size))} bytes")
        for each, size in told
    ]


def latencies(results: Results, case: str) -> list[Panel]:
    """Return a panel for each layer on a store: p50 and p99 over connections, both axes log."""
    panels = []
    for entry in group_of(results, cookies=False):
        found = entry.connections(case)
        if len(found) > 1:
            lines = tuple(
                (what, _path(_latency(entry, what, case, found))) for what in ("p50", "p99")
            )
            panels.append(Panel(entry.title, kind_of(entry), lines, _X_LABELS, _Y_LABELS))
    return panels


def growths(growth: Growth) -> Panel | None:
    """Return requests a second as one thing grows, None where there is but one place."""
    curves = {series: growth.curve(*series) for series in growth.series}
    curves = {series: curve for series, curve in curves.items() if len(curve) > 1}
    if not curves:
        return None
    xs = [x for curve in curves.values() for x, _ in curve]
    most = max(y for curve in curves.values() for _, y in curve) or 1.0
    low, high = min(xs), max(xs)
    scale = _log(low, high) if high / low > 10 else lambda x: (x - low) / (high - low) * 100
    lines = tuple(
        (f"{tier}, {case}", _path([(scale(x), y / most * 100) for x, y in curve]))
        for (tier, case), curve in curves.items()
    )
    return Panel(growth.what, "", lines, (number(low), number(high)), ("0", number(round(most))))


def _cost_bar(entry: Entry, bare: float, more: float, told: str, most: float) -> Bar:
    parts = (bare / most * 100, "bare"), (more / most * 100, kind_of(entry))
    return Bar(entry.title, parts, told)


def _kind_of_any(entry: Entry) -> str:
    return "bare" if entry.is_bare else kind_of(entry)


def _latency(
    entry: Entry, what: str, case: str, found: Sequence[int]
) -> Iterator[tuple[float, float]]:
    across, up = _log(*_CONNECTIONS), _log(*_MILLISECONDS)
    for connections in found:
        figures = entry.figures("p50" if what == "p50" else "p99", case, connections)
        if figures:
            yield across(connections), up(figures.median)


def _log(low: float, high: float) -> Callable[[float], float]:
    """Return a logarithmic axis, in per cent; what is beyond it is at its end."""
    width = log10(high) - log10(low)

    def place(value: float) -> float:
        found = (log10(value) - log10(low)) / width if value > 0 else 0.0
        return min(1.0, max(0.0, found)) * 100

    return place


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M " + " L ".join(f"{x:.1f} {100 - y:.1f}" for x, y in points)

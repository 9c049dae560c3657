"""``overhead.svg``: what each layer adds to a request, as one picture for a README.

It is drawn for light and dark, and needs nothing but itself: an ``img`` loads no style and no font.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ..reports.words import number
from .charts import group_of, kind_of
from .contenders import READ, WRITE
from .results import Entry, Results

_WIDTH, _LEFT, _RIGHT, _TOP = 860, 286, 90, 84
_ROW, _BAR = 46, 15

_STYLE = """
text { font: 15px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #25221c; }
.title { font-size: 19px; font-weight: 600; }
.small { font-size: 13px; fill: #665f52; }
.ours { fill: #23604d; } .peer { fill: #9a4a1c; } .write { opacity: .55; }
text.ours { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  text { fill: #ece6d9; } .small { fill: #b0a797; }
  .ours { fill: #93d0b8; } .peer { fill: #f0ad7c; }
}
"""


def as_picture(results: Results) -> str:
    """Return the picture as SVG; `ValueError` where there is nothing to draw."""
    rows = sorted(_rows(results), key=lambda row: row[1])
    if not rows:
        raise ValueError("no session layer was measured beside its framework")
    most = max(max(read, write) for _, read, write in rows)
    height = _TOP + _ROW * len(rows) + 40
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
            f' aria-label="{escape(_told(rows))}">',
            f"<style>{_STYLE}</style>",
            '<text class="title" x="8" y="28">What a session adds to a request</text>',
            '<text class="small" x="8" y="52">µs of processor time beyond the same framework'
            " without sessions: reading (full colour), writing (pale)</text>",
            *(line for at, row in enumerate(rows) for line in _drawn(_TOP + at * _ROW, *row, most)),
            f'<text class="small" x="8" y="{height - 12}">{escape(_how(results))}</text>',
            "</svg>\n",
        ]
    )


def _rows(results: Results) -> Iterator[tuple[Entry, float, float]]:
    for entry in group_of(results, cookies=False):
        read, write = (results.overhead(entry.name, case) for case in (READ, WRITE))
        if read and write:
            yield entry, max(0.0, read.median), max(0.0, write.median)


def _drawn(top: int, entry: Entry, read: float, write: float, most: float) -> Iterator[str]:
    kind = kind_of(entry)
    label = ' class="ours"' if entry.ours else ""
    yield f'<text{label} x="8" y="{top + 19}">{escape(entry.title)}</text>'
    for place, (value, case) in enumerate(((read, READ), (write, WRITE))):
        y, width = top + place * (_BAR + 2), value / (most or 1) * (_WIDTH - _LEFT - _RIGHT)
        yield (
            f'<rect class="{kind} {case}" x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}"/>'
        )
        at = f'x="{_LEFT + width + 8:.1f}" y="{y + 12}"'
        yield f'<text class="small" {at}>{number(round(value))} µs</text>'


def _told(rows: list[tuple[Entry, float, float]]) -> str:
    told = (f"{each.title}: {read:.0f} and {write:.0f} µs" for each, read, write in rows)
    return "What reading and writing a session add to a request. " + "; ".join(told)


def _how(results: Results) -> str:
    return (
        f"Medians of {results.rounds} rounds, 64 connections, a core for the server; "
        f"{results.machine['processor']}, {results.started_at[:10]}. Made by make bench."
    )

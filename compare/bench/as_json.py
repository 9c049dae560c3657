"""``bench.json``: all that was measured, for programs; its schema is ``bench.schema.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import msgspec

from ..findings import Figures
from .results import UNITS, Entry, Results

_SHAPE = 1


def as_json(results: Results) -> str:
    """Return it as JSON text."""
    report = asdict(results) | {
        "shape": _SHAPE,
        "entries": [
            asdict(entry) | {"figures": list(_figures(results, entry))} for entry in results.entries
        ],
        "comparisons": [
            {
                "mine": each.mine.name,
                "other": each.other.name,
                "case": each.case,
                "overhead": _spread(each.overhead),
                "per_second": _spread(each.rate),
            }
            for each in results.comparisons()
        ],
        "growth": [
            asdict(growth) | {"sentences": list(growth.sentences())} for growth in results.growth
        ],
    }
    return json.dumps(report, ensure_ascii=False, indent=1) + "\n"


def from_json(text: str) -> Results:
    """Return what `as_json` was given; `ValueError` for what it has not written."""
    return msgspec.json.decode(text, type=Results)


def _figures(results: Results, entry: Entry) -> Iterator[dict[str, Any]]:
    for case in dict.fromkeys(sample.case for sample in entry.samples):
        for connections in entry.connections(case):
            yield {
                "case": case,
                "connections": connections,
                **{what: _spread(entry.figures(what, case, connections)) for what in UNITS},
            }
        if not entry.is_bare:
            yield {
                "case": case,
                "overhead": _spread(results.overhead(entry.name, case)),
                "per_second_of_bare": _spread(results.of_bare_rate(entry.name, case)),
            }


def _spread(figures: Figures | None) -> dict[str, float] | None:
    if figures is None:
        return None
    middle, least, greatest = (
        round(each, 4) for each in (figures.median, figures.least, figures.greatest)
    )
    return {"n": figures.n, "median": middle, "least": least, "greatest": greatest}

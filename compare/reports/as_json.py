"""``report.json``: everything a run found, for programs. Its shape is ``report.schema.json``.

Values of cookies are shortened and passwords left out, as in every report.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from ..experiment import Experiment
from ..findings import Figures, Finding
from ..run import Run

_SHAPE = 1


def as_json(run: Run) -> str:
    """Return the report as JSON text."""
    report = {
        "shape": _SHAPE,
        "started_at": run.started_at,
        "seconds": round(run.seconds, 1),
        "machine": dict(run.machine),
        "passed": run.verdict.passed,
        "failures": list(run.verdict.failures),
        "placements": [
            {
                "kind": placement.kind.name,
                "tier": placement.tier.tier if placement.tier else None,
                "reasons": list(placement.reasons),
            }
            for placement in run.verdict.placements
        ],
        "capabilities": [
            asdict(each) | {"confirmed": each.confirmed} for each in run.verdict.confirmations
        ],
        "experiments": [_experiment(run, experiment) for experiment in run.experiments],
    }
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def _experiment(run: Run, experiment: Experiment) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "title": experiment.title,
        "question": experiment.question,
        "clause": experiment.clause,
        "capability": experiment.capability,
        "findings": [_finding(finding) for finding in run.about(experiment)],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    outcome = finding.outcome
    return {
        "application": finding.target,
        "tier": finding.tier,
        "word": finding.word,
        "expected": finding.expected,
        "as_expected": finding.as_expected,
        "meets": outcome.meets if outcome else None,
        "sentence": finding.sentence,
        "figures": [_figures(figures) for figures in outcome.figures] if outcome else [],
        "series": [asdict(series) for series in outcome.series] if outcome else [],
        "exchanges": [asdict(exchange.shown) for exchange in finding.exchanges],
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "name": figures.name,
        "unit": figures.unit,
        "n": figures.n,
        "median": figures.median,
        "least": figures.least,
        "greatest": figures.greatest,
        "numbers": list(figures.numbers),
    }

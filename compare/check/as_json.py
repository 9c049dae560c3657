"""What was checked, as JSON by `check.schema.json`, and the baseline that such a report is.

Rule: exchanges are as people are shown them: cookies by their beginning, passwords left out.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..findings import Demand
from .description import Unusable
from .trial import BROKEN, Checked

#: What a broken promise is known by from one run to the next.
Fingerprint = tuple[str, str]


def as_json(name: str, requests: int, checked: Sequence[Checked], ended: str = "") -> str:
    """Return everything; ``ended`` says why a run that has not tried all of it has ended."""
    report = {"shape": 1, "application": name, "requests": requests, "ended": ended or None}
    return json.dumps(report | {"checks": list(map(entry, checked))}, ensure_ascii=False, indent=2)


def entry(each: Checked) -> dict[str, Any]:
    """Return one verdict for programs."""
    demand = each.demand or each.experiment.demand
    return {
        "name": each.experiment.name,
        "title": each.experiment.title,
        "core": each.experiment.core,
        "clause": str(demand) if demand else each.experiment.clause,
        "demand": _demand(demand),
        "question": each.experiment.question,
        "verdict": each.verdict,
        "word": each.word,
        "sentence": each.sentence,
        "remarks": list(each.remarks),
        "applies": each.applies,
        "exchanges": [asdict(exchange.shown) for exchange in each.exchanges],
    }


def _demand(demand: Demand | None) -> dict[str, Any] | None:
    return asdict(demand) if demand else None


def fingerprint(each: Checked) -> Fingerprint:
    """Return what it is known by: the experiment, and what was seen."""
    return each.experiment.name, each.word


def baseline(file: Path) -> Collection[Fingerprint]:
    """Return what was broken in an earlier report; `Unusable` where the file is none."""
    try:
        checks = json.loads(file.read_text(encoding="utf-8"))["checks"]
        return {(each["name"], each["word"]) for each in checks if each["verdict"] == BROKEN}
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{file}: no report of an earlier run, as --report writes them") from error

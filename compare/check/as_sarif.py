"""What was checked, as SARIF 2.1.0 (OASIS): what code hosting sites show beside the code.

Rule: a broken promise is a failure at the application's file, with the level of its severity; what
was kept and not tried is there too, as what it is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from ..findings import Demand
from .as_json import Fingerprint, fingerprint
from .trial import BROKEN, KEPT, Checked

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"high": "error", "medium": "warning", "low": "note"}
#: What GitHub sorts by (its documentation of SARIF, "security-severity").
_NUMBERS = {"high": "8.0", "medium": "5.5", "low": "3.0"}


def as_sarif(
    file: str, checked: Sequence[Checked], known: Collection[Fingerprint] = (), ended: str = ""
) -> str:
    """Return it; ``file`` is the description's path, ``known`` what a baseline has."""
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "session-check", "rules": list(map(_rule, checked))}},
        "invocations": [{"executionSuccessful": not ended, **_notice(ended)}],
        "results": [_result(each, number, file, known) for number, each in enumerate(checked)],
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _notice(ended: str) -> dict[str, Any]:
    if not ended:
        return {}
    return {"toolExecutionNotifications": [{"level": "error", "message": {"text": ended}}]}


def _rule(each: Checked) -> dict[str, Any]:
    demand = each.demand or each.experiment.demand
    return {
        "id": each.experiment.name,
        "name": each.experiment.title.title().replace(" ", "").replace("-", ""),
        "shortDescription": {"text": each.experiment.title},
        "fullDescription": {"text": each.experiment.question},
        "help": {"text": f"{demand}: {demand.asks}" if demand else each.experiment.clause},
        "properties": _properties(demand),
    }


def _properties(demand: Demand | None) -> dict[str, Any]:
    if demand is None:
        return {"tags": ["security"]}
    asvs = demand.source.lower().replace(" ", "/")
    tags = ["security", f"external/cwe/cwe-{demand.cwe}", f"external/{asvs}", demand.wstg]
    return {"tags": tags, "security-severity": _NUMBERS[demand.severity]}


def _result(
    each: Checked, number: int, file: str, known: Collection[Fingerprint]
) -> dict[str, Any]:
    demand = each.demand or each.experiment.demand
    failed = each.verdict == BROKEN
    kind = "fail" if failed else "pass" if each.verdict == KEPT else "notApplicable"
    result: dict[str, Any] = {
        "ruleId": each.experiment.name,
        "ruleIndex": number,
        "kind": kind,
        "level": _LEVELS[demand.severity] if failed and demand else "none",
        "message": {"text": f"{each.word}. {each.sentence}"},
        "locations": [{"physicalLocation": _place(file)}],
        "partialFingerprints": {"sessionCheck/v1": ":".join(fingerprint(each))},
        "properties": {"remarks": list(each.remarks), "clause": str(demand or "")},
    }
    if failed and known:
        result["baselineState"] = "unchanged" if fingerprint(each) in known else "new"
    return result


def _place(file: str) -> dict[str, Any]:
    return {"artifactLocation": {"uri": file}, "region": {"startLine": 1}}

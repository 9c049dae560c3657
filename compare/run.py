"""A run: experiments on the applications, and the verdict on what they found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tornado_state import Capabilities, Kind

from server.recommended_app import COMPOSITION as RECOMMENDED

from .experiment import Experiment
from .experiments import EXPERIMENTS
from .findings import Finding
from .machine import machine
from .targets import Application, Targets
from .verdict import Verdict, judge

#: Called before an experiment is carried out on an application, and with what it found.
Watcher = Callable[[Experiment, str, Finding | None], None]


@dataclass(frozen=True)
class Run:
    """What a run found. ``findings`` are in the order of ``experiments`` and applications.

    ``started_at`` is ISO 8601 in UTC, ``seconds`` how long it took.
    """

    experiments: tuple[Experiment, ...]
    findings: tuple[Finding, ...]
    verdict: Verdict
    machine: Mapping[str, str]
    started_at: str
    seconds: float

    def about(self, experiment: Experiment) -> list[Finding]:
        """Return what the experiment found, an entry for each application."""
        return [finding for finding in self.findings if finding.experiment == experiment.name]

    @property
    def tiers(self) -> list[str]:
        """The tiers that were compared."""
        return list(dict.fromkeys(finding.tier for finding in self.findings))


def run(
    applications: Mapping[str, Application],
    experiments: Sequence[Experiment] = EXPERIMENTS,
    recommended: Mapping[Kind[Any], Capabilities] = RECOMMENDED.placement,
    watch: Watcher = lambda _experiment, _application, _finding: None,
) -> Run:
    """Carry out ``experiments`` on each application, and judge what they found."""
    started, started_at = time.monotonic(), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    where = machine()  # before the run is what keeps it busy
    findings: list[Finding] = []
    with Targets(applications) as targets:
        for experiment in experiments:
            for application in targets:
                watch(experiment, application, None)
                findings.append(experiment.carried_out(targets, application))
                watch(experiment, application, findings[-1])
    verdict = judge(
        findings,
        [application.tier for application in applications.values()],
        recommended,
        complete=set(EXPERIMENTS) <= set(experiments),
    )
    seconds = time.monotonic() - started
    return Run(tuple(experiments), tuple(findings), verdict, where, started_at, seconds)

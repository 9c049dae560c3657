"""The terminal: what is being tried, and what was found, in a table."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ..experiment import Experiment
from ..findings import Finding
from ..run import Run
from .words import CAPABILITIES, busy, said, spread

_AS_EXPECTED, _NOT = "✓", "✗"


class ProgressShown:
    """Shows which experiment is being carried out; a line each where nobody watches a terminal."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description:<44}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, experiment: Experiment, application: str, finding: Finding | None) -> None:
        """Show that an experiment begins, or what it found."""
        if finding is None:
            description = f"{experiment.title} ({application})"
            self._progress.update(self._task, description=description)
            return
        self._progress.advance(self._task)
        if not self._console.is_terminal:
            promised = "" if finding.as_expected else f"  {_NOT} promised: {finding.expected}"
            line = f"{finding.experiment:<18} {application:<8} {finding.word}{promised}"
            self._console.print(line, highlight=False, soft_wrap=True)


def print_run(console: Console, run: Run) -> None:
    """Print what a run found: experiments, capabilities, what belongs where, failures."""
    console.print(_experiments(run))
    _print_figures(console, run)
    if run.verdict.placements:
        console.print(_capabilities(run))
        console.print()
        for placement in run.verdict.placements:
            belongs = placement.tier.tier if placement.tier else "neither tier"
            console.print(
                Text.assemble((placement.kind.name, "bold"), f" belongs in the {belongs}")
            )
            for reason in placement.reasons:
                console.print(f"  {reason}", highlight=False)
    console.print()
    if warning := busy(run.machine):
        console.print(Text(warning, style="yellow"))
    for failure in run.verdict.failures:
        console.print(Text(f"{_NOT} {failure}", style="bold red"))
    if run.verdict.passed:
        told = f"{_AS_EXPECTED} Everything is as promised: {len(run.findings)} findings"
        console.print(Text(f"{told} in {run.seconds:.0f} s.", style="bold green"))


def _experiments(run: Run) -> Table:
    table = Table(title="What was tried", title_justify="left", show_lines=False)
    table.add_column("experiment", no_wrap=True)
    for tier in run.tiers:
        table.add_column(tier)
    table.add_column("rests on", style="dim")
    for experiment in run.experiments:
        words = [_word(finding) for finding in run.about(experiment)]
        table.add_row(experiment.title, *words, experiment.clause)
    return table


def _print_figures(console: Console, run: Run) -> None:
    for finding in run.findings:
        for figures in finding.outcome.figures if finding.outcome else ():
            line = f"{finding.experiment} · {finding.tier} · {figures.name}: {spread(figures)}"
            console.print(line, style="dim", highlight=False)


def _capabilities(run: Run) -> Table:
    table = Table(title="What each tier can do, as measured", title_justify="left")
    table.add_column("capability", no_wrap=True)
    for tier in run.tiers:
        table.add_column(tier)
    for capability, meaning in CAPABILITIES.items():
        cells = [
            Text(f"{said(each.measured)}" + ("" if each.confirmed else f" {_NOT} not as declared"))
            for each in run.verdict.confirmations
            if each.capability == capability
        ]
        table.add_row(f"{capability}: {meaning}", *cells)
    return table


def _word(finding: Finding) -> Text:
    meets = finding.outcome.meets if finding.outcome else None
    style = {True: "green", False: "yellow"}.get(meets, "") if isinstance(meets, bool) else ""
    word = Text(finding.word, style=style)
    if not finding.as_expected:
        word.append(f"\n{_NOT} promised: {finding.expected}", style="bold red")
    return word

"""Several applications in one table: promises in rows, applications in columns.

In the terminal, as JSON, and as one page that needs nothing else, with every exchange.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text
from tornado.template import Loader

from ..experiment import Experiment
from ..machine import machine
from ..reports.telling import telling
from .as_json import entry
from .table import SIGNS
from .trial import BROKEN, KEPT, Checked

#: What was checked, by the application's name, in the order of the columns.
SideBySide = Mapping[str, Sequence[Checked]]

_REPORTS = Path(__file__).parent.parent / "reports"
#: How the names of this project's own begin.
_OURS = "this project"
_CLASSES = {KEPT: "can", BROKEN: "cannot"}


def print_side_by_side(console: Console, found: SideBySide) -> None:
    """Print a column for each application."""
    table = Table(title="Session handling, side by side", title_justify="left", show_lines=True)
    table.add_column("promise")
    for name in found:
        table.add_column(name, min_width=9)
    for experiment in experiments_of(found):
        words = [
            Text(_cell(each), style=SIGNS[each.verdict][1]) for each in about(found, experiment)
        ]
        table.add_row(f"{experiment.title}\n{experiment.clause}", *words)
    console.print(table)
    for name, checked in found.items():
        kept, broken = _count(checked, KEPT), _count(checked, BROKEN)
        console.print(f"{name}: {kept} kept, {broken} broken.", highlight=False)


def as_json(found: SideBySide, started_at: str) -> str:
    """Return everything for programs."""
    report = {
        "shape": 1,
        "started_at": started_at,
        "machine": machine(),
        "applications": [
            {"name": name, "checks": list(map(entry, checked))} for name, checked in found.items()
        ],
    }
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def as_page(found: SideBySide, started_at: str, ended: str = "") -> str:
    """Return everything as a page; ``ended`` says why a run that has not tried all has ended."""
    loader = Loader(str(Path(__file__).parent), autoescape="xhtml_escape")
    page: bytes = loader.load("side_by_side.html").generate(
        found=found,
        experiments=experiments_of(found),
        about=about,
        style=(_REPORTS / "page.css").read_text(),
        class_of=lambda each: _CLASSES.get(each.verdict, "neutral"),
        sign_of=lambda each: SIGNS[each.verdict][0],
        telling=telling,
        machine=machine(),
        ended=ended,
        day=started_at.replace("T", " ").removesuffix("Z"),
    )
    return page.decode()


def as_rst(found: SideBySide) -> str:
    """Return tables for a README: what each keeps and breaks, then a sign for each verdict.

    Whoever comes from a tutorial looks for the name they know: this project's own stand last.
    """
    rows = [["", "kept", "broken", "which are broken"]]
    for name in sorted(found, key=lambda name: name.startswith(_OURS)):
        broken = [each.experiment.title.lower() for each in found[name] if each.verdict == BROKEN]
        kept = str(_count(found[name], KEPT))
        rows.append([name, kept, str(len(broken)), ", ".join(broken) or "none"])
    return _list_table(rows) + "\n" + _list_table(_signs(found))


def _signs(found: SideBySide) -> list[list[str]]:
    rows = [["", *found]]
    for experiment in experiments_of(found):
        signs = [SIGNS[each.verdict][0] for each in about(found, experiment)]
        rows.append([experiment.title, *signs])
    return rows


def _list_table(rows: Sequence[Sequence[str]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        lines += [f"   {'  ' if number else '* '}- {cell}" for number, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def _count(checked: Sequence[Checked], verdict: str) -> int:
    return sum(each.verdict == verdict for each in checked)


def experiments_of(found: SideBySide) -> list[Experiment]:
    """Return what was tried, in order."""
    return list(dict.fromkeys(each.experiment for checked in found.values() for each in checked))


def about(found: SideBySide, experiment: Experiment) -> list[Checked]:
    """Return what an experiment said of each application."""
    return [each for checked in found.values() for each in checked if each.experiment is experiment]


def _cell(each: Checked) -> str:
    return f"{SIGNS[each.verdict][0]} {each.word}"

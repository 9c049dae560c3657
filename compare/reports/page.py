"""``report.html``: one page that needs nothing else, to be read and sent around."""

from __future__ import annotations

from pathlib import Path

from tornado.template import Loader

from ..findings import Finding
from ..run import Run
from .charts import cost_bars, latency_bars, weight_chart
from .telling import telling
from .words import CAPABILITIES, busy, said, spread

_FOLDER = Path(__file__).parent
_PAGES = Loader(str(_FOLDER), autoescape="xhtml_escape")


def as_page(run: Run) -> str:
    """Return the report as HTML."""
    page: bytes = _PAGES.load("page.html").generate(
        run=run,
        verdict=run.verdict,
        style=(_FOLDER / "page.css").read_text(),
        weight=weight_chart(_about(run, "wire-weight")),
        latency=latency_bars(_about(run, "store-down")),
        cost=cost_bars(_about(run, "cost")),
        rows=_capability_rows(run),
        spread=spread,
        said=said,
        mark=_mark,
        telling=telling,
        busy=busy(run.machine),
        day=run.started_at.replace("T", " ").removesuffix("Z"),
    )
    return page.decode()


def _about(run: Run, name: str) -> list[Finding]:
    """Return what an experiment found."""
    return [finding for finding in run.findings if finding.experiment == name]


def _capability_rows(run: Run) -> list[tuple[str, str, list[object]]]:
    rows: list[tuple[str, str, list[object]]] = []
    for capability, meaning in CAPABILITIES.items():
        cells = [each for each in run.verdict.confirmations if each.capability == capability]
        if cells:
            rows.append((capability, meaning, list(cells)))
    return rows


def _mark(meets: bool | int | None) -> tuple[str, str]:
    """Return a class and a sign for what was found: more than a colour tells it."""
    if meets is None or not isinstance(meets, bool):
        return "neutral", "•"
    return ("can", "✓") if meets else ("cannot", "✗")

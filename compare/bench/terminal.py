"""The terminal: what is being measured, and a table of what was found."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..reports.words import busy
from .contenders import BARE, READ, WRITE
from .results import Entry, Results
from .words import failed, mebibytes, middle, per_session, share, spread, times

_COLUMNS = ("µs", "overhead", "requests/s", "p50 ms", "p99 ms", "of bare", "processor")


def print_results(console: Console, results: Results) -> None:
    """Print a table for each case, ratios, and what was left out."""
    for case, title in ((BARE, "A framework alone"), (READ, "Reading"), (WRITE, "Writing")):
        table = _table(results, case, title)
        if table.row_count:
            console.print(table)
    console.print(_weights(results))
    if results.comparisons():
        console.print(_ratios(results))
    for growth in results.growth:
        for sentence in growth.sentences():
            console.print(f"• {sentence}", highlight=False)
        if growth.left_out:
            console.print(Text(f"✗ {growth.what}: {growth.left_out}", style="yellow"))
    for entry in results.left_out:
        console.print(Text(f"✗ {entry.title} is left out: {entry.left_out}", style="yellow"))
    if warning := busy(results.machine):
        console.print(Text(warning, style="yellow"))


def _table(results: Results, case: str, title: str) -> Table:
    table = Table(title=f"{title}, 64 connections", title_justify="left")
    table.add_column("contender", no_wrap=True)
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    for entry in results.measured:
        if entry.figures("microseconds", case):
            table.add_row(*_row(results, entry, case), style="bold" if entry.ours else "")
    return table


def _row(results: Results, entry: Entry, case: str) -> list[str]:
    overhead, of_bare = results.overhead(entry.name, case), results.of_bare_rate(entry.name, case)
    return [
        entry.title,
        spread(entry.figures("microseconds", case)),
        "·" if entry.is_bare else spread(overhead),
        spread(entry.figures("per_second", case)),
        middle(entry.figures("p50", case)),
        middle(entry.figures("p99", case)),
        "·" if entry.is_bare else middle(of_bare),
        share(entry.figures("share", case)),
    ]


def _weights(results: Results) -> Table:
    table = Table(title="What it weighs, and what went wrong", title_justify="left")
    table.add_column("contender", no_wrap=True)
    for column in ("memory", "store bytes a session", "requests without 2xx"):
        table.add_column(column, justify="right")
    for entry in results.measured:
        weight = "·" if entry.is_bare else per_session(entry.store_bytes)
        wrong = failed(entry.errors, sum(each.lost for each in entry.samples))
        table.add_row(entry.title, mebibytes(entry.memory), weight, wrong)
    return table


def _ratios(results: Results) -> Table:
    table = Table(title="Ours, of another's on the same kind of store", title_justify="left")
    for column in ("ours", "of", "case"):
        table.add_column(column, no_wrap=True)
    for column in ("overhead, times", "requests/s, times"):
        table.add_column(column, justify="right")
    for each in results.comparisons():
        ratios = times(each.overhead), times(each.rate)
        table.add_row(each.mine.title, each.other.title, each.case, *ratios)
    return table

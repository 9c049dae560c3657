"""What was checked, as a person reads it in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..harmless import one_line
from .as_json import Fingerprint, fingerprint
from .trial import BROKEN, KEPT, NOT_TRIED, Checked

#: A sign and a style for each verdict: more than a colour tells it.
SIGNS = {KEPT: ("✓", "green"), BROKEN: ("✗", "bold red"), NOT_TRIED: ("·", "dim")}


def print_checked(
    console: Console, name: str, checked: Sequence[Checked], known: Collection[Fingerprint] = ()
) -> None:
    """Print every verdict with its sentence, and how many there are of each."""
    table = Table(
        title=Text(f"Session handling of {one_line(name)}"),
        title_justify="left",
        show_lines=True,
        expand=True,
    )
    table.add_column("promise", no_wrap=True)
    table.add_column("rests on", max_width=22)
    table.add_column("verdict", max_width=24)
    table.add_column("what was seen", ratio=1)
    for each in checked:
        sign, style = SIGNS[each.verdict]
        word = f"{sign} {each.word}{_more(each, known)}"
        table.add_row(
            each.experiment.title, _rests_on(each), Text(word, style=style), Text(_seen(each))
        )
    console.print(table)
    counts = Counter(each.verdict for each in checked)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in SIGNS if counts[verdict])
    console.print(f"{told}. ASVS is the OWASP Application Security Verification Standard 5.0.")
    for each in checked:
        if each.is_missing:
            console.print(Text(f"· {each.experiment.name}: no check is whole without it."))


def _more(each: Checked, known: Collection[Fingerprint]) -> str:
    demand = each.demand or each.experiment.demand
    if each.verdict != BROKEN or demand is None:
        return ""
    return f"\n{'known, ' if fingerprint(each) in known else ''}severity {demand.severity}"


def _rests_on(each: Checked) -> Text:
    demand = each.demand or each.experiment.demand
    if demand is None:
        return Text(each.experiment.clause)
    return Text(f"{demand}\nCWE-{demand.cwe}, {demand.wstg}")


def _seen(each: Checked) -> str:
    return "\n".join([each.sentence, *(f"Remark: {remark}" for remark in each.remarks)])

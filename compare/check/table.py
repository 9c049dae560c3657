"""What was checked, as a person reads it and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .trial import BROKEN, KEPT, NOT_TRIED, Checked

#: A sign and a style for each verdict: more than a colour tells it.
SIGNS = {KEPT: ("✓", "green"), BROKEN: ("✗", "bold red"), NOT_TRIED: ("·", "dim")}


def print_checked(console: Console, name: str, checked: Sequence[Checked]) -> None:
    """Print every verdict with its sentence, and how many there are of each."""
    table = Table(
        title=Text(f"Session handling of {name}"),
        title_justify="left",
        show_lines=True,
        expand=True,
    )
    table.add_column("promise", no_wrap=True)
    table.add_column("rests on", max_width=20)
    table.add_column("verdict", max_width=24)
    table.add_column("what was seen", ratio=1)
    for each in checked:
        sign, style = SIGNS[each.verdict]
        word = Text(f"{sign} {each.word}", style=style)
        table.add_row(each.experiment.title, each.experiment.clause, word, Text(each.sentence))
    console.print(table)
    counts = Counter(each.verdict for each in checked)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in SIGNS if counts[verdict])
    console.print(f"{told}. ASVS is the OWASP Application Security Verification Standard 5.0.")


def as_json(name: str, requests: int, checked: Sequence[Checked]) -> str:
    """Return the same as JSON, with the exchanges; cookies are shortened, passwords left out."""
    report = {"shape": 1, "application": name, "requests": requests}
    return json.dumps(report | {"checks": list(map(entry, checked))}, ensure_ascii=False, indent=2)


def entry(each: Checked) -> dict[str, object]:
    """Return one verdict for programs."""
    return {
        "name": each.experiment.name,
        "clause": each.experiment.clause,
        "question": each.experiment.question,
        "verdict": each.verdict,
        "word": each.word,
        "sentence": each.sentence,
        "exchanges": [asdict(exchange.shown) for exchange in each.exchanges],
    }

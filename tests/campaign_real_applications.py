"""Real applications, installed, started and checked: ``make campaign-real-applications``.

Each is in ``real_applications``, with the file that describes it, what it is pinned to, and the
verdicts that were looked at by hand (``verdicts.toml``). To try the next release, change the pin.
They are installed into ``build/real``, run on loopback alone and end with the campaign.

Exit status 0: every verdict is what it was. 1: one is another, which somebody has to look at. 2: an
application that was named is not there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from rich.console import Console
from rich.table import Table

from compare.app_process import ROOT
from compare.check.described_target import DescribedTarget
from compare.check.description import Unusable, read
from compare.check.trial import BROKEN, KEPT, Checked, trial
from compare.peers.environments import install
from compare.processes import end_in_order

FOLDER = Path(__file__).parent / "real_applications"
VERDICTS = tomllib.loads((FOLDER / "verdicts.toml").read_text())
SIGNS = {KEPT: "✓", BROKEN: "✗"}


def main(arguments: list[str]) -> int:
    chosen = _chosen(arguments)
    table = Table(title="Real applications", title_justify="left", show_lines=True)
    for column in ("application", "version", "described in", "tried", "s", "kept", "broken", "new"):
        table.add_column(column)
    same = True
    for file, known in VERDICTS.items():
        if Path(file).parts[0] not in chosen:
            continue
        started = time.monotonic()
        try:
            row, new = _row(file, known)
        except Unusable as error:
            row, new = (["", "", ""], str(error))
        tried, kept, broken = row
        seconds = f"{time.monotonic() - started:.0f}"
        minutes = f"{known['minutes']} min"
        table.add_row(file, known["version"], minutes, tried, seconds, kept, broken, new or "none")
        same = same and not new
    Console(width=None if sys.stdout.isatty() else 180).print(table)
    return 0 if same else 1


def _chosen(arguments: list[str]) -> list[str]:
    names = list(dict.fromkeys(Path(file).parts[0] for file in VERDICTS))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("application", nargs="*", help=f"of {', '.join(names)}")
    chosen: list[str] = parser.parse_args(arguments).application
    for each in chosen:
        if each not in names:
            parser.error(f"there is no {each}: {', '.join(names)}")
    return chosen or names


def _row(file: str, known: dict[str, list[str]]) -> tuple[list[str], str]:
    if wanted := known.get("debian"):
        _need(wanted)
    for needed in (Path(file).parts[0], *known.get("needs", [])):
        if any((FOLDER / needed / name).exists() for name in ("requirements.txt", "package.json")):
            install(FOLDER / needed, ROOT / "build" / "real" / needed)
    print(f"trying {file} ...", file=sys.stderr, flush=True)
    with DescribedTarget(read(FOLDER / file)) as target:
        checked = list(trial(target))
    tried = [each for each in checked if each.verdict in SIGNS]
    row = [f"{len(tried)} of {len(checked)}", _names(checked, KEPT), _names(checked, BROKEN)]
    return row, "\n".join(_new(checked, known))


def _need(packages: list[str]) -> None:
    done = subprocess.run(
        [ROOT / ".ci" / "need", *packages], stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise Unusable(done.stderr.strip().rpartition("\n")[2])


def _names(checked: list[Checked], verdict: str) -> str:
    return ", ".join(each.experiment.name for each in checked if each.verdict == verdict)


def _new(checked: list[Checked], known: dict[str, list[str]]) -> list[str]:
    """Return what is not as it was when somebody looked at it."""
    before = {name: sign for sign in (KEPT, BROKEN) for name in known[sign]}
    now = {each.experiment.name: each for each in checked if each.verdict in SIGNS}
    lost = [f"{name}: {before[name]} before" for name in before.keys() - now.keys()]
    return lost + [
        f"{name}: {each.word}, {before.get(name, 'not tried')} before. {each.sentence}"
        for name, each in now.items()
        if before.get(name) != each.verdict
    ]


if __name__ == "__main__":
    end_in_order()
    sys.exit(main(sys.argv[1:]))

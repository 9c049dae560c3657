"""``python -m compare.bench``: this project's session layer beside its peers, under load.

Exit status 0: all that was asked for was measured. 1: something was left out. 2: asked for in a
wrong way, or something needed is not there.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from ..machine import machine
from ..processes import end_in_order
from ..reports.words import busy
from .as_json import as_json, from_json
from .cart import as_text, cart
from .contenders import CONTENDERS, Contender, with_their_frameworks
from .growing import Range, grow
from .measuring import Measurement, Plan
from .page import as_page
from .picture import as_picture
from .results import Results
from .terminal import print_results

_NEEDED = ("memcached", "redis-server", "node", "npm", "wrk")
_FOLDER = Path(__file__).parent
#: What `--keep` writes into, beside this file.
KEPT = ("overhead.svg", "overhead.json")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        _refuse_busy(parser, options)
        results = (
            from_json(options.again.read_text()) if options.again else _measured(parser, options)
        )
        _write(results, options.out)
        if options.keep:
            _keep(results, options.keep)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print_results(Console(width=None if sys.stdout.isatty() else 160), results)
    print(f"Reports: {options.out / 'bench.html'}, bench.json and overhead.svg beside it")
    return 1 if results.left_out or any(each.left_out for each in results.growth) else 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m compare.bench", description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--only", type=_named, metavar="NAME[,NAME…]", help=f"of {', '.join(CONTENDERS)}")
    add("--rounds", type=_count, metavar="N", help="10 by default; 2 with --quick")
    add("--quick", action="store_true", help="64 connections alone, fewer sessions (3 minutes)")
    add("--growth", action="store_true", help="also how cost grows (5 minutes more)")
    add("--again", type=Path, metavar="FILE", help="write the reports of this bench.json, no load")
    add(
        "--keep",
        type=Path,
        nargs="?",
        const=_FOLDER,
        metavar="FOLDER",
        help=f"write {' and '.join(KEPT)}, to be committed, beside the code; from an idle machine",
    )
    add("--out", type=Path, default=Path("build/bench"), metavar="FOLDER")
    return parser


def _named(text: str) -> list[Contender]:
    names = text.split(",")
    if unknown := [name for name in names if name not in CONTENDERS]:
        known = ", ".join(CONTENDERS)
        raise argparse.ArgumentTypeError(f"there is no {' or '.join(unknown)}: {known}")
    return with_their_frameworks(names)


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1_000:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of rounds")
    return int(text)


def _measured(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Results:
    if missing := [tool for tool in _NEEDED if shutil.which(tool) is None]:
        parser.error(f"please install {' and '.join(missing)}")
    plan = Plan(rounds=2, sessions=500, others=()) if options.quick else Plan()
    extent = Range(sessions=(1_000, 100_000), rounds=2) if options.quick else Range()
    if options.rounds:
        plan = Plan(options.rounds, plan.sessions, others=plan.others)
    contenders = options.only or list(CONTENDERS.values())
    return measured(contenders, plan, extent if options.growth else None)


def measured(contenders: list[Contender], plan: Plan, extent: Range | None = None) -> Results:
    """Measure these contenders, and how cost grows where an extent is given."""
    started, started_at = time.monotonic(), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    where = machine() | _versions()  # before the load is what keeps it busy
    measurement = Measurement(contenders, plan, _say)
    measurement.run()
    entries = tuple(measurement.entries())
    growth = tuple(grow(extent, _say)) if extent else ()
    return Results(
        entries,
        where,
        started_at,
        round(time.monotonic() - started, 1),
        plan.rounds,
        plan.sessions,
        len(as_text(cart(0))),
        growth,
    )


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _versions() -> dict[str, str]:
    """Return the versions of what runs the peers, none where it is not there."""
    found = {"implementation": platform.python_implementation()}
    for name, command in (("node", "node"), ("redis", "redis-server")):
        if shutil.which(command):
            told = subprocess.run(
                [command, "--version"], capture_output=True, text=True, check=True
            )
            words = [word.removeprefix("v") for word in told.stdout.replace("=", " ").split()]
            found[name] = next((word for word in words if word[:1].isdigit()), "unknown")
    return found


def _write(results: Results, out: Path) -> None:
    (out / "bench.json").write_text(as_json(results))
    (out / "bench.html").write_text(as_page(results))
    try:
        (out / "overhead.svg").write_text(as_picture(results))
    except ValueError:  # nobody was measured beside their framework
        (out / "overhead.svg").unlink(missing_ok=True)


def _refuse_busy(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Figures to be committed are of a machine that had nothing else to do."""
    if options.keep and not options.again and (warning := busy(machine())):
        parser.error(f"not to be kept. {warning}")


def _keep(results: Results, folder: Path) -> None:
    picture, figures = (folder / name for name in KEPT)
    picture.write_text(as_picture(results))
    figures.write_text(as_json(results))


if __name__ == "__main__":
    end_in_order()
    sys.exit(main(sys.argv[1:]))

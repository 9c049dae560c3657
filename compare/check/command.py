"""``python -m compare check FILE.toml``: which promises of session handling an application keeps.

Exit status 0: every promise that could be tried is kept. 1: one is broken. 2: asked for in a wrong
way, or the application cannot be used, or did what its file does not say.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from ..experiment import Experiment
from .address import refuse_others
from .described_target import DescribedTarget
from .description import Description, Unusable, read, with_a_port
from .table import as_json, print_checked
from .trial import BROKEN, CHECKS, Checked, most_requests, trial

_EXAMPLE = Path(__file__).parent / "example.toml"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.example:
        sys.stdout.write(_EXAMPLE.read_text())
        return 0
    if options.list:
        for each in CHECKS:
            print(f"{each.name:<16} {each.clause:<24} {each.question}")
        return 0
    if options.file is None:
        parser.error("which application? Give its FILE.toml; --example prints one to start from")
    try:
        description = read(options.file)
        if not options.i_own_this:
            refuse_others(with_a_port(description.url))
        return _check(description, options.only, json=options.json)
    except Unusable as error:
        parser.error(str(error))


def _check(description: Description, experiments: Sequence[Experiment], *, json: bool) -> int:
    console = Console(stderr=json, width=None if sys.stdout.isatty() else 120)
    most = most_requests(description, experiments)
    print(f"{description.name}: sending at most {most:,} requests.", file=sys.stderr, flush=True)
    checked: list[Checked] = []
    with DescribedTarget(description) as target, console.status("") as status:
        for each in trial(target, experiments, lambda now: status.update(f"{now.title} …")):
            checked.append(each)
    if json:
        print(as_json(description.name, target.sent, checked))
    else:
        print_checked(console, description.name, checked)
    return status_of(checked)


def status_of(checked: Sequence[Checked]) -> int:
    """Return the exit status."""
    if any(each.verdict == BROKEN for each in checked):
        return 1
    return 2 if any(each.strange for each in checked) else 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m compare check", description=__doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE.toml")
    parser.add_argument(
        "--only",
        metavar="NAME[,NAME…]",
        type=_named,
        default=CHECKS,
        help="try only these",
    )
    parser.add_argument("--list", action="store_true", help="list what is tried")
    parser.add_argument("--json", action="store_true", help="print JSON, with every exchange")
    parser.add_argument("--example", action="store_true", help="print a file to start from")
    parser.add_argument(
        "--i-own-this",
        action="store_true",
        help="try an application on another machine, which must be yours",
    )
    return parser


def _named(text: str) -> tuple[Experiment, ...]:
    by_name = {experiment.name: experiment for experiment in CHECKS}
    unknown = [name for name in text.split(",") if name not in by_name]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no {' or '.join(unknown)}: --list lists them")
    return tuple(by_name[name] for name in dict.fromkeys(text.split(",")))

"""``python -m compare``: every experiment against both applications, and what belongs where.

``python -m compare check FILE.toml`` is about anyone's application instead, and ``python -m compare
peers`` about the session layers people use.

Exit status 0: everything is as promised. 1: something is not. 2: asked for in a wrong way, or
something needed is not there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from .check.main import main as check
from .experiment import Experiment
from .experiments import EXPERIMENTS
from .peers.command import main as peers
from .processes import end_in_order
from .reports.as_json import as_json
from .reports.page import as_page
from .reports.terminal import ProgressShown, print_run
from .run import run
from .targets import APPLICATIONS

_COMMANDS = {"check": check, "peers": peers}
_NEEDED = ("memcached", "wrk")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    if arguments and (command := _COMMANDS.get(arguments[0])):
        return command(arguments[1:])
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list:
        _list()
        return 0
    missing = [tool for tool in _NEEDED if shutil.which(tool) is None]
    if missing:
        parser.error(f"please install {' and '.join(missing)}")
    files = [options.out / name for name in ("report.json", "report.html")]
    files += [Path(options.json)] if options.json not in {None, "-"} else []
    try:
        _make_room(files)
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    return _run(options.only, options.json, options.out)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m compare", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--only",
        metavar="NAME[,NAME…]",
        type=_named,
        default=EXPERIMENTS,
        help="carry out these experiments and no others",
    )
    parser.add_argument("--list", action="store_true", help="list the experiments")
    parser.add_argument(
        "--json", metavar="FILE", help="write report.json there as well; - prints it and no table"
    )
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        default=Path("build/compare"),
        help="where report.json and report.html go (default: build/compare)",
    )
    return parser


def _named(text: str) -> tuple[Experiment, ...]:
    by_name = {experiment.name: experiment for experiment in EXPERIMENTS}
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"“{text}” has a comma without a name beside it")
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"there is no experiment {' or '.join(unknown)}: --list lists them"
        )
    return tuple(by_name[name] for name in dict.fromkeys(names))


def _make_room(files: Sequence[Path]) -> None:
    """Make sure before anything is tried that the reports can be written afterwards."""
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.open("a").close()


def _list() -> None:
    for experiment in EXPERIMENTS:
        print(f"{experiment.name:<18} {experiment.question}")


def _run(experiments: Sequence[Experiment], json: str | None, out: Path) -> int:
    console = Console(stderr=json == "-", width=None if sys.stdout.isatty() else 120)
    total = len(experiments) * len(APPLICATIONS)
    with ProgressShown(console, total) as progress:
        found = run(APPLICATIONS, experiments, watch=progress)
    report = as_json(found)
    (out / "report.json").write_text(report)
    (out / "report.html").write_text(as_page(found))
    if json == "-":
        sys.stdout.write(report)
    else:
        print_run(console, found)
        console.print(f"Reports: {out / 'report.html'} and {out / 'report.json'}")
    if json not in {None, "-"}:
        Path(json or "").write_text(report)
    return 0 if found.verdict.passed else 1


if __name__ == "__main__":
    end_in_order()
    sys.exit(main(sys.argv[1:]))

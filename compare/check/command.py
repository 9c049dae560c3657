"""``session-check FILE.toml``: which promises of session handling an application keeps.

Exit status 0: every promise that was tried is kept, and none that matters most was left out. 1: one
is broken, and no baseline knows it. 2: asked for in a wrong way, or the application cannot be used,
or did what its file does not say. 3: an experiment that no check is whole without was not tried.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from ..experiment import Experiment
from ..harmless import one_line
from .address import refuse_others
from .as_json import Fingerprint, as_json, baseline, fingerprint
from .described_target import DescribedTarget
from .description import Unusable, read, with_a_port
from .explain import explained
from .reports import FORMATS, Reports
from .table import print_checked
from .trial import BROKEN, CHECKS, Checked, most_requests, trial

_EXAMPLE = Path(__file__).parent / "example.toml"


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: {one_line(message, 600)}\n")


def check(arguments: Sequence[str], prog: str = "python -m compare check") -> int:
    """Run the command; return its exit status."""
    parser = _parser(prog)
    options = parser.parse_args(arguments)
    if options.example:
        sys.stdout.write(_EXAMPLE.read_text(encoding="utf-8"))
        return 0
    if options.list:
        _list()
        return 0
    if options.file is None:
        parser.error("which application? Give its FILE.toml; --example prints one to start from")
    try:
        description = read(options.file)
        if options.explain:
            print("\n".join(explained(description, options.only)))
            return 0
        if not options.i_own_this:
            refuse_others(with_a_port(description.url))
        known = baseline(options.baseline) if options.baseline else ()
        with DescribedTarget(description) as target:
            return _Run(options, target, known).go()
    except (Unusable, OSError) as error:
        parser.error(str(error))


class _Run:
    """A run of the command on ``target``; ``known`` is what a baseline has."""

    def __init__(
        self,
        options: argparse.Namespace,
        target: DescribedTarget,
        known: Collection[Fingerprint],
    ) -> None:
        self._options = options
        self._target = target
        self._known = known
        self._checked: list[Checked] = []
        self._reports = Reports(options, target, known)

    def go(self) -> int:
        """Try everything; what was found is said and written however it ends."""
        description, only = self._target.description, self._options.only
        most = most_requests(description, only)
        name = one_line(description.name)
        print(f"{name}: sending at most {most:,} requests.", file=sys.stderr, flush=True)
        ended = "it was interrupted"
        try:
            self._try(only)
            ended = ""
        except Unusable as error:
            if not self._checked:
                raise
            ended = one_line(str(error), 600)
            print(f"session-check: {ended}", file=sys.stderr)
        finally:
            if self._checked:
                self._say(ended)
        status = status_of(self._checked, self._known, self._options.allow_untried)
        return 2 if ended and status != 1 else status

    def _try(self, only: Sequence[Experiment]) -> None:
        console = Console(stderr=True)
        with console.status("") as status:
            for each in trial(self._target, only, lambda now: status.update(f"{now.title} …")):
                self._checked.append(each)
                self._reports.write(self._checked, "it is not over")

    def _say(self, ended: str) -> None:
        self._reports.write(self._checked, ended)
        name = self._target.description.name
        if self._options.json:
            print(as_json(name, self._target.sent, self._checked, ended))
            return
        console = Console(width=None if sys.stdout.isatty() else 120)
        print_checked(console, name, self._checked, self._known)


def status_of(
    checked: Sequence[Checked],
    known: Collection[Fingerprint] = (),
    allow_untried: bool = False,
) -> int:
    """Return the exit status."""
    if any(each.verdict == BROKEN and fingerprint(each) not in known for each in checked):
        return 1
    if any(each.strange for each in checked):
        return 2
    return 3 if not allow_untried and any(each.is_missing for each in checked) else 0


def _list() -> None:
    for each in CHECKS:
        core = "core " if each.core else ""
        print(f"{each.name:<16} {each.clause:<24} {core}{each.question}")


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog=prog, description=__doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE.toml")
    parser.add_argument(
        "--only", metavar="NAME[,NAME…]", type=_named, default=CHECKS, help="try only these"
    )
    for flag, told in _FLAGS.items():
        parser.add_argument(flag, action="store_true", help=told)
    for name, told in FORMATS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write {told}")
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="fail on what is new only")
    return parser


_FLAGS = {
    "--list": "list what is tried",
    "--explain": "say what each experiment takes, and what the file lacks for it",
    "--example": "print a file to start from",
    "--json": "print JSON, with every exchange",
    "--allow-untried": "take no exception to what was not tried",
    "--i-own-this": "try an application on another machine, which must be yours",
}


def _named(text: str) -> tuple[Experiment, ...]:
    by_name = {experiment.name: experiment for experiment in CHECKS}
    unknown = [name for name in text.split(",") if name not in by_name]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no {' or '.join(unknown)}: --list lists them")
    return tuple(by_name[name] for name in dict.fromkeys(text.split(",")))

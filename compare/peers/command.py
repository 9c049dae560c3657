"""``python -m compare peers``: the session layers people use, and this project's, in one table.

Exit status 0: this project's server session keeps every promise. 1: it does not. 2: asked for in a
wrong way, or a peer could not be tried.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from ..check.described_target import DescribedTarget
from ..check.description import Unusable, read
from ..check.side_by_side import as_json, as_page, as_rst, print_side_by_side
from ..check.trial import CHECKS, KEPT, Checked, trial
from .environments import FOLDER, prepare

#: The columns: this project's applications first.
OURS = ("ours_session", "ours_cookie")
PEERS = (
    "express_session",
    "flask_session",
    "starsessions",
    "django_cached",
    "cookie_session",
    "flask_cookie",
    "tornado_signed",
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    parser = _Parser(prog="python -m compare peers", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="PEER[,PEER…]", help=f"of {', '.join((*OURS, *PEERS))}")
    parser.add_argument("--out", type=Path, default=Path("build/compare"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    chosen = options.only.split(",") if options.only else [*OURS, *PEERS]
    if unknown := [each for each in chosen if each not in {*OURS, *PEERS}]:
        parser.error(f"there is no peer {' or '.join(unknown)}: {', '.join((*OURS, *PEERS))}")
    started_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        found = dict(_checked(peer) for peer in chosen)
    except (Unusable, OSError) as error:
        parser.error(str(error))
    (options.out / "peers.json").write_text(as_json(found, started_at))
    (options.out / "peers.html").write_text(as_page(found, started_at))
    (options.out / "peers.rst").write_text(as_rst(found))
    print_side_by_side(Console(width=None if sys.stdout.isatty() else 180), found)
    print(f"Reports: {options.out / 'peers.html'}, peers.json and peers.rst beside it")
    ours = next(iter(found.values())) if chosen[0] == OURS[0] else ()
    return 0 if all(each.verdict == KEPT for each in ours) else 1


def _checked(peer: str) -> tuple[str, list[Checked]]:
    if peer not in OURS:
        prepare(peer)
    description = read(FOLDER / (f"{peer}.toml" if peer in OURS else f"{peer}/check.toml"))
    print(f"trying {description.name} ...", file=sys.stderr, flush=True)
    with DescribedTarget(description) as target:
        return description.name, list(trial(target, CHECKS))

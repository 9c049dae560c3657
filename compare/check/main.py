"""``session-check``: check an application, make its file of a recording, or try the file first.

``session-check FILE.toml``        which promises of session handling it keeps
``session-check record LOGIN.har`` its file, of a recording of a sign-in, a visit and a sign-out
``session-check doctor FILE.toml`` each request of its file once, and what does not fit
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..processes import end_in_order
from .address import refuse_others
from .command import Parser, check
from .described_target import DescribedTarget
from .description import Unusable, read, with_a_port
from .doctor import examined
from .har import read_har
from .record import PASSWORD_ENV, as_toml
from .recorded import find


def main(arguments: Sequence[str], prog: str = "python -m compare check") -> int:
    """Run the command; return its exit status."""
    if arguments and (command := _COMMANDS.get(arguments[0])):
        return command(arguments[1:], f"{prog} {arguments[0]}")
    return check(arguments, prog)


def entry() -> int:
    """Run what ``session-check`` was called with."""
    end_in_order()
    return main(sys.argv[1:], "session-check")


def _record(arguments: Sequence[str], prog: str) -> int:
    parser = Parser(prog=prog, description="Make a file of a recording (HAR).")
    parser.add_argument("har", type=Path, metavar="LOGIN.har")
    parser.add_argument("--out", type=Path, metavar="FILE.toml", help="write it there")
    options = parser.parse_args(arguments)
    try:
        text = as_toml(find(read_har(options.har)))
        if options.out is None:
            sys.stdout.write(text)
            return 0
        with options.out.open("x", encoding="utf-8") as file:  # a file of somebody's is not lost
            file.write(text)
        _tell(options.out)
    except (Unusable, OSError) as error:
        parser.error(str(error))
    return 0


def _tell(file: Path) -> None:
    told = f"{file} is made. Set {PASSWORD_ENV}, then: session-check doctor {file}"
    print(told, file=sys.stderr)


def _doctor(arguments: Sequence[str], prog: str) -> int:
    parser = Parser(prog=prog, description="Try each request of a file once.")
    parser.add_argument("file", type=Path, metavar="FILE.toml")
    parser.add_argument("--i-own-this", action="store_true", help="it is on a machine of yours")
    options = parser.parse_args(arguments)
    try:
        description = read(options.file)
        if not options.i_own_this:
            refuse_others(with_a_port(description.url))
        with DescribedTarget(description) as target:
            fits = [_print(*each) for each in examined(target)]
        return 0 if all(fits) else 2
    except (Unusable, OSError) as error:
        parser.error(str(error))


def _print(fits: bool, sentence: str) -> bool:
    print(f"{'✓' if fits else '✗'} {sentence}", flush=True)
    return fits


_COMMANDS: dict[str, Callable[[Sequence[str], str], int]] = {"record": _record, "doctor": _doctor}

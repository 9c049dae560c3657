"""Having a contender loaded: one figure.

Rule 1: where a machine is so busy that nobody was answered in the time, it is tried for longer:
that is not the contender's doing. Answers that are refusals are, and are counted.
"""

from __future__ import annotations

from pathlib import Path

from ..load import Load, NobodyAnswered, tolerant_load
from .contenders import BARE, WRITE
from .served import Served

#: Seconds; whom nobody has answered in as many is away.
_LONGEST = 16


def ask(
    served: Served, case: str, jar: Path, *, connections: int, seconds: int, start: int = 0
) -> Load:
    """Have it asked for ``case`` for some seconds, with the cookies of a jar from ``start`` on."""
    path, method = "bare" if case == BARE else "cart", "POST" if case == WRITE else "GET"
    try:
        return tolerant_load(
            f"{served.url}/{path}",
            served.pids,
            jar,
            method=method,
            connections=connections,
            seconds=seconds,
            start=start,
        )
    except NobodyAnswered:
        if seconds >= _LONGEST:
            raise
    return ask(served, case, jar, connections=connections, seconds=4 * seconds, start=start)

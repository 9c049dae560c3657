"""What each experiment takes, and what a file lacks for it: ``--explain``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..experiment import Experiment
from .placeholders import uses
from .tables import Description

#: What a table is for, for whoever has not got it.
_WHAT = {
    "write": "a request that writes something: [write]",
    "read": "a page that shows what was written: [read]",
    "password": "a request that changes the password: [password]",
    "store": "a store that is started with it: [store] and [start]",
    "timeouts.idle": "the idle time-out, short: idle in [timeouts]",
    "timeouts.absolute": "the absolute time-out, short: absolute in [timeouts]",
}
_SEVERAL = frozenset({"lost-update", "capacity"})


def explained(description: Description, experiments: Sequence[Experiment]) -> Iterator[str]:
    """Yield a line for each experiment."""
    for each in experiments:
        lacking = [*_lacking(description, each)]
        told = f"needs {'; '.join(lacking)}" if lacking else "can be tried"
        core = " (core)" if each.core else ""
        yield f"{each.name:<16} {told}{core}"


def _lacking(description: Description, experiment: Experiment) -> Iterator[str]:
    for need in experiment.needs:
        table, _, field = need.partition(".")
        value = getattr(description, table)
        if value is None or (field and getattr(value, field) is None):
            yield _WHAT[need]
    if experiment.name in _SEVERAL and description.write and not uses(description.write, "key"):
        yield "several values at the same time: {key} in [write]"

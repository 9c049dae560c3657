"""What was measured, and what follows from it: overheads and ratios. Pure.

Rule 1: figures are compared within a round, never across: a ratio is one for each round, and told
with its median, the least and the greatest.
Rule 2: a layer's overhead is processor time of a request less that of the same framework alone in
the same round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..findings import Figures
from ..load import Load
from .contenders import BARE, COOKIE, NOTHING, READ, WRITE, Contender
from .grown import CONNECTIONS, Grown, Growth

#: Connections in every round; figures are at as many unless another number is said.
USUAL = 64

What = Literal["microseconds", "per_second", "p50", "p99", "share"]
#: What is measured of a request, and its unit.
UNITS: Mapping[What, str] = {
    "microseconds": "µs of processor time a request",
    "per_second": "requests a second",
    "p50": "ms, median latency",
    "p99": "ms, 99 of 100 are not slower",
    "share": "of a processor that it had; where it is much less than 1, it waited for something",
}


@dataclass(frozen=True)
class Sample:
    """What one load found: a contender asked for ``case`` over ``connections``, in a round.

    ``microseconds`` of processor time, ``p50`` and ``p99`` are latency in milliseconds, ``errors``
    requests without a 2xx, ``lost`` those of them without any answer.
    """

    case: str
    connections: int
    round: int
    requests: int
    per_second: float
    microseconds: float
    p50: float
    p99: float
    errors: int
    lost: int = 0

    @property
    def share(self) -> float:
        """How much of a processor it had meanwhile."""
        return round(self.microseconds * self.per_second / 1e6, 3)

    @classmethod
    def of(cls, load: Load, case: str, connections: int, number: int) -> Sample:
        """Return it with what the load counted."""
        return cls(
            case,
            connections,
            number,
            *(load.requests, round(load.per_second, 1)),
            round(load.microseconds, 2),
            round(load.milliseconds, 3),
            round(load.milliseconds_99, 3),
            *(load.errors, load.lost),
        )


@dataclass(frozen=True)
class Entry:
    """A contender, and what was found of it or why it was left out.

    ``memory`` are bytes of its process after all rounds, ``store_bytes`` those that its store takes
    for a session; None where nobody can tell.
    """

    name: str
    title: str
    framework: str
    store: str
    ours: bool
    versions: tuple[str, ...]
    left_out: str = ""
    samples: tuple[Sample, ...] = field(default=(), repr=False)
    memory: int = 0
    store_bytes: float | None = None

    @classmethod
    def of(cls, contender: Contender, **found: object) -> Entry:
        """Return the entry of a contender, with what was found."""
        which = (contender.name, contender.title, contender.framework, contender.store)
        return cls(*which, contender.is_ours, contender.versions, **found)  # type: ignore[arg-type]

    @property
    def is_bare(self) -> bool:
        """Whether it is a framework alone."""
        return self.name == self.framework

    @property
    def errors(self) -> int:
        """How many requests were not answered with 2xx."""
        return sum(sample.errors for sample in self.samples)

    def by_round(self, what: What, case: str, connections: int = USUAL) -> dict[int, float]:
        """Return one of its figures in each round in which anybody was answered."""
        return {
            sample.round: float(getattr(sample, what))
            for sample in self.samples
            if (sample.case, sample.connections) == (case, connections) and sample.requests
        }

    def figures(self, what: What, case: str, connections: int = USUAL) -> Figures | None:
        """Return the same with their spread, None where there are none."""
        return _figures(UNITS[what], self.by_round(what, case, connections).values())

    def errors_of(self, case: str, connections: int) -> int:
        """Return the same of one case over so many connections."""
        asked = (case, connections)
        return sum(each.errors for each in self.samples if (each.case, each.connections) == asked)

    def connections(self, case: str) -> list[int]:
        """Return over how many connections it was asked for ``case``."""
        return sorted({each.connections for each in self.samples if each.case == case})

    def grown(self) -> Growth:
        """Return how its cost grows with connections."""
        return Growth(
            CONNECTIONS,
            tuple(
                Grown(
                    *(self.tier, each.case, each.connections, each.round),
                    *(each.per_second, each.microseconds, each.errors),
                )
                for each in self.samples
                if each.requests
            ),
        )

    @property
    def tier(self) -> str:
        """What keeps its carts, in a word."""
        return "signed cookie" if self.store == COOKIE else "server session"


@dataclass(frozen=True)
class Comparison:
    """One of ours beside another: its overhead and its requests a second over the other's."""

    mine: Entry
    other: Entry
    case: str
    overhead: Figures | None
    rate: Figures | None


@dataclass(frozen=True)
class Results:
    """What a run found. ``seconds`` is how long it took, ``cart_bytes`` the size of each cart."""

    entries: tuple[Entry, ...]
    machine: Mapping[str, str]
    started_at: str
    seconds: float
    rounds: int
    sessions: int
    cart_bytes: int
    growth: tuple[Growth, ...] = ()

    def entry(self, name: str) -> Entry | None:
        """Return the entry of a contender that was measured, or None."""
        return next((each for each in self.measured if each.name == name), None)

    @property
    def measured(self) -> list[Entry]:
        """Those that were not left out."""
        return [each for each in self.entries if not each.left_out]

    @property
    def left_out(self) -> list[Entry]:
        """Those that were."""
        return [each for each in self.entries if each.left_out]

    def comparisons(self) -> list[Comparison]:
        """Return each of ours beside every other layer on the same kind of store."""
        return [
            Comparison(mine, other, case, *self._compared(mine.name, other.name, case))
            for mine in self.layers
            for other in self.layers
            for case in (READ, WRITE)
            if mine.ours and not other.ours and mine.store == other.store
        ]

    @property
    def layers(self) -> list[Entry]:
        """Those measured that keep something."""
        return [each for each in self.measured if each.store != NOTHING]

    def overhead(self, name: str, case: str) -> Figures | None:
        """Return a layer's overhead in µs, round by round; None where one side was not measured."""
        return _figures(UNITS["microseconds"], self._overheads(name, case).values())

    def of_overhead(self, name: str, other: str, case: str) -> Figures | None:
        """Return the overhead of one layer over that of another, both of the same round."""
        return _paired(self._overheads(name, case), self._overheads(other, case))

    def of_rate(self, name: str, other: str, case: str) -> Figures | None:
        """Return the requests a second of one over those of another, both of the same round."""
        return _paired(self._rates(name, case), self._rates(other, case))

    def of_bare_rate(self, name: str, case: str) -> Figures | None:
        """Return the requests a second of a layer over those of its framework alone."""
        entry = self.entry(name)
        bare = self._rates(entry.framework, BARE) if entry else {}
        return _paired(self._rates(name, case), bare)

    def _compared(self, mine: str, other: str, case: str) -> tuple[Figures | None, Figures | None]:
        return self.of_overhead(mine, other, case), self.of_rate(mine, other, case)

    def _rates(self, name: str, case: str) -> dict[int, float]:
        entry = self.entry(name)
        return entry.by_round("per_second", case) if entry else {}

    def _overheads(self, name: str, case: str) -> dict[int, float]:
        entry = self.entry(name)
        bare = self.entry(entry.framework) if entry else None
        if entry is None or bare is None:
            return {}
        full, alone = entry.by_round("microseconds", case), bare.by_round("microseconds", BARE)
        return _by_round(full, alone, lambda mine, theirs: mine - theirs)


def _paired(mine: dict[int, float], theirs: dict[int, float]) -> Figures | None:
    """Return the ratios, one for each round in which the divisor is something."""
    some = {number: value for number, value in theirs.items() if value > 0}
    return _figures("times", _by_round(mine, some, lambda one, other: one / other).values())


def _by_round(
    mine: dict[int, float], theirs: dict[int, float], join: Callable[[float, float], float]
) -> dict[int, float]:
    return {number: join(mine[number], theirs[number]) for number in mine if number in theirs}


def _figures(unit: str, numbers: Iterable[float]) -> Figures | None:
    found = tuple(numbers)
    return Figures(unit, unit, found) if found else None

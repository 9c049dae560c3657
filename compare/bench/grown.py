"""How cost grew: numbers, curves, and a sentence for each. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from ..findings import Figures
from ..reports.words import number
from .words import times

SESSIONS, STATE, PROCESSES, NODES = "sessions", "state", "processes", "nodes"
CONNECTIONS = "connections"
#: Bytes of each session, where there are very many.
SMALL = 200


@dataclass(frozen=True)
class Grown:
    """What one load found at ``x``: sessions, bytes of state, processes or nodes.

    ``microseconds`` of processor time a request; ``store_bytes`` a session where they were weighed.
    """

    tier: str
    case: str
    x: float
    round: int
    per_second: float
    microseconds: float
    errors: int
    store_bytes: float | None = None


@dataclass(frozen=True)
class Growth:
    """How cost grew with one thing, or why that was not measured."""

    what: str
    samples: tuple[Grown, ...] = field(default=(), repr=False)
    left_out: str = ""

    @property
    def series(self) -> list[tuple[str, str]]:
        """The tiers and cases that there are figures of."""
        return list(dict.fromkeys((each.tier, each.case) for each in self.samples))

    def curve(self, tier: str, case: str, what: str = "per_second") -> list[tuple[float, float]]:
        """Return the median at every place, from the least to the greatest."""
        places = sorted({each.x for each in self._of(tier, case)})
        return [(x, median(self._at(tier, case, x, what).values())) for x in places]

    def ratio(self, tier: str, case: str, what: str = "per_second") -> Figures | None:
        """Return what is at the end over what is at the beginning, both of the same round."""
        places = [x for x, _ in self.curve(tier, case)]
        if len(places) < 2:
            return None
        first, last = (self._at(tier, case, x, what) for x in (places[0], places[-1]))
        ratios = tuple(last[each] / first[each] for each in last if first.get(each))
        return Figures(what, "times", ratios) if ratios else None

    def sentences(self) -> Iterator[str]:
        """Yield what there is to say: one for each series, then what else a reader has to know."""
        for tier, case in self.series:
            if self.ratio(tier, case) is not None:
                yield self._sentence(tier, case)
        weighed = {each.x: each.store_bytes for each in self.samples if each.store_bytes}
        if weighed:
            most = max(weighed)
            yield (
                f"Of {number(most)} sessions of about {SMALL} bytes each takes "
                f"{weighed[most] or 0:,.0f} bytes of memcached, its own overhead included."
            )
        if self.what == PROCESSES and self.samples:
            yield "They share the processors with the load and the store."
        if errors := sum(each.errors for each in self.samples):
            yield f"{errors:,} requests were not answered with 2xx."

    def _sentence(self, tier: str, case: str) -> str:
        (first, _), *_, (last, _) = self.curve(tier, case)
        rate, spent = (self.ratio(tier, case, what) for what in ("per_second", "microseconds"))
        return (
            f"{_CASES[case]} a {tier}, {_places(self.what, first, last)}: "
            f"{times(rate)} of the requests a second, {times(spent)} of the processor time."
        )

    def _of(self, tier: str, case: str) -> list[Grown]:
        return [each for each in self.samples if (each.tier, each.case) == (tier, case)]

    def _at(self, tier: str, case: str, x: float, what: str) -> dict[int, float]:
        of = self._of(tier, case)
        return {each.round: float(getattr(each, what)) for each in of if each.x == x}


_CASES = {"read": "Reading", "write": "Writing"}


def _places(what: str, first: float, last: float) -> str:
    unit = {STATE: "bytes"}.get(what, what)
    return f"{number(last)} {unit} against {number(first)}"

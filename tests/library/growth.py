"""How the work on an input grows with it: by processor time, the least of several runs.

Eight times the input is eight times the work where it is proportionate, and 64 times where every
part of it is looked at once for every other. A busy neighbour makes a run longer, and never
shorter: what seems too much is tried more often, each size in turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

TIMES = 8
#: More than proportionate, with room for what a neighbour does to caches; far from ``TIMES**2``.
MOST = 32

_RUNS, _MOST_RUNS = 5, 25
#: Seconds of processor time that are measured well.
_ENOUGH = 0.002


def growth(work: Callable[[Any], object], make: Callable[[int], Any], size: int) -> float:
    """Return how many times the work on ``make(size)`` that on ``make(8 * size)`` is."""
    small, large = make(size), make(TIMES * size)
    again = 1
    while (least := _seconds(work, small, again)) < _ENOUGH:
        again *= 2
    most = _seconds(work, large, 1)
    for run in range(1, _MOST_RUNS):
        if run >= _RUNS and most * again <= MOST * least:
            break
        least = min(least, _seconds(work, small, again))
        most = min(most, _seconds(work, large, 1))
    return most * again / least


def _seconds(work: Callable[[Any], object], given: Any, times: int) -> float:
    began = time.thread_time()
    for _ in range(times):
        work(given)
    return time.thread_time() - began

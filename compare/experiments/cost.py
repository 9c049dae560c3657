"""Cost per request: the same handler with a visitor's state and without any.

``GET /preferences`` answers the same bytes in both cases: the visitors' preferences are what they
are by default, but kept. So the difference is the state's and nothing else's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..browser import cookie_header
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome
from ..load import Load, load, pin

if TYPE_CHECKING:
    from ..targets import Target

NO_LOOKUP, ONE_LOOKUP, MORE = "no lookup", "one lookup", "several lookups"
_VISITORS, _ROUNDS = 100, 5
_CONNECTIONS = 64
#: Of a load by all connections.
_SECONDS = 2
#: What wrk had under way when it stopped was looked up, and is not among its requests.
_UNCOUNTED = 0.5


def run(lab: Lab) -> Outcome:
    """Load the handler with and without state in turns."""
    # What a busy machine takes longer for is to be measured here, not refused.
    target = lab.target("--store-deadline=10")
    pin(target.app.pid, alone=True)
    pin(target.memcached.pid, alone=False)
    cookies = [_keeping_defaults(lab, target) for _ in range(_VISITORS)]
    bare: list[tuple[Load, Load]] = []
    full: list[tuple[Load, Load]] = []
    looked_up = asked = 0
    for _ in range(_ROUNDS):
        bare.append(_round(target, []))
        before = target.memcached.lookups()
        full.append(_round(target, cookies))
        looked_up += target.memcached.lookups() - before
        asked += sum(each.requests for each in full[-1])
    return _outcome(bare, full, looked_up / asked)


def _keeping_defaults(lab: Lab, target: Target) -> str:
    visitor = lab.passer_by(target)
    visitor.prefer(sort="name")
    visitor.prefer(sort="relevance")
    return cookie_header(visitor.jar)


def _round(target: Target, cookies: list[str]) -> tuple[Load, Load]:
    url = f"{target.url}/preferences"
    return (
        load(url, target.app.pid, cookies, connections=_CONNECTIONS, seconds=_SECONDS),
        load(url, target.app.pid, cookies, connections=1, seconds=1),
    )


def _outcome(
    bare: list[tuple[Load, Load]], full: list[tuple[Load, Load]], lookups: float
) -> Outcome:
    more = tuple(
        with_state.microseconds - without.microseconds
        for (with_state, _), (without, _) in zip(full, bare, strict=True)
    )
    microseconds = "µs of processor time a request"
    figures = (
        Figures("without state", microseconds, tuple(each.microseconds for each, _ in bare)),
        Figures("with state", microseconds, tuple(each.microseconds for each, _ in full)),
        Figures("the state's share", microseconds, more),
        Figures("with state, requests", "a second", tuple(each.per_second for each, _ in full)),
        Figures("without state, latency", "ms, median", tuple(one.milliseconds for _, one in bare)),
        Figures("with state, latency", "ms, median", tuple(one.milliseconds for _, one in full)),
        Figures("lookups", "a request", (lookups,)),
    )
    told = f"{figures[2].median:.0f} µs more than {figures[0].median:.0f} µs without state"
    if not lookups:
        return Outcome(NO_LOOKUP, None, f"{told}, and no lookup.", figures)
    told = f"{told}, and {lookups:.2f} lookups a request."
    return Outcome(ONE_LOOKUP if lookups < 1 + _UNCOUNTED else MORE, None, told, figures)


EXPERIMENT = Experiment(
    name="cost",
    title="Cost per request",
    question="What does the state cost the server each time?",
    clause="design: one batched lookup for all requests in flight",
    run=run,
    expected={COOKIE: NO_LOOKUP, SESSION: ONE_LOOKUP},
)

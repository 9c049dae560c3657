"""Store down: memcached is frozen, then gone, then back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import cycle

from ..browser import NoAnswer, Reply
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome
from ..waiting import wait_until

UNAFFECTED = "unaffected"
REFUSED = "503, the cookie kept"
SIGNED_OUT = "taken for signed out"
COOKIE_LOST = "the cookie is gone"
WRONG = "answers as if all were well"
#: Whatever is kept of a visitor.
HANGS = "no answer at all"
_TIMES = 20


def run(lab: Lab) -> Outcome:
    """Use everything that is kept while memcached is well, frozen and gone."""
    target = lab.target()
    visitor = lab.signed_in(target, name="visitor")
    visitor.put(target.skus[0])
    jar = dict(visitor.jar)

    def look() -> Reply:
        passer_by = visitor.copy("passer-by")
        passer_by.jar = dict(jar)
        return passer_by.ask_who()

    well = visitor.ask_everything()
    latency = [_latency("the store well", [look() for _ in range(_TIMES)])]
    try:
        with target.frozen_store():
            frozen = visitor.ask_everything()
            latency.append(_latency("the store frozen", frozen + [look() for _ in range(_TIMES)]))
    except NoAnswer:
        return Outcome(HANGS, False, "While the store was frozen, visitors waited in vain.")
    wait_until(lambda: look().status < 500, "the thawed store answers", pause=0.1)
    with target.no_store():
        gone = visitor.ask_everything()
        latency.append(_latency("the store gone", gone + [look() for _ in range(_TIMES)]))
    with suppress(TimeoutError):  # what it said meanwhile is judged, however long it goes on
        wait_until(lambda: look().status < 500, "the new store answers", pause=0.1)
    outcome = judged(well, frozen + gone, jar_kept=visitor.jar == jar)
    return replace(outcome, figures=tuple(latency))


def _latency(name: str, replies: list[Reply]) -> Figures:
    return Figures(name, "ms until the answer", tuple(1000 * reply.seconds for reply in replies))


def judged(well: list[Reply], away: list[Reply], *, jar_kept: bool) -> Outcome:
    """Return what became of what was asked for while the store was away, any number of times."""
    statuses = {reply.status for reply in away}
    if not jar_kept or any(reply.set_cookies for reply in away):
        return Outcome(COOKIE_LOST, False, "An outage took the visitor's cookie away.")
    if all(_same(now, before) for now, before in zip(away, cycle(well), strict=False)):
        return Outcome(UNAFFECTED, True, "Nobody noticed that the store was away.")
    if 401 in statuses:
        return Outcome(SIGNED_OUT, False, "An outage was taken for a sign-out.")
    if statuses == {503} and all(reply.header("retry-after") for reply in away):
        return Outcome(
            REFUSED,
            False,
            "503 with Retry-After for whatever is kept there; nobody was taken for signed out, "
            "and the cookie was kept.",
        )
    return Outcome(WRONG, False, f"It answered {sorted(statuses)} without what it could not know.")


def _same(now: Reply, before: Reply) -> bool:
    return (now.status, now.body) == (before.status, before.body)


EXPERIMENT = Experiment(
    name="store-down",
    title="Store down",
    question="What still works while the session store does not answer, and what is said?",
    clause="ASVS 16.5.2",
    capability="outage_proof",
    run=run,
    expected={COOKIE: UNAFFECTED, SESSION: REFUSED},
    kept=frozenset({UNAFFECTED, REFUSED}),
    most_requests=300,
)

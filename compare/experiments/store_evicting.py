"""Store evicting: memcached is full and throws out who has not been there for the longest."""

from __future__ import annotations

from dataclasses import replace

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome
from ..waiting import wait_until
from .store_restarted import TOLD, UNAFFECTED, after_the_loss

_MEGABYTES = 8
_CROWD = 100_000


def run(lab: Lab) -> Outcome:
    """Sign in, fill a memcached of 8 MB with records of the same size, go on."""
    target = lab.target(memcached=("-m", str(_MEGABYTES)))
    visitor = lab.signed_in(target, name="visitor")
    records = target.memcached.records()
    size = max(map(len, records.values()), default=300)

    def evicted() -> bool:
        target.memcached.crowd_out(size, _CROWD)
        return not records.keys() & target.memcached.keys().keys()

    wait_until(evicted, "memcached evicts a record that is not used")
    evictions = target.memcached.counters()["evictions"]
    outcome = after_the_loss(visitor, f"A full store evicted {evictions:,} records")
    return replace(outcome, figures=(Figures("evictions counted", "records", (evictions,)),))


EXPERIMENT = Experiment(
    name="store-evicting",
    title="Store evicting",
    question="What becomes of whoever is signed in when the store runs full?",
    clause="ASVS 16.5.2",
    run=run,
    expected={COOKIE: UNAFFECTED, SESSION: TOLD},
)

"""Results as a measurement finds them, made up, for tests of what follows from them."""

from __future__ import annotations

from dataclasses import replace

from compare.bench.contenders import BARE, CONTENDERS, READ, WRITE
from compare.bench.grown import NODES, SESSIONS, STATE, Grown, Growth
from compare.bench.results import Entry, Results, Sample

MACHINE = {
    "processor": "a processor",
    "processors": "2",
    "load": "0.10",
    "system": "Linux",
    "python": "3.11",
    "tornado": "6",
    "memcached": "1.6",
}
#: µs a request alone, reading and writing, by the round.
SPENT = {
    "tornado": {BARE: (100, 200)},
    "express": {BARE: (120, 130)},
    "ours_memcached": {READ: (120, 230), WRITE: (130, 240)},
    "express_memcached": {READ: (200, 330), WRITE: (220, 330)},
    "ours_memory": {READ: (115, 220), WRITE: (125, 230)},
    "ours_cookie": {READ: (110, 215), WRITE: (115, 220)},
    "express_cookie": {READ: (180, 190), WRITE: (200, 210)},
}
WRONG = "<b>odd</b> & <i>ends</i>"


def entry(name: str) -> Entry:
    """Return what was found of one of them: as many requests a second as its time allows."""
    samples = [
        Sample(case, connections, at, 900, 1e6 / spent, spent, 2.0, 0.1 * connections, 0)
        for case, of_rounds in SPENT[name].items()
        for at, spent in enumerate(of_rounds)
        for connections in ((64,) if case == BARE or at else (1, 64, 1024))
    ]
    stored = {"memcached": 608.0, "cookie": 0.0}.get(CONTENDERS[name].store)
    found = Entry.of(CONTENDERS[name], samples=tuple(samples), memory=2**25, store_bytes=stored)
    return replace(found, versions=("a 1.0",))


def grown(tier: str, case: str, *points: tuple[float, float]) -> tuple[Grown, ...]:
    """Return two rounds of the requests a second at these places."""
    return tuple(
        Grown(tier, case, x, at, rate * (1 + at), 1e6 / rate, 0, 390.0)
        for at in range(2)
        for x, rate in points
    )


GROWTH = (
    Growth(SESSIONS, grown("server session", READ, (1e3, 2000), (1e6, 1900))),
    Growth(
        STATE,
        grown("server session", READ, (100, 2000), (64_000, 200))
        + grown("server session", WRITE, (100, 1500), (64_000, 100))
        + grown("signed cookie", READ, (100, 2500), (2_800, 2000)),
    ),
    Growth(NODES, left_out=WRONG),
)
RESULTS = Results(
    (*map(entry, SPENT), Entry.of(CONTENDERS["fastify_redis"], left_out=WRONG)),
    MACHINE,
    "2026-01-01T00:00:00Z",
    61.0,
    rounds=2,
    sessions=500,
    cart_bytes=330,
    growth=GROWTH,
)
#: The same where nothing could be measured.
NOTHING = replace(
    RESULTS,
    entries=tuple(Entry.of(each, left_out="no memcached") for each in CONTENDERS.values()),
    growth=(),
)

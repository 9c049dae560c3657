"""Weight in the store: what each visitor takes there, and what one does who only looks."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome

NOTHING, ONE_EACH = "nothing", "one record each"
READERS_TOO = "a record for readers, too"
_ROUNDS, _VISITORS = 5, 60


def run(lab: Lab) -> Outcome:
    """Have visitors look, then visitors who fill a cart; weigh the store before and after."""
    target = lab.target()
    items, _ = _weigh(lab)
    for _ in range(_VISITORS):
        visitor = lab.passer_by(target)
        visitor.cart()
        visitor.preferences()
    readers = _weigh(lab)[0] - items
    weights, records = [], 0
    for _ in range(_ROUNDS):
        before = _weigh(lab)
        for _ in range(_VISITORS):
            lab.passer_by(target).put(target.skus[0])
        after = _weigh(lab)
        records += after[0] - before[0]
        weights.append((after[1] - before[1]) / _VISITORS)
    lab.visitor(target, "visitor").put(target.skus[0])
    figures = Figures(f"a visitor with one item, mean of {_VISITORS}", "bytes", tuple(weights))
    if readers:
        return Outcome(READERS_TOO, False, f"{readers} records for visitors who only looked.")
    if not records:
        return Outcome(NOTHING, True, "Visitors leave nothing in the store.", (figures,))
    return Outcome(
        ONE_EACH,
        False,
        f"A visitor with something in the cart takes {figures.median:.0f} bytes of the store; "
        "one who only looks takes none.",
        (figures,),
    )


def _weigh(lab: Lab) -> tuple[int, int]:
    counters = lab.target().memcached.counters()
    return counters["curr_items"], counters["bytes"]


EXPERIMENT = Experiment(
    name="store-weight",
    title="Weight in the store",
    question="What does a visitor cost the server's memory?",
    clause="design: a signed cookie costs the server nothing",
    capability="stateless",
    run=run,
    expected={COOKIE: NOTHING, SESSION: ONE_EACH},
)

"""Failed save: the store goes away while a change is under way.

All of the change has been read but the last byte when it goes.
"""

from __future__ import annotations

from .. import demands
from ..browser import NoAnswer
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome
from ..shop_visitor import ShopVisitor
from ..waiting import wait_until

KEPT = "confirmed and kept"
REFUSED = "refused"
LOST = "confirmed and lost"
HANGS = "no answer at all"
_TRIES = 5


def run(lab: Lab) -> Outcome:
    """Begin a change, take the store away, end the change; bring the store back and look. Often."""
    for number in range(_TRIES):
        outcome = _tried(lab, number)
        if outcome.word in {LOST, HANGS}:
            break
    return outcome


def _tried(lab: Lab, number: int) -> Outcome:
    target = lab.target()
    visitor = lab.signed_in(target, name=f"visitor {1 + number}")
    visitor.put(target.skus[0])
    change = visitor.begin_to_add(target.skus[1])
    lab.let_it_read(visitor.copy("passer-by"))
    with target.no_store():
        try:
            reply = change.finish()
        except NoAnswer as error:
            return _unfinished(error)
    wait_until(lambda: _answers(visitor), "the new store answers", pause=0.1)
    if not visitor.took(reply):
        told = f"The change was answered {reply.status}, so it is known to be lost; {_TRIES} times."
        return Outcome(REFUSED, None, told)
    if target.skus[1] in visitor.cart():
        return Outcome(KEPT, None, f"The change was confirmed, and it is there; {_TRIES} times.")
    return Outcome(LOST, None, f"The answer was {reply.status}, and nothing had been stored.")


def _unfinished(error: NoAnswer) -> Outcome:
    if error.status and error.status < 400:
        return Outcome(
            LOST, None, f"{error.status} was on its way before anything was stored, and no more."
        )
    return Outcome(HANGS, None, f"Whoever made the change waits for an answer in vain: {error}.")


def _answers(visitor: ShopVisitor) -> bool:
    passer_by = visitor.copy("passer-by")
    return passer_by.ask_who().status < 500


EXPERIMENT = Experiment(
    name="failed-save",
    title="Failed save",
    question="Is a change confirmed that could not be stored?",
    clause="ASVS 16.5.3",
    run=run,
    expected={COOKIE: KEPT, SESSION: REFUSED},
    kept=frozenset({KEPT, REFUSED}),
    most_requests=400,
    demand=demands.FAILED_SAVE,
    needs=("store", "write", "read"),
)

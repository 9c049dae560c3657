"""Rollback: yesterday's cookies are sent today."""

from __future__ import annotations

from .. import demands
from ..experiment import COOKIE, SESSION, Experiment, Lab, NotTried
from ..findings import Outcome
from ..shop_visitor import Unexpected

BACK, UNMOVED = "the old state is back", "the state is unmoved"


def run(lab: Lab) -> Outcome:
    """Keep a copy of the cookies, change the cart, and send the copy."""
    target = lab.target()
    visitor = lab.signed_in(target, name="visitor")
    visitor.put(target.skus[0])
    yesterday = lab.copy(visitor, "visitor with yesterday's cookies")
    if not yesterday.cart():
        raise NotTried("a copy of the cookies does not show what was written")
    visitor.put(target.skus[1])
    now = visitor.cart()
    if target.skus[1] not in now:
        raise Unexpected("what was written last is not there")
    if not lab.is_private(target):
        raise NotTried("a stranger reads what was written: it is kept with nobody's session")
    if yesterday.cart() != now:
        return Outcome(BACK, False, "The old cookies are accepted, and what they held is back.")
    return Outcome(UNMOVED, True, "The old cookies show what was written since.")


EXPERIMENT = Experiment(
    name="rollback",
    title="Rollback",
    question="Does an old cookie bring an old state back?",
    clause="Rails Security Guide, “Replay Attacks for CookieStore Sessions”",
    capability="fresh",
    run=run,
    expected={COOKIE: BACK, SESSION: UNMOVED},
    kept=frozenset({UNMOVED}),
    most_requests=25,
    demand=demands.ROLLBACK,
    needs=("write", "read"),
)

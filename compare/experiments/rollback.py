"""Rollback: yesterday's cookies are sent today."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

BACK, UNMOVED = "the old state is back", "the state is unmoved"


def run(lab: Lab) -> Outcome:
    """Keep a copy of the cookies, change the cart, and send the copy."""
    target = lab.target()
    visitor = lab.signed_in(target, name="visitor")
    visitor.put(target.skus[0])
    yesterday = lab.copy(visitor, "visitor with yesterday's cookies")
    visitor.put(target.skus[1])
    now = visitor.cart()
    if yesterday.cart() != now:
        return Outcome(BACK, False, "The old cookies are accepted, and the old cart is back.")
    return Outcome(UNMOVED, True, "The old cookies show the cart as it is now.")


EXPERIMENT = Experiment(
    name="rollback",
    title="Rollback",
    question="Does an old cookie bring an old state back?",
    clause="Rails Security Guide, “Replay Attacks for CookieStore Sessions”",
    capability="fresh",
    run=run,
    expected={COOKIE: BACK, SESSION: UNMOVED},
    kept=frozenset({UNMOVED}),
    most_requests=20,
)

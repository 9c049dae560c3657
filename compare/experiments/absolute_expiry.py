"""Absolute expiry: one is active all the time, past the absolute timeout.

Somebody who signed in only asks; a visitor without an account, where there can be one, goes on
changing a cart. The first
ends in both tiers, in a cookie by the age of its signature. The second shows the difference: each
change signs a cookie anew. Whoever asks must not be out before the absolute timeout is over.
"""

from __future__ import annotations

import time

from .. import demands
from ..activity import Activity
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

SIGN_IN_STAYS = "the sign-in never ends"
STAYS = "the sign-in ends, a cart in use does not"
ENDS = "ends in any case"
CUT_SHORT = "ends early, although one is active"
_LONGER = 2.0


def run(lab: Lab) -> Outcome:
    """Be active for longer than the absolute timeout."""
    target, idle, absolute = lab.timed_target("absolute", idle=3, absolute=8)
    active_for = absolute + _LONGER
    since = time.monotonic()
    victim = lab.signed_in(target)
    asking = victim.copy("victim")
    shopper = lab.visitor(target, "shopper")
    shops = lab.fill_cart(target, shopper) and lab.is_private(target)
    changing = shopper.copy("shopper")
    activity = Activity(asking, since, idle)
    second = target.skus[1] if shops else ""
    activity.go_on(active_for, also=lambda: changing.add(second) if shops else None)
    victim.held, shopper.held = asking.held, changing.held
    signed_in, kept = victim.who(), shops and target.skus[0] in shopper.cart()
    if signed_in:
        return Outcome(SIGN_IN_STAYS, False, "Whoever goes on asking is signed in for ever.")
    if activity.was_cut_short(absolute):
        return Outcome(
            CUT_SHORT,
            False,
            f"Under timeouts of {idle:.0f} s, idle, and {absolute:.0f} s somebody was out "
            f"after {activity.out_after:.1f} s who had been active all the time.",
        )
    if kept:
        return Outcome(
            STAYS,
            True,
            "The sign-in ended; what somebody goes on changing who is not signed in was still "
            f"there after {active_for:.0f} s.",
        )
    return Outcome(
        ENDS, True, f"After {absolute:.0f} s everything had ended, however active one was."
    )


EXPERIMENT = Experiment(
    name="absolute-expiry",
    title="Absolute expiry",
    question="Does it end in time although one stays active?",
    clause="ASVS 7.3.2",
    run=run,
    expected={COOKIE: STAYS, SESSION: ENDS},
    kept=frozenset({STAYS, ENDS}),
    most_requests=600,
    demand=demands.ABSOLUTE,
    needs=("timeouts.absolute",),
)

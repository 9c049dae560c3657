"""Absolute expiry: one is active all the time, past the absolute timeout.

Somebody who signed in only asks; a visitor without an account goes on changing a cart. The first
ends in both tiers, in a cookie by the age of its signature. The second shows the difference: each
change signs a cookie anew.
"""

from __future__ import annotations

import time

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome
from ..shop_visitor import ShopVisitor

SIGN_IN_STAYS = "the sign-in never ends"
STAYS = "activity extends it"
ENDS = "ends in any case"
ABSOLUTE_TIMEOUT = 4
_ACTIVE_FOR = ABSOLUTE_TIMEOUT + 2


def run(lab: Lab) -> Outcome:
    """Be active for longer than the absolute timeout."""
    target = lab.target("--idle-timeout=3", f"--absolute-timeout={ABSOLUTE_TIMEOUT}")
    first, second = target.skus[:2]
    victim = lab.signed_in(target)
    asking = victim.copy("victim")
    shopper = lab.visitor(target, "shopper")
    shopper.put(first)
    changing = shopper.copy("shopper")
    _be_active(asking, changing, second)
    victim.jar, shopper.jar = asking.jar, changing.jar
    signed_in, kept = victim.who(), first in shopper.cart()
    if signed_in:
        return Outcome(SIGN_IN_STAYS, False, "Whoever goes on asking is signed in for ever.")
    if kept:
        return Outcome(
            STAYS,
            False,
            "The sign-in ended with its signature's age; a cart that is changed is signed anew "
            f"and was still there after {_ACTIVE_FOR} s.",
        )
    return Outcome(
        ENDS, True, f"After {ABSOLUTE_TIMEOUT} s everything had ended, however active one was."
    )


def _be_active(asking: ShopVisitor, changing: ShopVisitor, sku: str) -> None:
    until = time.monotonic() + _ACTIVE_FOR
    while time.monotonic() < until:
        asking.who()
        changing.put(sku)
        time.sleep(0.25)  # between two clicks; more would fill the cart


EXPERIMENT = Experiment(
    name="absolute-expiry",
    title="Absolute expiry",
    question="Does it end in time although one stays active?",
    clause="ASVS 7.3.2",
    run=run,
    expected={COOKIE: STAYS, SESSION: ENDS},
)

"""Replay after sign-out: a copy of the cookies is used once their owner has signed out.

The copy was good before, and a stranger does not see what is looked for.
"""

from __future__ import annotations

from .. import demands
from ..experiment import COOKIE, SESSION, Experiment, Lab, NotTried
from ..findings import Outcome

STILL_IN, OUT = "still signed in", "signed out"
CART_LEFT = "signed out, and the cart is still there"


def run(lab: Lab) -> Outcome:
    """Fill the cart, copy the jar, sign out, use the copy."""
    target = lab.target()
    victim = lab.signed_in(target)
    has_cart = lab.fill_cart(target, victim) and lab.is_private(target)
    thief = lab.copy(victim, "thief")
    if not thief.who():
        raise NotTried("a copy is refused while its owner is signed in: it is bound to something")
    victim.sign_out()
    if who := thief.who():
        return Outcome(STILL_IN, False, f"After the sign-out the copy is still {who}.")
    if has_cart and thief.cart():
        return Outcome(CART_LEFT, False, "After the sign-out the copy shows what was written.")
    more = ", and shows nothing of what was written" if has_cart else ""
    return Outcome(OUT, True, f"After the sign-out the copy is nobody{more}.")


EXPERIMENT = Experiment(
    name="replay",
    title="Replay after sign-out",
    question="Does signing out end a copy that somebody made of the cookies?",
    clause="ASVS 7.4.1",
    capability="revocable",
    run=run,
    expected={COOKIE: STILL_IN, SESSION: OUT},
    kept=frozenset({OUT}),
    most_requests=25,
    demand=demands.LOGOUT,
    core=True,
)

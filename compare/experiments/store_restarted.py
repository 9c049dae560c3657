"""Store restarted empty: memcached comes back and has forgotten everything."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome
from ..shop_visitor import ShopVisitor

UNAFFECTED, TOLD, NOT_TOLD = "unaffected", "signed out, and told so", "signed out without a word"


def run(lab: Lab) -> Outcome:
    """Sign in, restart memcached, go on."""
    target = lab.target()
    visitor = lab.signed_in(target, name="visitor")
    target.memcached.restart()
    return after_the_loss(visitor, "The store came back empty")


def after_the_loss(visitor: ShopVisitor, what: str) -> Outcome:
    """Return what became of somebody whose session the store has lost for good."""
    if visitor.who():
        return Outcome(UNAFFECTED, None, f"{what}, and nobody noticed.")
    if visitor.told_that_it_ended():
        told = f"{what}, which is no outage: the visitor is told that the session has ended."
        return Outcome(TOLD, None, told)
    return Outcome(NOT_TOLD, None, f"{what}, and the visitor was never signed in, it is said.")


EXPERIMENT = Experiment(
    name="store-restarted",
    title="Store restarted empty",
    question="What becomes of whoever is signed in when the store has lost everything?",
    clause="ASVS 16.5.2",
    run=run,
    expected={COOKIE: UNAFFECTED, SESSION: TOLD},
)

"""Disclosure: whoever holds the cookies reads everything that can be read in them."""

from __future__ import annotations

from ..decoding import decodings
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome
from ..shop_visitor import Person

READABLE, OPAQUE = "readable", "opaque"
_NOTE = "canary-in-the-cart"


def run(lab: Lab) -> Outcome:
    """Sign in, fill a cart, and look for one's email and note in one's own cookies."""
    target = lab.target()
    person = lab.person(target)
    victim = lab.signed_in(target, person)
    victim.put(target.skus[0], _NOTE)
    readable = "\n".join(text for value in victim.jar.values() for text in decodings(value))
    found = [what for what, canary in _canaries(person) if canary in readable]
    if found:
        told = " and ".join(found)
        return Outcome(READABLE, False, f"The cookies tell their holder the {told}, in plain text.")
    return Outcome(OPAQUE, True, "Neither can be read in the cookies, whatever one tries.")


def _canaries(person: Person) -> list[tuple[str, str]]:
    has_email = person.email != person.username  # which may be a word of anything
    return [("email address", person.email)] * has_email + [("note", _NOTE)]


EXPERIMENT = Experiment(
    name="disclosure",
    title="Disclosure",
    question="What does a cookie tell whoever gets hold of it?",
    clause="ASVS 14.3.3; chapter 9",
    capability="confidential",
    run=run,
    expected={COOKIE: READABLE, SESSION: OPAQUE},
    kept=frozenset({OPAQUE}),
    most_requests=10,
)

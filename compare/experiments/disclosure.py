"""Disclosure: whoever holds the cookies reads everything that can be read in them.

What was found, and in what it was wrapped, is one thing; whether it is a secret is another. One's
address and what one wrote for oneself are none of the cookie's business; that a name is in it is
said.
"""

from __future__ import annotations

from collections.abc import Mapping

from .. import demands
from ..decoding import Reading, readings
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome
from ..jar import name_of
from ..shop_visitor import Person, Unexpected

READABLE, OPAQUE = "readable", "opaque"
_NOTE = "canary-in-the-cart"


def run(lab: Lab) -> Outcome:
    """Sign in, fill a cart, and look for one's email and note in one's own cookies."""
    target = lab.target()
    person = lab.person(target)
    victim = lab.signed_in(target, person)
    wrote = lab.fill_cart(target, victim, _NOTE)
    if not victim.held:
        raise Unexpected("somebody who is signed in holds nothing that could be read")
    canaries = _canaries(person, wrote=wrote and _is_secret(lab))
    told = {what: where for what, each in canaries if (where := _where(victim.held, each))}
    sought = " and no ".join(what for what, _ in canaries if what not in told) or "more"
    name = f"It tells the name, {told.pop('name')}." if "name" in told else ""
    if told:
        said = " and ".join(f"the {what}, {where}" for what, where in told.items())
        return Outcome(READABLE, False, f"The cookies tell whoever holds them {said}.")
    return Outcome(
        OPAQUE,
        True,
        f"It tells no {sought}, however it is decoded.",
        remarks=(name,) if name else (),
    )


def _is_secret(lab: Lab) -> bool:
    target = lab.target()
    return lab.note_is_secret(target) and lab.is_private(target)


def _canaries(person: Person, *, wrote: bool) -> list[tuple[str, str]]:
    found = [("email address" if "@" in person.username else "name", person.username)]
    if person.email != person.username:  # which may be a word of anything
        found.append(("email address", person.email))
    return [*found, ("note", _NOTE)] if wrote else found


def _where(held: Mapping[str, str], canary: str) -> str:
    """Return where and how ``canary`` can be read, nothing where it cannot."""
    for name, value in held.items():
        if reading := next((each for each in readings(value) if canary in each.text), None):
            return f"as {_told(reading)} in {name_of(name)}"
    return ""


def _told(reading: Reading) -> str:
    return str(reading) if reading.layers else "plain text"


EXPERIMENT = Experiment(
    name="disclosure",
    title="Disclosure",
    question="What does a cookie tell whoever gets hold of it?",
    clause="ASVS 14.3.3; chapter 9",
    capability="confidential",
    run=run,
    expected={COOKIE: READABLE, SESSION: OPAQUE},
    kept=frozenset({OPAQUE}),
    most_requests=20,
    demand=demands.DISCLOSURE,
)

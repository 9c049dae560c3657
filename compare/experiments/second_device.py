"""Second device: the same person signs in elsewhere."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

NOTHING, FOLLOWS = "nothing follows", "the state follows"


def run(lab: Lab) -> Outcome:
    """Sign in with preferences and a cart, sign in on another device, compare."""
    target = lab.target()
    person = lab.person(target)
    first = lab.signed_in(target, person, "first device")
    first.put(target.skus[0])
    first.prefer(theme="dark")
    second = lab.signed_in(target, person, "second device")
    if second.cart() or second.preferences()["theme"] == "dark":
        return Outcome(FOLLOWS, True, "Cart or preferences are there on the second device.")
    return Outcome(
        NOTHING,
        False,
        "Signing in works from anywhere, because accounts are in a database. Cart and preferences "
        "stay with the first browser.",
    )


EXPERIMENT = Experiment(
    name="second-device",
    title="Second device",
    question="Does the state follow a person to another device?",
    clause="design: what must follow the person belongs in a database",
    capability="cross_device",
    run=run,
    expected={COOKIE: NOTHING, SESSION: NOTHING},
)

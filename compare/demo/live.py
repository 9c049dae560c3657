"""What is tried on a visitor's live state and is no experiment of ``make compare`` as it stands."""

from __future__ import annotations

from ..experiment import Lab
from ..experiments import idle_expiry, listing, store_weight
from ..findings import Outcome
from .lab import LiveLab

ENDED = "ended"
_DEVICES = ("device left behind", "another device")
_VISITORS = 20


def end_others(lab: Lab) -> Outcome:
    """List one's sessions and end one, as `listing` does; then be on two more, and end them all."""
    listed = listing.run(lab)
    if not listed.meets or not isinstance(lab, LiveLab):
        return listed
    target, you = lab.target(), lab.you()
    others = [lab.signed_in(target, lab.person(target), name) for name in _DEVICES]
    you.end_session("others")
    if any(other.who() for other in others):
        return Outcome(listing.NOT_ENDED, False, "They were ended, and one is still signed in.")
    if you.who() is None:
        return Outcome(listing.NOT_ENDED, False, "The others were to be ended, and this one was.")
    return Outcome(ENDED, True, "All your other sessions ended at once; this one goes on.")


def left_alone(lab: Lab) -> Outcome:
    """Sign in anew, under a short idle time-out, and do nothing: see `idle_expiry`."""
    if isinstance(lab, LiveLab):
        lab.sign_you_out()  # a session of before has the time-out of before
    return idle_expiry.run(lab)


def weighed(lab: Lab) -> Outcome:
    """Have some visitors put something into a cart; weigh the store before and after."""
    target = lab.target()
    before = target.memcached.counters()
    for _ in range(_VISITORS):
        lab.passer_by(target).put(target.skus[0])
    lab.visitor(target, "visitor").put(target.skus[0])
    after = target.memcached.counters()
    records = after["curr_items"] - before["curr_items"]
    if not records:
        told = f"{_VISITORS} visitors filled a cart, and the server kept nothing for them."
        return Outcome(store_weight.NOTHING, True, told)
    each = (after["bytes"] - before["bytes"]) / records
    told = f"{_VISITORS} visitors filled a cart; the store keeps about {each:.0f} bytes for each."
    return Outcome(store_weight.ONE_EACH, False, told)

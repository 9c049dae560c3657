"""End all my other sessions: what a person presses who has left a device behind."""

from __future__ import annotations

from ..experiment import Lab
from ..experiments import listing
from ..findings import Outcome
from .lab import LiveLab

ENDED = "ended"
_DEVICES = ("device left behind", "another device")


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

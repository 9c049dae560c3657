"""Idle expiry: a session is left alone for longer than the idle timeout, then used again.

Somebody else is active all the while, and must still be in afterwards.
"""

from __future__ import annotations

import math
import time

from .. import demands
from ..activity import Activity
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

STILL_IN, ENDED = "still signed in", "ended"
CUT_SHORT = "ended, also for whoever is active"
#: memcached counts whole seconds, so a record may last one longer.
_LONGER = 1.5


def run(lab: Lab) -> Outcome:
    """Sign in, do nothing for too long, go on; the jar does not care for Max-Age."""
    target, idle, absolute = lab.timed_target("idle", idle=3, absolute=60)
    victim = lab.signed_in(target)
    since = time.monotonic()
    active = lab.passer_by(target, "active visitor")
    lab.sign_in(active, lab.person(target))
    copy = lab.copy(victim, "old copy")
    activity = Activity(active, since, idle)
    activity.go_on(idle + _LONGER)  # the victim does nothing: a look would count as use
    if copy.who():
        return Outcome(
            STILL_IN,
            False,
            f"Unused for {idle + _LONGER} s under an idle timeout of {idle:.0f} s, and still in.",
        )
    # A file may not tell the absolute timeout; then it is given as long as the idle one.
    if activity.was_cut_short(absolute if absolute > idle else math.inf):
        return Outcome(
            CUT_SHORT,
            False,
            f"Under an idle timeout of {idle:.0f} s somebody was out after "
            f"{activity.out_after:.1f} s who had been active all the time.",
        )
    return Outcome(
        ENDED,
        True,
        f"The idle timeout of {idle:.0f} s ended it, whatever the browser kept. Whoever was active "
        "stayed in.",
    )


EXPERIMENT = Experiment(
    name="idle-expiry",
    title="Idle expiry",
    question="Can the server end what is not used?",
    clause="ASVS 7.3.1, 9.2.1",
    capability="idle_timeout",
    run=run,
    expected={COOKIE: STILL_IN, SESSION: ENDED},
    kept=frozenset({ENDED}),
    most_requests=120,
    demand=demands.IDLE,
    needs=("timeouts.idle",),
)

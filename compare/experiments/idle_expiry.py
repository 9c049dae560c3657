"""Idle expiry: a session is left alone for longer than the idle timeout, then used again."""

from __future__ import annotations

import time

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

STILL_IN, ENDED = "still signed in", "ended"
#: memcached counts whole seconds, so a record may last one longer.
_LONGER = 1.5


def run(lab: Lab) -> Outcome:
    """Sign in, do nothing for too long, go on; the jar does not care for Max-Age."""
    target, idle, _ = lab.timed_target(idle=2, absolute=60)
    victim = lab.signed_in(target)
    thief = lab.copy(victim, "thief")
    time.sleep(idle + _LONGER)  # doing nothing is what is tried; a look would count as use
    if thief.who():
        return Outcome(
            STILL_IN,
            False,
            f"Unused for {idle + _LONGER} s under an idle timeout of {idle:.0f} s, and still in.",
        )
    return Outcome(
        ENDED, True, f"The idle timeout of {idle:.0f} s ended it, whatever the browser kept."
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
    most_requests=10,
)

"""Idle expiry: a session is left alone for longer than the idle timeout, then used again."""

from __future__ import annotations

import time

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

STILL_IN, ENDED = "still signed in", "ended"
IDLE_TIMEOUT = 2
#: memcached counts whole seconds, so a record may last one longer.
_LEFT_ALONE = IDLE_TIMEOUT + 1.5


def run(lab: Lab) -> Outcome:
    """Sign in, do nothing for too long, go on; the jar does not care for Max-Age."""
    target = lab.target(f"--idle-timeout={IDLE_TIMEOUT}", "--absolute-timeout=60")
    victim = lab.signed_in(target)
    thief = lab.copy(victim, "thief")
    time.sleep(_LEFT_ALONE)  # doing nothing is what is tried; a look would count as use
    if thief.who():
        return Outcome(
            STILL_IN,
            False,
            f"Unused for {_LEFT_ALONE} s under an idle timeout of {IDLE_TIMEOUT} s, and still in.",
        )
    return Outcome(
        ENDED, True, f"The idle timeout of {IDLE_TIMEOUT} s ended it, whatever the browser kept."
    )


EXPERIMENT = Experiment(
    name="idle-expiry",
    title="Idle expiry",
    question="Can the server end what is not used?",
    clause="ASVS 7.3.1, 9.2.1",
    capability="idle_timeout",
    run=run,
    expected={COOKIE: STILL_IN, SESSION: ENDED},
)

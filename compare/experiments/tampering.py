"""Tampering: one character of each cookie is changed, at every tenth place."""

from __future__ import annotations

from collections.abc import Iterator

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome

REFUSED = "taken for nobody"
ACCEPTED = "a changed cookie is accepted"
BROKEN = "an error of the server's"
_EVERY = 10


def run(lab: Lab) -> Outcome:
    """Change a character and use the cookies; nobody may be signed in, and nothing may break."""
    target = lab.target()
    victim = lab.signed_in(target)
    forger = lab.copy(victim, "forger")
    jars = [{name: text} for name, value in victim.jar.items() for text in _changed(value)]
    for jar in jars:
        forger.jar = jar
        reply = forger.ask_who()
        del forger.exchanges[3:-1]  # the sign-in, the first try and the last one say it all
        if reply.status >= 500:
            return Outcome(BROKEN, False, f"A changed cookie was answered with {reply.status}.")
        if forger.name_in(reply):
            return Outcome(ACCEPTED, False, "A changed cookie is as good as the real one.")
    figures = (Figures("tries", "requests", (len(jars),)),)
    return Outcome(
        REFUSED, True, f"{len(jars)} changed cookies: each was as good as none.", figures
    )


def _changed(value: str) -> Iterator[str]:
    for place in range(0, len(value), _EVERY):
        other = "A" if value[place] != "A" else "B"
        yield value[:place] + other + value[place + 1 :]


EXPERIMENT = Experiment(
    name="tampering",
    title="Tampering",
    question="Is a cookie accepted that somebody has changed?",
    clause="ASVS 9.1.1",
    run=run,
    expected={COOKIE: REFUSED, SESSION: REFUSED},
    kept=frozenset({REFUSED}),
    most_requests=600,
)

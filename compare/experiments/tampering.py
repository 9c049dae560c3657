"""Tampering: one character of each cookie is changed, at every tenth place.

Each changed cookie is sent alone, to every page that shows what is kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome
from ..shop_visitor import Unexpected

REFUSED = "taken for nobody"
ACCEPTED = "a changed cookie is accepted"
BROKEN = "an error of the server's"
_EVERY = 10


def run(lab: Lab) -> Outcome:
    """Change a character and use the cookies; nobody may be known by it, and nothing may break."""
    target = lab.target()
    forger = lab.full_copy(target, lab.signed_in(target), "forger")
    jars = [{name: text} for name, value in forger.jar.items() for text in _changed(value)]
    if not jars:
        raise Unexpected("there is no cookie that could be changed")
    stranger = lab.passer_by(target).ask_everything()
    seen = len(forger.exchanges)
    for jar in jars:
        forger.jar = jar
        replies = forger.ask_everything()
        del forger.exchanges[seen + len(replies) : -len(replies)]  # the first and the last say it
        if broken := [reply.status for reply in replies if reply.status >= 500]:
            return Outcome(BROKEN, False, f"A changed cookie was answered with {broken[0]}.")
        if forger.is_known(replies, stranger):
            return Outcome(ACCEPTED, False, f"A changed {next(iter(jar))} is as good as before.")
    figures = (Figures("tries", "changed cookies", (len(jars),)),)
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
    most_requests=1_200,
)

"""Adoption: an attacker makes up a session ID, and gives it to a victim.

It looks like the target's own, and nobody was ever given it: what is random in a cookie is drawn
anew, the form around it stays.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Mapping

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome
from ..shop_visitor import Unexpected

NEVER = "never adopted"
ADOPTED = "an ID of the attacker's is adopted"
#: Whatever is as long as this, and not a word of the cookie's format, is taken for random.
_RANDOM = re.compile(r"[A-Za-z0-9_+/-]{16,}")
_HEXADECIMAL = re.compile(r"[0-9a-f-]+")
_ALPHABETS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)


def run(lab: Lab) -> Outcome:
    """Make cookies up, have a victim sign in with them, and use them oneself."""
    target = lab.target()
    stranger = lab.passer_by(target)
    stranger.put(target.skus[0])
    if not stranger.jar:
        lab.sign_in(stranger, lab.person(target))
    attacker = lab.visitor(target, "attacker")
    attacker.jar = made_up(stranger.jar)
    look = attacker.copy("attacker, beforehand")
    if look.who() or look.cart():
        raise Unexpected(
            "what is random in its cookies cannot be told: one made up is a stranger's"
        )
    victim = lab.copy(attacker, "victim")
    victim.put(target.skus[0])
    if attacker.cart():
        return Outcome(ADOPTED, False, "With the ID that the attacker made up, both share a cart.")
    lab.sign_in(victim, lab.person(target))
    if who := attacker.who():
        return Outcome(ADOPTED, False, f"With the ID that it made up, the attacker is now {who}.")
    return Outcome(NEVER, True, "Whoever comes with an ID that nobody was given gets another one.")


def made_up(jar: Mapping[str, str]) -> dict[str, str]:
    """Return cookies like those of ``jar``, with what is random in them drawn anew."""
    return {name: _RANDOM.sub(_another, value) for name, value in jar.items()}


def _another(found: re.Match[str]) -> str:
    alphabets = ("abcdef", string.digits) if _HEXADECIMAL.fullmatch(found[0]) else _ALPHABETS
    return "".join(
        next((random.choice(each) for each in alphabets if character in each), character)  # noqa: S311 (attackers need not be unpredictable)
        for character in found[0]
    )


EXPERIMENT = Experiment(
    name="adoption",
    title="Adoption",
    question="Is a session ID accepted that somebody has made up?",
    clause="OWASP Session Management Cheat Sheet, “strict”",
    run=run,
    expected={COOKIE: NEVER, SESSION: NEVER},
    kept=frozenset({NEVER}),
    most_requests=60,
)

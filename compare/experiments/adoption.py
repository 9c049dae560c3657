"""Adoption: an attacker makes up a session ID, and gives it to a victim.

It looks like the target's own, and nobody was ever given it: what is random in a cookie is drawn
anew, the form around it stays. What it looks like is told from a session of the attacker's own, and
only of what the sign-in rests on.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Mapping

from .. import demands
from ..carriers import carriers, signs_in
from ..experiment import COOKIE, SESSION, DoesNotApply, Experiment, Lab, NotTried
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
    attacker = lab.visitor(target, "attacker")
    attacker.held = _like_the_targets_own(lab)
    look = attacker.copy("attacker, beforehand")
    private = lab.is_private(target)
    if look.who() or (private and look.cart()):
        raise Unexpected(
            "what is random in its cookies cannot be told: one made up is a stranger's"
        )
    victim = lab.copy(attacker, "victim")
    if lab.fill_cart(target, victim) and private and attacker.cart():
        return Outcome(ADOPTED, False, "With the ID that the attacker made up, both share a cart.")
    lab.sign_in(victim, lab.person(target))
    if who := attacker.who():
        return Outcome(ADOPTED, False, f"With the ID that it made up, the attacker is now {who}.")
    return Outcome(NEVER, True, "Whoever comes with an ID that nobody was given gets another one.")


def _like_the_targets_own(lab: Lab) -> dict[str, str]:
    target = lab.target()
    stranger = lab.passer_by(target)
    lab.look_around(stranger)
    lab.fill_cart(target, stranger)
    anonymous = stranger.held
    lab.sign_in(stranger, lab.person(target))
    if not stranger.held:
        raise DoesNotApply("whoever is signed in holds nothing that could be made up")
    rests_on = [name for part in carriers(stranger.held, signs_in(stranger)) for name in part]
    if not any(map(lab.is_brought_along, rests_on)):
        raise DoesNotApply("a sign-in brings along nothing of what one is then known by")
    known = anonymous | stranger.held
    like = made_up({name: known[name] for name in rests_on})
    if like == {name: known[name] for name in rests_on}:
        raise NotTried("nothing in its cookies looks random, so none can be made up")
    return like


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
    most_requests=120,
    demand=demands.ADOPTION,
    core=True,
)

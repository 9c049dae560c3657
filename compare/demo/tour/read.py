"""Read it: whoever gets hold of the cookies looks into them."""

from __future__ import annotations

from ..reading import telling, telling_cookie
from ..scene import Stage
from .step import Beat, Seen, Step


def _sign_in(stage: Stage) -> None:
    first, _ = stage.two_products()
    with stage.behind_the_scene():
        stage.you.put(first)
    stage.you.ask_who()


def _look(stage: Stage) -> None:
    """Look into every cookie, and show the one that tells most."""
    stage.facts["telling"] = telling(stage.booth, stage.application)
    stage.shown["cookie"] = telling_cookie(stage.booth, stage.application)


def _judged(stage: Stage) -> Seen:
    email = stage.person.email
    if stage.facts["telling"]:
        sentence = f"Your address, {email}, can be read in it, and so can everything else."
        return Seen(True, False, sentence)
    return Seen(False, True, "It is a random number. The address stays with the shop.")


STEP = Step(
    name="read",
    label="Read it",
    question="Somebody gets hold of your cookie. Can they read your email address in it?",
    guest="",
    beats=(
        Beat(
            "You sign in, fill your cart, and look at your account: it shows your address.",
            _sign_in,
        ),
        Beat("Somebody gets hold of your cookie and looks into it.", _look),
    ),
    judged=_judged,
    capability="confidential",
    lesson=(
        "A signed cookie is a signed postcard: anybody can read it, only the shop can write it. "
        "What others must not read belongs in a session."
    ),
    wrong_guess="“Signed” sounds like “encrypted”. A signature hides nothing.",
    objections=("encrypt", "jwt", "account_page"),
)

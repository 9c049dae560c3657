"""The store away: memcached, which keeps the sessions, stops answering."""

from __future__ import annotations

from ..scene import Stage
from .step import Beat, Seen, Step


def _put(stage: Stage) -> None:
    first, _ = stage.two_products()
    stage.you.put(first)


def _stop(stage: Stage) -> None:
    stage.booth.freeze(frozen=True)


def _look(stage: Stage) -> None:
    you = stage.you
    you.ask_who()
    stage.facts["reply"] = you.send("GET", "/cart")


def _judged(stage: Stage) -> Seen:
    if stage.facts["reply"].status == 200:
        return Seen(True, True, "The shop shows your cart as if nothing had happened.")
    return Seen(
        False,
        False,
        "The shop cannot reach your cart just now. You are still signed in once the store is back.",
    )


STEP = Step(
    name="store",
    label="Take the store away",
    question="The store that keeps sessions stops answering. Does the shop still show your cart?",
    guest="",
    beats=(
        Beat("You are signed in, with something in your cart.", _put),
        Beat("memcached, the store that keeps the sessions, stops answering.", _stop),
        Beat("You open your cart.", _look),
    ),
    judged=_judged,
    capability="outage_proof",
    lesson=(
        "While the store is away, so is every session. What must work all the same, such as the "
        "language or the theme, belongs in a cookie."
    ),
    wrong_guess="Both shops run on; only one of them has to ask somebody else first.",
    objections=("plain", "restart", "scale", "regions"),
    takes_store_away=True,
)

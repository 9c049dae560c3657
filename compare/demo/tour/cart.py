"""An old cart put back: cookies of an hour ago are sent again."""

from __future__ import annotations

from ..scene import Stage
from .step import Beat, Seen, Step


def _put(stage: Stage) -> None:
    first, second = stage.two_products()
    stage.facts.update(first=first, second=second)
    stage.you.put(first)
    stage.welcome("With the old cookies", stage.side.jar)


def _change(stage: Stage) -> None:
    you = stage.you
    you.remove(stage.facts["first"])
    you.put(stage.facts["second"])


def _send_again(stage: Stage) -> None:
    old = stage.guest("old copy")
    reply = old.expect(old.send("GET", "/cart"), 200)
    stage.facts["cart"] = reply.json["items"]
    stage.facts["named"] = stage.names(reply)


def _judged(stage: Stage) -> Seen:
    named = stage.facts["named"]
    if any(item["sku"] == stage.facts["first"] for item in stage.facts["cart"]):
        return Seen(True, False, f"The shop shows the old cart: {named}.")
    return Seen(False, True, f"The shop shows the cart as it is now: {named}.")


STEP = Step(
    name="cart",
    label="Put an old cart back",
    question="You change your cart, then send the cookies you had before. Is the old cart back?",
    guest="With the old cookies",
    beats=(
        Beat("You put something into your cart, and keep a copy of your cookies.", _put),
        Beat("You take it out again and put something else in.", _change),
        Beat("You send the kept cookies to the shop.", _send_again),
    ),
    judged=_judged,
    guest_sign="↺",
    capability="fresh",
    lesson=(
        "An old signed cookie counts like the new one. A cart, or a count of tries, that must not "
        "come back belongs in a session. What anybody may use once, such as a discount code, "
        "belongs in a database: a private window has another session."
    ),
    wrong_guess="The signature is right, so the cookie must be. It only says who made it, not when "
    "it was replaced.",
    objections=("newest",),
)

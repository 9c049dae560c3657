"""Two tabs: both put something into the cart in the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ..lanes import in_words
from ..scene import OnStage, Stage
from .step import Beat, Seen, Step


def _open(stage: Stage) -> None:
    stage.facts["skus"] = stage.two_products()


def _put(stage: Stage) -> None:
    """Have both tabs send all of their change before either gets its answer."""
    tabs: list[OnStage] = [stage.you, stage.you]
    for number, tab in enumerate(tabs, 1):
        tab.name = f"tab {number}"
    begun = [tab.begin_to_add(sku) for tab, sku in zip(tabs, stage.facts["skus"], strict=True)]
    with ThreadPoolExecutor(len(begun)) as pool:
        replies = list(pool.map(lambda each: each.finish(), begun))
    confirmed = [reply for tab, reply in zip(tabs, replies, strict=True) if tab.counted(reply)]
    carts = [reply.json["items"] for reply in confirmed]
    stage.facts["names"] = {item["sku"]: item["name"] for cart in carts for item in cart}
    stage.shown["tabs"] = [in_words(cart) for cart in carts]


def _look(stage: Stage) -> None:
    you = stage.you
    reply = you.expect(you.send("GET", "/cart"), 200)
    there = {item["sku"] for item in reply.json["items"]}
    names = stage.facts["names"]
    stage.facts["lost"] = [names[sku] for sku in stage.facts["skus"] if sku in names.keys() - there]


def _judged(stage: Stage) -> Seen:
    if lost := stage.facts["lost"]:
        told = f"The shop said “done” twice, and yet there is no {lost[0]} in the cart."
        return Seen(False, False, told)
    return Seen(True, True, "The shop said “done” twice, and both things are there.")


STEP = Step(
    name="tabs",
    label="Use two tabs",
    question="Two tabs put something into your cart in the same moment. Are both things in it?",
    guest="",
    beats=(
        Beat("You open the shop in two tabs.", _open),
        Beat(
            "Both put something into your cart in the same moment. The shop says “done” to both.",
            _put,
        ),
        Beat("You look into your cart.", _look),
    ),
    judged=_judged,
    capability="concurrent",
    lesson=(
        "Each response sets the whole cookie anew, and the last one wins. What several requests "
        "change at once belongs in a session, if it puts changes together as this one does: most, "
        "such as express-session, do not."
    ),
    wrong_guess="“Done” was no lie: each tab got back a cart with its own thing in it. The browser "
    "keeps one of the two.",
    objections=("framework",),
)

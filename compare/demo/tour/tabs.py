"""Two tabs: both put something into the cart in the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ...shop_visitor import ShopVisitor
from ..scene import OnStage, Stage
from .step import Beat, Seen, Step


def _open(stage: Stage) -> None:
    stage.you.become(stage.person)
    stage.facts["skus"] = stage.two_products()


def _put(stage: Stage) -> None:
    """Have both tabs send all of their change before either gets its answer."""
    tabs: list[OnStage] = [stage.you, stage.you]
    for number, tab in enumerate(tabs, 1):
        tab.name = f"tab {number}"
    begun = [tab.begin_to_add(sku) for tab, sku in zip(tabs, stage.facts["skus"], strict=True)]
    with ThreadPoolExecutor(len(begun)) as pool:
        replies = list(pool.map(lambda each: each.finish(), begun))
    stage.facts["confirmed"] = sum(map(ShopVisitor.counted, tabs, replies))
    stage.shown["tabs"] = [stage.names(each) for each in replies if each.status == 200]


def _look(stage: Stage) -> None:
    you = stage.you
    reply = you.expect(you.send("GET", "/cart"), 200)
    there = {item["sku"] for item in reply.json["items"]}
    stage.facts["there"] = len(there & {*stage.facts["skus"]})


def _judged(stage: Stage) -> Seen:
    confirmed, there = stage.facts["confirmed"], stage.facts["there"]
    if there < confirmed:
        return Seen(False, False, "The shop said “done” twice. One of the two things is lost.")
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
        "Each answer brings a whole cookie, and the last one replaces the other. What several "
        "requests may change at once belongs in a session."
    ),
    wrong_guess="The shop did say “done” to both, and by the cookie each came with, it was right.",
    objections=("framework", "localstorage"),
)

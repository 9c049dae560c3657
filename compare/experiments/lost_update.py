"""Lost update: several tabs of one browser change the cart at the same time.

All of them have sent their change but the last byte before the first one gets its answer. Where no
two of them are confirmed at once, nothing was put to the test; nor where the same changes, one
after the other, do not stay either: two of them before, and those that are missing afterwards.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from .. import demands
from ..experiment import COOKIE, SESSION, Experiment, Lab, NotTried
from ..findings import Figures, Outcome
from ..shop_visitor import ShopVisitor, Unexpected

LOST, NONE_LOST = "writes are lost", "none is lost"
TABS, ROUNDS = 8, 4


def run(lab: Lab) -> Outcome:
    """Have eight tabs put something else each into the cart, four times, from the same cookies."""
    target = lab.target()
    browser = lab.signed_in(target, name="browser")
    for sku in browser.cart():
        browser.remove(sku)
    skus = lab.several_skus(target)
    _one_after_the_other(browser, skus[-2:])
    at_once = min(TABS, len(skus) - 2)
    confirmed: list[str] = []
    most_at_once = 0
    for number in range(min(ROUNDS, (len(skus) - 2) // at_once)):
        kept = 2 if number == 0 else 0
        tabs = [
            lab.copy(browser, f"tab {1 + tab}") if tab < kept else browser.copy(f"tab {1 + tab}")
            for tab in range(at_once)
        ]
        now = together(tabs, skus[number * at_once : (number + 1) * at_once])
        confirmed += now
        most_at_once = max(most_at_once, len(now))
        # A browser keeps whatever came last.
        browser.held = browser.held | tabs[-1].held
    if most_at_once < 2:
        raise Unexpected(f"of {at_once} changes at the same time {most_at_once} was confirmed")
    there = browser.cart().keys() & set(confirmed)
    figures = (
        Figures("confirmed", "writes", (len(confirmed),)),
        Figures("found afterwards", "writes", (len(there),)),
    )
    told = f"{len(confirmed)} writes were confirmed, and {len(there)} are there"
    if len(there) < len(confirmed):
        missing = [sku for sku in confirmed if sku not in there]
        if not _stay(browser, missing, there):
            raise NotTried(f"{told}; made once more, one after the other, they do not stay either")
        return Outcome(LOST, False, f"{told}: whoever was last has undone the others.", figures)
    return Outcome(NONE_LOST, True, f"{told}.", figures)


def _one_after_the_other(browser: ShopVisitor, skus: list[str]) -> None:
    if not _stay(browser, skus, set()):
        raise NotTried("of two changes, one after the other, one stays: nothing can be lost")


def _stay(browser: ShopVisitor, skus: list[str], others: set[str]) -> bool:
    """Put one after the other into the cart; return whether all are there, ``others`` as well."""
    confirmed = {sku for sku in skus if browser.counted(browser.add(sku))}
    return browser.cart().keys() >= confirmed | others


def together(tabs: list[ShopVisitor], skus: list[str]) -> list[str]:
    """Have each tab put one of ``skus`` into the cart, all at once; return what was confirmed."""
    begun = [tab.begin_to_add(sku) for tab, sku in zip(tabs, skus, strict=True)]
    with ThreadPoolExecutor(len(begun)) as pool:
        replies = list(pool.map(lambda each: each.finish(), begun))
    return [sku for sku, tab, reply in zip(skus, tabs, replies, strict=True) if tab.counted(reply)]


EXPERIMENT = Experiment(
    name="lost-update",
    title="Lost update",
    question="Do two changes made at the same time both count?",
    clause="ASVS 15.4.2",
    capability="concurrent",
    run=run,
    expected={COOKIE: LOST, SESSION: NONE_LOST},
    kept=frozenset({NONE_LOST}),
    most_requests=200,
    demand=demands.LOST_UPDATE,
    needs=("write", "read"),
)

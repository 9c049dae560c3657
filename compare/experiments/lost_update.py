"""Lost update: several tabs of one browser change the cart at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from ..browser import Reply
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome
from ..shop_visitor import ShopVisitor

LOST, NONE_LOST = "writes are lost", "none is lost"
TABS, ROUNDS = 8, 6


def run(lab: Lab) -> Outcome:
    """Have eight tabs put one item each into the cart, six times, all from the same cookies."""
    target = lab.target()
    sku, other = target.skus[:2]
    browser = lab.signed_in(target, name="browser")
    browser.put(other)
    already = quantity(browser, sku)
    confirmed = 0
    with ThreadPoolExecutor(TABS) as pool:
        for number in range(ROUNDS):
            tabs = [
                lab.copy(browser, f"tab {1 + tab}")
                if number == 0 and tab < 2
                else browser.copy(f"tab {1 + tab}")
                for tab in range(TABS)
            ]
            together = Barrier(TABS)

            def put(tab: ShopVisitor, together: Barrier = together) -> Reply:
                together.wait(10)
                return tab.add(sku)

            replies = list(pool.map(put, tabs))
            confirmed += sum(reply.status == 200 for reply in replies)
            # A browser keeps whatever came last.
            browser.jar |= tabs[-1].jar
    there = quantity(browser, sku) - already
    figures = (
        Figures("confirmed", "writes", (confirmed,)),
        Figures("found afterwards", "writes", (there,)),
    )
    told = f"{confirmed} writes were confirmed, and {there} are there"
    if there < confirmed:
        return Outcome(LOST, False, f"{told}: the last tab's cart is all that is left.", figures)
    return Outcome(NONE_LOST, True, f"{told}.", figures)


def quantity(browser: ShopVisitor, sku: str) -> int:
    """Return how many of ``sku`` are in the cart."""
    return int(browser.cart().get(sku, {}).get("quantity", 0))


EXPERIMENT = Experiment(
    name="lost-update",
    title="Lost update",
    question="Do two changes made at the same time both count?",
    clause="design: parallel writes are not lost",
    capability="concurrent",
    run=run,
    expected={COOKIE: LOST, SESSION: NONE_LOST},
)

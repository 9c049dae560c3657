"""Capacity: a value grows until it is refused."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome
from ..shop_visitor import ShopVisitor, size_of

REFUSED = "refused, the old value intact"
LOST = "confirmed and lost"
DAMAGED = "refused, the old value lost"
ENDLESS = "never refused"
_LONGEST_NOTE = 2_000


def run(lab: Lab) -> Outcome:
    """Add long notes until one is refused, then find the greatest that is taken, to the byte."""
    target = lab.target()
    visitor = lab.visitor(target, "visitor")
    before: dict[str, dict[str, object]] = visitor.cart()
    for sku in target.skus:
        reply = visitor.add(sku, "x" * _LONGEST_NOTE)
        now = visitor.cart()
        del visitor.exchanges[:-2]  # the last two say it all
        if not visitor.was_refused(reply) and sku not in now:
            return Outcome(LOST, 0, "It was confirmed, and then it was not there.")
        if visitor.was_refused(reply):
            return _refused(visitor, sku, before, now)
        before = now
    return Outcome(ENDLESS, size_of(before), f"{size_of(before):,} bytes were taken, and no end.")


def _refused(
    visitor: ShopVisitor,
    sku: str,
    before: dict[str, dict[str, object]],
    now: dict[str, dict[str, object]],
) -> Outcome:
    if now != before:
        return Outcome(DAMAGED, 0, "What did not fit was refused, and what was there is gone.")
    greatest = _greatest(visitor.copy("visitor"), sku)
    size = size_of(before | {sku: {"quantity": 1, "note": "x" * greatest}})
    return Outcome(
        REFUSED,
        size,
        f"{size:,} bytes fit; one more is refused with 413, and what was there is still there.",
        figures=(Figures("greatest cart", "bytes of JSON", (size,)),),
    )


def _greatest(visitor: ShopVisitor, sku: str) -> int:
    """Return the longest note that is taken with one more item; it is taken out again."""
    fits, too_long = 0, _LONGEST_NOTE
    while too_long - fits > 1:
        length = (fits + too_long) // 2
        if not visitor.was_refused(visitor.add(sku, "x" * length)):
            fits = length
            visitor.remove(sku)
        else:
            too_long = length
    return fits


EXPERIMENT = Experiment(
    name="capacity",
    title="Capacity",
    question="How much fits, and what happens to what does not?",
    clause="ASVS 3.3.5",
    capability="capacity",
    run=run,
    expected={COOKIE: REFUSED, SESSION: REFUSED},
    kept=frozenset({REFUSED, ENDLESS}),
)

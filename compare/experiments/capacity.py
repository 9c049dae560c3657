"""Capacity: a value grows until it is refused.

What browsers drop is the cookie's fault (ASVS 3.3.5). What was confirmed and is not there, in
whatever it was to be kept, has failed and was taken for done (16.5.3).
"""

from __future__ import annotations

import random
import string
from dataclasses import replace

from .. import demands
from ..browser import NoAnswer
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome
from ..jar import MOST_OF_A_COOKIE, parsed
from ..shop_visitor import ShopVisitor, size_of

REFUSED = "refused, the old value intact"
LOST = "confirmed and lost"
DAMAGED = "refused, the old value lost"
ENDLESS = "never refused"
_LONGEST_NOTE, _HUGE_NOTE = 1_900, 2_000_000


def run(lab: Lab) -> Outcome:
    """Add long notes until one is refused, and say what the loss of one is held against."""
    visitor = lab.writer(lab.target())
    outcome = _grown(lab, visitor)
    if outcome.word in {LOST, DAMAGED} and not any(map(_is_too_large, visitor.cookies_set)):
        return replace(outcome, demand=demands.FAILED_SAVE)
    return outcome


def _is_too_large(header: str) -> bool:
    return parsed(header).size > MOST_OF_A_COOKIE


def _grown(lab: Lab, visitor: ShopVisitor) -> Outcome:
    """Add long notes until one is refused, then find the greatest that is taken, to the byte."""
    target = lab.target()
    before: dict[str, dict[str, object]] = visitor.cart()
    for sku in lab.several_skus(target):
        reply = visitor.add(sku, note(_LONGEST_NOTE))
        now = visitor.cart()
        del visitor.exchanges[:-2]  # the last two say it all
        if not visitor.was_refused(reply) and sku not in now and sku not in visitor.cart():
            return Outcome(LOST, 0, "It was confirmed, and then it was not there.")
        if visitor.was_refused(reply):
            return _refused(visitor, sku, before, now, reply.status)
        before = now
    return _huge(visitor, next(iter(before), target.skus[0]), before)


def _huge(visitor: ShopVisitor, sku: str, before: dict[str, dict[str, object]]) -> Outcome:
    """Return what becomes of one value more than memcached takes, where nothing was refused.

    It replaces one that is there: a list of the latest ten would lose another one to a new one.
    """
    try:
        confirmed = visitor.took(visitor.add(sku, note(_HUGE_NOTE)))
    except NoAnswer:
        confirmed = False
    now = visitor.cart()
    others = before.keys() - {sku}
    if confirmed and sku not in now:
        return Outcome(
            LOST, 0, f"{_HUGE_NOTE:,} bytes were confirmed, and then they were not there."
        )
    if confirmed and not others <= now.keys():
        told = f"{_HUGE_NOTE:,} bytes were confirmed, and what had been confirmed before is gone."
        return Outcome(LOST, 0, told)
    if not others <= now.keys():
        return Outcome(DAMAGED, 0, "What did not fit was refused, and what was there is gone.")
    return Outcome(ENDLESS, size_of(before), f"{size_of(before):,} bytes were taken, and no end.")


def note(length: int) -> str:
    """Return a note that no compression makes shorter by much."""
    return "".join(random.choices(string.ascii_letters, k=length))  # noqa: S311 (no secret)


def _refused(
    visitor: ShopVisitor,
    sku: str,
    before: dict[str, dict[str, object]],
    now: dict[str, dict[str, object]],
    status: int,
) -> Outcome:
    if now != before:
        return Outcome(DAMAGED, 0, "What did not fit was refused, and what was there is gone.")
    greatest = _greatest(visitor.copy("visitor"), sku)
    size = size_of(before | {sku: {"quantity": 1, "note": "x" * greatest}})
    return Outcome(
        REFUSED,
        size,
        f"{size:,} bytes fit; one more is refused with {status}, and what was there is there.",
        figures=(Figures("greatest cart", "bytes of JSON", (size,)),),
    )


def _greatest(visitor: ShopVisitor, sku: str) -> int:
    """Return the longest note that is taken with one more item; it is taken out again."""
    fits, too_long = 0, _LONGEST_NOTE
    while too_long - fits > 1:
        length = (fits + too_long) // 2
        if not visitor.was_refused(visitor.add(sku, note(length))):
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
    most_requests=160,
    demand=demands.COOKIE_SIZE,
    needs=("write", "read"),
)

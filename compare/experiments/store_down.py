"""Store down: memcached is frozen, then gone, then back.

An answer counts only in time. The first one may wait for the deadline of the store; the later ones
must not, and a page that needs no store must not notice at all.

The clause asks for security meanwhile, and for going on: nobody is let in, and nobody waits for
ever. 503 with Retry-After, and the cookie left alone, is better practice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import cycle
from statistics import median
from typing import TYPE_CHECKING

from .. import demands
from ..browser import NoAnswer, Reply, deletes
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome
from ..shop_visitor import ShopVisitor
from ..waiting import wait_until

if TYPE_CHECKING:
    from ..targets import Target

UNAFFECTED = "unaffected"
REFUSED = "503, the cookie kept"
SIGNED_OUT = "taken for signed out"
COOKIE_LOST = "the cookie is gone"
WRONG = "answers as if all were well"
ERROR = "an error, and not 503"
#: Whatever is kept of a visitor.
HANGS = "no answer at all"
SLOW = "answers, but slowly"
LETS_IN = "lets somebody in who is not signed in"
_TIMES = 20
_BETTER = "Better would be 503 with Retry-After soon, nobody signed out, and the cookie left alone."
#: Seconds beyond the deadline that the slowest answer may take, and what a whole answer may take
#: where no deadline is known.
_MARGIN, _LONGEST = 0.5, 5.0
#: Of the deadline: what half of the later answers may take at the most, and a page without state.
_FAIL_FAST, _ELSEWHERE = 0.4, 0.7


def run(lab: Lab) -> Outcome:
    """Use everything that is kept while memcached is well, frozen and gone."""
    target = lab.target()
    visitor = lab.signed_in(target, name="visitor")
    lab.fill_cart(target, visitor)
    outsiders = _outsiders(lab)
    held = visitor.held
    jar = dict(visitor.jar)

    def look() -> Reply:
        passer_by = visitor.copy("passer-by")
        passer_by.held = held
        return passer_by.ask_who()

    well = visitor.ask_everything()
    usual = _several(look)
    latency = [_latency("the store well", usual)]
    elsewhere: list[Reply] = []
    try:
        with target.frozen_store():
            first, elsewhere = _first_look(lab, target, look)
            frozen = [*visitor.ask_everything(), first, *_several(look)]
            let_in = _let_in(outsiders)
            latency.append(_latency("the store frozen", frozen))
    except NoAnswer:
        return Outcome(HANGS, False, "While the store was frozen, visitors waited in vain.")
    wait_until(lambda: look().status < 500, "the thawed store answers", pause=0.1)
    with target.no_store():
        gone = [*visitor.ask_everything(), *_several(look)]
        let_in = let_in or _let_in(outsiders)
        latency.append(_latency("the store gone", gone))
    with suppress(TimeoutError):  # what it said meanwhile is judged, however long it goes on
        wait_until(lambda: look().status < 500, "the new store answers", pause=0.1, patience=5)
        usual += _several(look)
    if elsewhere:
        latency.append(_latency("a page without state, the store frozen", elsewhere))
    if let_in:
        return Outcome(
            LETS_IN, False, f"While the store was away, {let_in} was taken for somebody."
        )
    kept = len(well)
    outcome = judged(visitor, well, frozen[:kept] + gone[:kept], jar)
    if outcome.word in {UNAFFECTED, REFUSED}:
        usual += well
        slow = slower(frozen, elsewhere, lab.store_deadline, usual) or slower(
            gone, [], lab.store_deadline, usual
        )
        outcome = Outcome(SLOW, False, slow) if slow else outcome
    remarks = () if outcome.word in {UNAFFECTED, REFUSED} else (_BETTER,)
    return replace(outcome, figures=tuple(latency), remarks=remarks)


def _outsiders(lab: Lab) -> list[ShopVisitor]:
    """Return somebody who was never signed in, and a copy of somebody who has signed out."""
    target = lab.target()
    stranger = lab.passer_by(target, "stranger")
    guest = lab.passer_by(target, "guest")
    lab.sign_in(guest, lab.person(target))
    copy = guest.copy("copy of somebody who has signed out")
    guest.sign_out()
    said = copy.ask_who()
    is_in = said.status < 400 and copy.name_in(said)
    return [stranger, *([] if is_in else [copy])]  # which is for replay to say


def _let_in(outsiders: list[ShopVisitor]) -> str:
    looks = ((each, each.ask_who()) for each in outsiders)
    return next((one.name for one, said in looks if said.status < 400 and one.name_in(said)), "")


def _several(look: Callable[[], Reply]) -> list[Reply]:
    """Look some times, and no more once an answer has taken far too long."""
    replies: list[Reply] = []
    while len(replies) < _TIMES and all(reply.seconds < _LONGEST / 5 for reply in replies):
        replies.append(look())
    return replies


def _first_look(lab: Lab, target: Target, look: Callable[[], Reply]) -> tuple[Reply, list[Reply]]:
    """Look, and return what a page without state, if one is known, answers meanwhile as well."""
    if not lab.store_deadline:
        return look(), []
    passer_by = lab.passer_by(target)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(look)
        replies = [passer_by.send("GET", "/health")]
        while not waiting.done():
            replies.append(passer_by.send("GET", "/health"))
            time.sleep(0.01)  # between two looks
    return waiting.result(), replies


def slower(
    away: list[Reply], elsewhere: list[Reply], deadline: float | None, usual: list[Reply]
) -> str:
    """Return what took too long, in a sentence; nothing where all was in time.

    What answers take while the store is well, as ``usual``, they may take besides: on a machine
    that is busy with something else, an answer is late for another reason.
    """
    slowest, besides = (max(reply.seconds for reply in replies) for replies in (away, usual))
    longest = (deadline + _MARGIN if deadline else _LONGEST) + besides
    if slowest > longest:
        return f"An answer took {slowest:.1f} s while the store was away; {longest:.1f} s is much."
    if deadline is None:
        return ""
    later = median(reply.seconds for reply in away[len(away) // 2 :])
    if later > deadline * _FAIL_FAST + median(reply.seconds for reply in usual):
        return f"Each answer waits for the store anew: half of the later ones took {later:.2f} s."
    other = max((reply.seconds for reply in elsewhere), default=0.0)
    if other > deadline * _ELSEWHERE + besides:
        return f"While one request waited for the store, a page without state took {other:.2f} s."
    return ""


def _latency(name: str, replies: list[Reply]) -> Figures:
    return Figures(name, "ms until the answer", tuple(1000 * reply.seconds for reply in replies))


def judged(
    visitor: ShopVisitor, well: list[Reply], away: list[Reply], jar: Mapping[str, str]
) -> Outcome:
    """Return what became of what was asked for while the store was away, any number of times.

    ``well`` are the answers of before, when ``jar`` was the visitor's.
    """
    statuses = {reply.status for reply in away}
    told = [(reply.status, visitor.told(reply)) for reply in well]
    same = all(
        (now.status, visitor.told(now)) == before
        for now, before in zip(away, cycle(told), strict=False)
    )
    headers = [header for reply in away for header in reply.set_cookies]
    if any(_takes(header, jar, replacing=not same) for header in headers):
        return Outcome(COOKIE_LOST, False, "An outage took the visitor's cookie away.")
    if same:
        return Outcome(UNAFFECTED, True, "Nobody noticed that the store was away.")
    if 401 in statuses:
        return Outcome(SIGNED_OUT, False, "An outage was taken for a sign-out.")
    if statuses == {503} and all(reply.header("retry-after") for reply in away):
        return Outcome(
            REFUSED,
            False,
            "503 with Retry-After for whatever is kept there; nobody was taken for signed out, "
            "and the cookie was kept.",
        )
    if min(statuses) >= 500:
        return Outcome(ERROR, False, f"It answered {sorted(statuses)}, and not when to come again.")
    return Outcome(WRONG, False, f"It answered {sorted(statuses)} without what it could not know.")


def _takes(header: str, jar: Mapping[str, str], *, replacing: bool) -> bool:
    """Return whether a Set-Cookie header takes a cookie of ``jar`` away, or puts another there."""
    name, _, value = header.partition(";")[0].partition("=")
    return name in jar and (deletes(header) or (replacing and value != jar[name]))


EXPERIMENT = Experiment(
    name="store-down",
    title="Store down",
    question="What still works while the session store does not answer, and what is said?",
    clause="ASVS 16.5.2",
    capability="outage_proof",
    run=run,
    expected={COOKIE: UNAFFECTED, SESSION: REFUSED},
    kept=frozenset({UNAFFECTED, REFUSED, SIGNED_OUT, COOKIE_LOST, WRONG, ERROR, SLOW}),
    most_requests=320,
    demand=demands.STORE_DOWN,
    needs=("store",),
)

"""Store down: memcached is frozen, then gone, then back."""

from __future__ import annotations

from ..browser import Reply
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Figures, Outcome
from ..shop_visitor import ShopVisitor
from ..waiting import wait_until

UNAFFECTED = "unaffected"
REFUSED = "503, the cookie kept"
SIGNED_OUT = "taken for signed out"
COOKIE_LOST = "the cookie is gone"
WRONG = "answers as if all were well"
_PATHS = ("/account", "/cart", "/preferences")
_TIMES = 20


def run(lab: Lab) -> Outcome:
    """Use everything that is kept while memcached is well, frozen and gone."""
    target = lab.target()
    visitor = lab.signed_in(target, name="visitor")
    visitor.put(target.skus[0])
    visitor.prefer(theme="dark")
    jar = dict(visitor.jar)
    well = [visitor.send("GET", path) for path in _PATHS]
    clock = ShopVisitor(target.url, "clock", jar)
    latency = [_latency("the store well", clock)]
    with target.frozen_store():
        frozen = [visitor.send("GET", path) for path in _PATHS]
        latency.append(_latency("the store frozen", clock, frozen))
    wait_until(lambda: clock.send("GET", "/account").status == 200, "the thawed store answers")
    with target.no_store():
        gone = [visitor.send("GET", path) for path in _PATHS]
        latency.append(_latency("the store gone", clock, gone))
    wait_until(lambda: clock.send("GET", "/account").status != 503, "the new store answers")
    outcome = _judged(well, frozen + gone, jar_kept=visitor.jar == jar)
    return Outcome(outcome.word, outcome.meets, outcome.sentence, figures=tuple(latency))


def _latency(name: str, clock: ShopVisitor, more: list[Reply] | None = None) -> Figures:
    replies = (more or []) + [clock.send("GET", "/account") for _ in range(_TIMES)]
    return Figures(name, "ms until the answer", tuple(1000 * reply.seconds for reply in replies))


def _judged(well: list[Reply], away: list[Reply], *, jar_kept: bool) -> Outcome:
    statuses = {reply.status for reply in away}
    if not jar_kept or any(reply.set_cookies for reply in away):
        return Outcome(COOKIE_LOST, False, "An outage took the visitor's cookie away.")
    if all(_same(now, before) for now, before in zip(away, well * 2, strict=True)):
        return Outcome(UNAFFECTED, True, "Nobody noticed that the store was frozen, then gone.")
    if 401 in statuses:
        return Outcome(SIGNED_OUT, False, "An outage was taken for a sign-out.")
    if statuses == {503} and all(reply.header("retry-after") for reply in away):
        return Outcome(
            REFUSED,
            False,
            "503 with Retry-After for whatever is kept there; nobody was taken for signed out, "
            "and the cookie was kept.",
        )
    return Outcome(WRONG, False, f"It answered {sorted(statuses)} without what it could not know.")


def _same(now: Reply, before: Reply) -> bool:
    return (now.status, now.body) == (before.status, before.body)


EXPERIMENT = Experiment(
    name="store-down",
    title="Store down",
    question="What still works while the session store does not answer, and what is said?",
    clause="ASVS 16.5.2",
    capability="outage_proof",
    run=run,
    expected={COOKIE: UNAFFECTED, SESSION: REFUSED},
)

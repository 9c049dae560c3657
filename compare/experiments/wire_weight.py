"""Weight on the wire: bytes each way as the cart grows."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome, Series
from ..shop_visitor import size_of

GROWS, CONSTANT = "grows with the state", "constant"
_NOTE = "a note of some forty characters, or so it"
#: Bytes by which a request may vary although nothing of the state travels.
_SLACK = 32


def run(lab: Lab) -> Outcome:
    """Add items until there are forty or no more fit; weigh a request and an answer each time."""
    target = lab.target()
    visitor = lab.passer_by(target)
    there, back = [], []
    for sku in target.skus[:40]:
        reply = visitor.add(sku, _NOTE)
        if reply.status == 413:
            break
        asked = visitor.expect(visitor.send("GET", "/health"), 200)
        state = size_of(visitor.cart())
        there.append((float(state), float(asked.bytes_sent)))
        back.append((float(state), float(sum(map(len, reply.set_cookies)))))
    lab.copy(visitor, "visitor").send("GET", "/health")
    grown = there[-1][1] - there[0][1]
    series = (
        Series("each request", "bytes of state", "bytes", tuple(there)),
        Series("cookies set by a change", "bytes of state", "bytes", tuple(back)),
    )
    told = f"With {there[-1][0]:,.0f} bytes of state each request has {there[-1][1]:,.0f} bytes"
    if grown > _SLACK:
        return Outcome(GROWS, None, f"{told}, {grown:,.0f} more than with one item.", series=series)
    return Outcome(CONSTANT, None, f"{told}, as with one item.", series=series)


EXPERIMENT = Experiment(
    name="wire-weight",
    title="Weight on the wire",
    question="What does the state cost every request on its way?",
    clause="RFC 6265 6.1",
    run=run,
    expected={COOKIE: GROWS, SESSION: CONSTANT},
)

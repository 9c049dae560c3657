"""Attributes: what the target asks the browser to do with the cookies that a sign-in rests on.

Those are found by leaving them out one by one, and by sending them one by one: without one of them
nobody is signed in, or by it alone somebody is. Others, such as a token that scripts have to read,
may be as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..browser import deletes
from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome
from ..shop_visitor import ShopVisitor, Unexpected

GOOD, LACKING = "as they should be", "something is lacking"
#: ``(attribute, what it prevents)``
_WANTED = (
    ("httponly", "HttpOnly, so scripts read it"),
    ("samesite=", "SameSite, so other sites have it sent"),
)


def run(lab: Lab) -> Outcome:
    """Sign in, find what that rests on, and look how it was set."""
    target = lab.target()
    visitor = lab.signed_in(target, name="visitor")
    rests_on = [name for name in visitor.jar if _rests_on(visitor, name)]
    if not rests_on:
        raise Unexpected("no one cookie is needed for the sign-in, and none is enough")
    headers = [
        header
        for header in visitor.cookies_set
        if header.partition("=")[0] in rests_on and not deletes(header)
    ]
    faults = sorted({each for header in headers for each in _faults(header, target.url)})
    if faults:
        return Outcome(LACKING, False, f"{'; '.join(faults)}.")
    return Outcome(GOOD, True, "HttpOnly, SameSite, for this host alone, and Secure on https.")


def _rests_on(visitor: ShopVisitor, name: str) -> bool:
    without, alone = visitor.copy("visitor without a cookie"), visitor.copy("visitor with one")
    del without.jar[name]
    alone.jar = {name: visitor.jar[name]}
    return not without.who() or bool(alone.who())


def _faults(header: str, url: str) -> Iterator[str]:
    name = header.partition("=")[0]
    attributes = [part.strip().lower() for part in header.split(";")[1:]]
    for wanted, without in _WANTED:
        if not any(each.startswith(wanted) for each in attributes):
            yield f"{name} has no {without}"
    if any(each.startswith("domain=") for each in attributes):
        yield f"{name} has a Domain, so every subdomain gets it"
    if url.startswith("https:") and "secure" not in attributes:
        yield f"{name} is not Secure, so http carries it as well"


EXPERIMENT = Experiment(
    name="attributes",
    title="Attributes of cookies",
    question="Does it tell the browser to keep its cookies to itself?",
    clause="ASVS 3.3.1 to 3.3.4",
    run=run,
    expected={COOKIE: GOOD, SESSION: GOOD},
    kept=frozenset({GOOD}),
    most_requests=40,
)

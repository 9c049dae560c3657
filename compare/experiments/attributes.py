"""Attributes: what the target asks the browser to do with the cookies that a sign-in rests on.

Each of them that carries the sign-in, or can restore it, is judged by the attributes that it was
set with (RFC 6265 5.2), none by a piece of its header. Others, such as a token that scripts have to
read, may be as they are. What only https can show is judged on https.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import demands
from ..carriers import carriers, signs_in
from ..experiment import COOKIE, SESSION, DoesNotApply, Experiment, Lab
from ..findings import Demand, Outcome
from ..jar import SetCookie, name_of, parsed

GOOD, LACKING = "as they should be", "something is lacking"
_PREFIXES = ("__host-", "__secure-")
_SEVERITIES = ("low", "medium", "high")


def run(lab: Lab) -> Outcome:
    """Sign in, find what that rests on, and look how it was set."""
    target = lab.target()
    visitor = lab.visitor(target, "visitor")
    lab.look_around(visitor)
    lab.sign_in(visitor, lab.person(target))
    parts = carriers(visitor.held, signs_in(visitor))
    rests_on = {name_of(name) for part in parts for name in part if name in visitor.jar}
    if not rests_on:
        raise DoesNotApply("the sign-in rests on no cookie")
    headers = [parsed(each) for each in visitor.cookies_set]
    judged = [each for each in headers if each.name in rests_on and not each.deletes]
    secure = target.url.startswith("https:")
    lacking = {text: demand for each in judged for text, demand in faults(each, secure=secure)}
    names = ", ".join(sorted(rests_on))
    if lacking:
        gravest = max(lacking.values(), key=lambda demand: _SEVERITIES.index(demand.severity))
        told = "; ".join(f"{text} ({demand.source})" for text, demand in sorted(lacking.items()))
        return Outcome(LACKING, False, f"{told}.", demand=gravest)
    told = f"{names}: HttpOnly, SameSite, for this host alone"
    if secure:
        return Outcome(GOOD, True, f"{told}, Secure and called so.")
    remark = "Secure, and the prefix of the name, cannot be judged on plain http."
    return Outcome(GOOD, True, f"{told}.", remarks=(remark,))


def faults(cookie: SetCookie, *, secure: bool) -> Iterator[tuple[str, Demand]]:
    """Yield what is lacking, in words, and who asks for it; ``secure`` says that it is https."""
    name, attributes = cookie.name, cookie.attributes
    if "httponly" not in attributes:
        yield f"{name} has no HttpOnly, so scripts read it", demands.HTTP_ONLY
    match attributes.get("samesite", "").lower():
        case "lax" | "strict":
            pass
        case "none":
            yield f"{name} has SameSite=None, so other sites have it sent", demands.SAME_SITE
        case _:
            yield f"{name} has no SameSite, so other sites may have it sent", demands.SAME_SITE
    if attributes.get("domain"):
        yield f"{name} has a Domain, so every subdomain gets it", demands.THIS_HOST
    yield from _prefix(cookie)
    if secure and "secure" not in attributes:
        yield f"{name} is not Secure, so http carries it as well", demands.SECURE
    elif secure and not name.lower().startswith(_PREFIXES):
        yield f"{name} is called neither __Host- nor __Secure-", demands.SECURE
    elif secure and not (attributes.get("domain") or name.lower().startswith("__host-")):
        yield f"{name} is for this host alone, and not called __Host-", demands.THIS_HOST


def _prefix(cookie: SetCookie) -> Iterator[tuple[str, Demand]]:
    """Yield what makes browsers refuse it: a name promises what its attributes do not keep."""
    name, attributes = cookie.name, cookie.attributes
    if name.lower().startswith(_PREFIXES) and "secure" not in attributes:
        yield f"{name} is not Secure, which its name promises: browsers drop it", demands.SECURE
    if name.lower().startswith("__host-") and attributes.get("path") != "/":
        yield f"{name} is not for every path, which its name promises", demands.THIS_HOST


EXPERIMENT = Experiment(
    name="attributes",
    title="Attributes of cookies",
    question="Does it tell the browser to keep its cookies to itself?",
    clause="ASVS 3.3.1 to 3.3.4",
    run=run,
    expected={COOKIE: GOOD, SESSION: GOOD},
    kept=frozenset({GOOD}),
    most_requests=80,
    demand=demands.HTTP_ONLY,
    core=True,
)

"""Using an application once as its file says, before any verdict: no control, no verdict.

Rule 1: nobody is named to a stranger, also while somebody is signed in; whoever signs in is, and is
no more after signing out.
Otherwise the file or the application is `Unusable`: no verdict rests on a sign-in that never was.
Rule 2: what is written is found again, and [who] still tells after it. Otherwise nothing is tried
that writes, and that is said.
Rule 3: how a change that was made is answered, and one that must be refused, is learnt here.
"""

from __future__ import annotations

from ..browser import NoAnswer, Reply
from ..shop_visitor import Person, Unexpected
from ..waiting import wait_until
from .answers import Shape, erased, shape_of
from .described_target import DescribedTarget
from .described_visitor import DescribedVisitor
from .description import NotTried, Unusable
from .sending import leading_away
from .taking import told_of, told_status

#: Requests that it takes at the most, if each of them is one.
FIRST_LOOK = 80


def first_look(target: DescribedTarget) -> None:
    """Use ``target`` as its file says; `Unusable` in a sentence where it does not work."""
    try:
        _used(target)
    except (Unexpected, NotTried) as error:
        raise Unusable(f"{error}.") from error
    except NoAnswer as error:
        raise Unusable(f"{target.url}: {target.gone() or error}.") from error


def _used(target: DescribedTarget) -> None:
    person = target.person(0, DescribedVisitor(target, "passer-by").register)
    visitor = DescribedVisitor(target, "visitor")
    _expect_nobody(visitor)
    answer = visitor.sign_in(person)
    _expect_name(target, visitor, person, answer)
    _expect_nobody(DescribedVisitor(target, "stranger"))
    if target.description.write:
        try:
            target.blind = written(target, visitor, person)
        except (Unexpected, NotTried) as error:
            target.blind = f"[write]: {error}"
        target.written = {}
    visitor.sign_out()
    if visitor.who():
        raise Unusable("[sign_out]: the browser that signed out is still signed in.")


def _expect_nobody(visitor: DescribedVisitor) -> None:
    if visitor.who():
        raise Unusable("[who]: what shows who is signed in is there for somebody who is not.")


def _expect_name(
    target: DescribedTarget, visitor: DescribedVisitor, person: Person, signed_in: Reply
) -> None:
    reply = visitor.ask_who()
    if visitor.name_in(reply) != person.username:
        status = told_status(signed_in) + leading_away(signed_in, target.url)
        raise Unusable(
            f"[sign_in] was answered {status}; then {target.description.who.path} does not "
            f"say that {person.username} is signed in: it answered {told_of(reply)}."
        )


def written(target: DescribedTarget, visitor: DescribedVisitor, person: Person) -> str:
    """Write; return why nothing can be told from what is written, nothing where all is well."""
    key = target.skus[0]
    reply = visitor.add(key)
    if visitor.name_in(visitor.ask_who()) != person.username:
        _give_up(target)
        return "[write] changes what [who] looks for: nobody is seen to be signed in after it"
    try:
        wait_until(lambda: key in visitor.cart(), "it is there", pause=0.5, patience=3)
    except TimeoutError:
        return f"[read]: what was written is not there; to write was answered {told_of(reply)}"
    made = shape_of(reply, erased(target.written))
    target.looks = (made, _refused(target))
    return ""


def _give_up(target: DescribedTarget) -> None:
    """Have somebody else from now on; of an account of the file's there is no other."""
    if target.description.account and not target.description.register:
        raise Unusable("[write] changes what [who] looks for: the account is another one now.")
    target.people.clear()


def _refused(target: DescribedTarget) -> Shape | None:
    """Return how a change is answered that must be refused, None where no such change is known."""
    write = target.description.write
    if write is None or write.without_sign_in:
        return None
    before = dict(target.written)
    try:
        reply = DescribedVisitor(target, "stranger").add(target.skus[0])
    except Unexpected:
        return None
    finally:
        target.written = before
    return shape_of(reply, erased(target.written))

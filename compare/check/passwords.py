"""The password of an account that the file has: changed by an experiment, and given back.

Rule: what was sent may have been taken, whatever came back, and a change that was confirmed may not
have been made. So the new password counts from before it is sent, and what is true in the end is
what signs in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from ..browser import NoAnswer
from ..shop_visitor import Person, ShopVisitor, Unexpected
from ..waiting import wait_until
from .described_target import DescribedTarget
from .description import NotTried, Unusable

#: Requests that `restore` may take.
MOST_REQUESTS = 60


def sign_in(visitor: ShopVisitor, person: Person, patiences: Iterable[float]) -> bool:
    """Have ``visitor`` sign in; return whether the target then says so.

    Some stores are late, and some lose a sign-in to a request that writes what it had read: it is
    waited for as many seconds as each of ``patiences`` says. `Unexpected` where it is refused.
    """
    for number, patience in enumerate(patiences):
        try:
            visitor.sign_in(person)
        except Unexpected:
            if not number:  # whom it takes for signed in already, it need not let sign in again
                raise
        with suppress(TimeoutError):
            _until_it_says(visitor, person.username, patience)
            return True
    return False


def signs_in(visitor: ShopVisitor, person: Person) -> bool:
    """Return whether ``person`` can sign in."""
    try:
        return sign_in(visitor, person, (1, 1))
    except Unexpected:
        return False


def _until_it_says(visitor: ShopVisitor, who: str, patience: float) -> None:
    wait_until(lambda: visitor.who() == who, "it says who signed in", pause=0.2, patience=patience)


def restore(target: DescribedTarget, owner: Callable[[], ShopVisitor]) -> None:
    """Give an account of the file's its password back; `Unusable` says which one it may have.

    Each sign-in is of a new visitor: one who is signed in may not be let sign in.
    """
    if target.description.register or not target.changed_passwords:
        return
    target.allow(MOST_REQUESTS)
    person = target.people[-1]
    new = target.password_of(person)
    try:
        if signs_in(visitor := owner(), person):
            with suppress(Unexpected, NoAnswer):
                visitor.change_password(person.password)
        target.changed_passwords.clear()
        if signs_in(owner(), person):
            return
        why = "it does not sign in as it was"
    except (Unexpected, NoAnswer, NotTried) as error:
        why = str(error)
    raise Unusable(f"the password of {person.username} may be “{new}” now: {why}.")

"""Whose page it is, in its address: a name, or an ID that the application makes.

Rule 1: whoever has no name and was given no ID asks for somebody else's page: neither is a secret,
and what anybody may read so shows nobody's sign-in.
Rule 2: an ID is a secret where nothing else is sent along, neither a cookie nor a header. Then, and
while nobody has signed in, the address has a 0 in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..shop_visitor import Person
from .placeholders import placeholders
from .shape import Question
from .tables import Description

_NOBODYS = "0"


def known_to_all(
    description: Description, values: Mapping[str, str], jar: Mapping[str, str]
) -> dict[str, str]:
    """Return what of the ``values`` that somebody signed in with anybody may know."""
    who = description.who
    secret = placeholders(who.headers) & values.keys()
    if not (secret or jar):
        return {}
    return {name: values[name] for name in (placeholders(who.path) & values.keys()) - secret}


def somebody_elses(
    question: Question,
    description: Description,
    known: Mapping[str, str],
    people: Sequence[Person],
) -> dict[str, str]:
    """Return what stands in the address of a question for whoever has nothing to put there."""
    taken = {name for step in description.sign_in.in_order for name in step.take}
    names = {name: known.get(name, _NOBODYS) for name in taken}
    if people:
        names |= {"username": people[-1].username, "email": people[-1].email}
    wanted = placeholders(question.path) - placeholders(question.headers)
    return {name: text for name, text in names.items() if name in wanted}

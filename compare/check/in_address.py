"""IDs that an application makes, in the address of the page that tells who is signed in.

Rule 1: whoever was given none asks for somebody else's: an ID in an address is no secret, and a
page that anybody may read by it shows nobody's sign-in.
Rule 2: it is a secret where nothing else is sent along, neither a cookie nor a header. Then, and
while nobody has signed in, the address has a 0 in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from .placeholders import placeholders
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


def filling(description: Description, known: Mapping[str, str]) -> dict[str, str]:
    """Return what stands in the address for whoever was given nothing to put there."""
    taken = {name for step in description.sign_in.in_order for name in step.take}
    wanted = placeholders(description.who.path) & taken
    return {name: known.get(name, _NOBODYS) for name in wanted}

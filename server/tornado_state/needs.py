"""What a kind of state needs of the place that keeps it.

Rule: a need is a property somebody would miss. If nobody would, it is not declared, because every
need narrows the places the kind may live in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .exceptions import CompositionError


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a kind of state requires of its tier.

    ``size`` is the largest value in bytes of JSON; the others are yes or no:

    ===================  ==================================================================
    ``confidential``     the holder must not be able to read it
    ``revocable``        it must be possible to end it at once, from elsewhere
    ``fresh``            an old value must be refused: counters, credit, roles, carts
    ``idle_timeout``     the server must be able to end it when it is not used
    ``concurrent``       writes made in parallel must not lose one another
    ``outage_proof``     it must work while the session store is away
    ``outlives_logout``  it must still be there after sign-out
    ``stateless``        it must cost the server nothing to keep
    ``cross_device``     it must follow the person to every device
    ===================  ==================================================================
    """

    confidential: bool = False
    revocable: bool = False
    fresh: bool = False
    idle_timeout: bool = False
    concurrent: bool = False
    outage_proof: bool = False
    outlives_logout: bool = False
    stateless: bool = False
    cross_device: bool = False
    size: int = 1024


def checked_needs(name: object, needs: Mapping[str, Any]) -> Needs:
    """Return the needs of the kind ``name``; `CompositionError` for what is none."""
    try:
        found = Needs(**needs)
    except TypeError:
        unknown = ", ".join(sorted(set(needs) - set(Needs.__dataclass_fields__)))
        raise CompositionError(f"{name}: a kind has no {unknown}") from None
    for need, value in needs.items():
        if need != "size" and not isinstance(value, bool):
            raise CompositionError(f"{name}: {need} is True or False, not {value!r}")
    if not is_whole(found.size) or found.size < 1:
        raise CompositionError(f"{name}: size is the largest value in bytes, not {found.size!r}")
    return found


def is_whole(number: object) -> bool:
    """Return whether ``number`` is a whole one, and no truth value."""
    return isinstance(number, int) and not isinstance(number, bool)

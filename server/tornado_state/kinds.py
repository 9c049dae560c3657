"""A kind of state, and what it needs of the place that keeps it.

Rule 1: a kind states *needs*, never a place. The place follows (:mod:`.placement`).
Rule 2: a need is a property somebody would miss. If nobody would, it is not declared, because
every need narrows the places the kind may live in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

#: What a kind's value may be: whatever JSON can carry.
JSON = Any

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a kind of state requires of its tier.

    ``size`` is the largest value in bytes of JSON; the others are yes or no:

    ``confidential``     the holder must not be able to read it
    ``revocable``        it must be possible to end it at once, from elsewhere
    ``fresh``            an old value must be refused: counters, credit, roles, vouchers
    ``idle_timeout``     the server must be able to end it when it is not used
    ``concurrent``       writes made in parallel must not lose one another
    ``outage_proof``     it must work while the session store is away
    ``outlives_logout``  it must still be there after sign-out
    ``stateless``        it must cost the server nothing to keep
    ``cross_device``     it must follow the person to every device
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

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size is the largest value in bytes, so at least 1, not {self.size}")


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A declared kind of state. Two declarations are two kinds, whatever their fields say.

    ``name``         1 to 32 characters of ``a-z0-9_``; the key in records, part of a cookie's name
    ``needs``        see :class:`Needs`
    ``on_conflict``  what happens when two requests changed it at once: ``"refuse"`` answers 409,
                     ``"last_write"`` lets the later one stand
    ``inherited``    kept when a visitor signs in; what an attacker could plant and profit from
                     must not be (ASVS 5.0 7.2.4)
    ``identifies``   the field of its value that names the person signed in, for the one kind that
    does

    Raises `ValueError` for a name of another shape.
    """

    name: str
    needs: Needs
    on_conflict: Literal["refuse", "last_write"] = "refuse"
    inherited: bool = False
    identifies: str | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a kind's name is 1 to 32 of a-z, 0-9 and _, not {self.name!r}")


class KindRules:
    """What whoever keeps sessions has to know of the kinds in them, by their names."""

    def __init__(self, kinds: Iterable[Kind] = ()) -> None:
        self._kinds = set(kinds)

    def add(self, kinds: Iterable[Kind]) -> None:
        """Know of ``kinds`` as well."""
        self._kinds.update(kinds)

    @property
    def last_write(self) -> frozenset[str]:
        """The kinds of which the later of two changes stands."""
        return frozenset(kind.name for kind in self._kinds if kind.on_conflict == "last_write")

    @property
    def inherited(self) -> frozenset[str]:
        """The kinds that a sign-in takes along."""
        return frozenset(kind.name for kind in self._kinds if kind.inherited)

    @property
    def identity_size(self) -> int:
        """The bytes that a sign-in adds to a session, as far as it declares them."""
        # Beside the value: the name in quotes, a colon and a comma.
        return sum(k.needs.size + len(k.name) + 4 for k in self._kinds if k.identifies)

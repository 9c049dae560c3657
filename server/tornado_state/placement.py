"""Which tier meets a kind's needs, and why.

Theory: a tier has *capabilities*, a kind has *needs*; placing is matching the two, nothing else.
The capabilities below are claims about the code of this package. ``compare/`` measures each of
them.

Rule 1: a kind goes to the first tier in :data:`TIERS` that meets all its needs. The order is by
what a tier costs the server: a signed cookie nothing, a session a record and a round trip, a
database row more than that.
Rule 2: needs that no one tier meets together have no placement. The kind must be split.
Rule 3: the guard refuses a misplaced kind twice: when an application is composed, and whenever a
value is assigned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from .exceptions import CompositionError, MisplacedKind, UndeclaredKind
from .kinds import Kind
from .needs import Needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a tier can do; the fields answer those of :class:`.Needs` one to one.

    ``capacity`` is the largest value in bytes of JSON, or None where no practical limit is known.
    """

    tier: str
    confidential: bool
    revocable: bool
    fresh: bool
    idle_timeout: bool
    concurrent: bool
    outage_proof: bool
    outlives_logout: bool
    stateless: bool
    cross_device: bool
    capacity: int | None


#: 2,982 bytes of JSON are what 4,096 bytes of name and value (RFC 6265bis 5.6) leave after base64,
#: the signature, a secret's version of one digit, and a name of up to 26 characters, ``__Host-``
#: among them.
SIGNED_COOKIE = Capabilities(
    tier="signed cookie",
    confidential=False,
    revocable=False,
    fresh=False,
    idle_timeout=False,
    concurrent=False,
    outage_proof=True,
    outlives_logout=True,
    stateless=True,
    cross_device=False,
    capacity=2_982,
)

SERVER_SESSION = Capabilities(
    tier="server session",
    confidential=True,
    revocable=True,
    fresh=True,
    idle_timeout=True,
    concurrent=True,
    outage_proof=False,
    outlives_logout=False,
    stateless=False,
    cross_device=False,
    capacity=65_536,
)

DATABASE = Capabilities(
    tier="database",
    confidential=True,
    revocable=True,
    fresh=True,
    idle_timeout=True,
    concurrent=True,
    outage_proof=False,
    outlives_logout=True,
    stateless=False,
    cross_device=True,
    capacity=None,
)

#: Cheapest for the server first.
TIERS = (SIGNED_COOKIE, SERVER_SESSION, DATABASE)

#: For each need, why a tier that lacks it will not do. One place for the words; every page and
#: report uses them.
_LACKS = MappingProxyType(
    {
        "confidential": "whoever holds it can read it",
        "revocable": "it cannot be ended before it expires by itself",
        "fresh": "an old value stays as valid as the new one",
        "idle_timeout": "the server cannot end it for lack of use",
        "concurrent": "of two writes made at once, one is lost",
        "outage_proof": "it is gone while the store is away",
        "outlives_logout": "it ends with sign-out",
        "stateless": "it costs the server a record and a round trip",
        "cross_device": "it stays with one browser",
    }
)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a kind belongs, and why, in sentences; without ``tier``, nowhere."""

    kind: Kind[Any]
    tier: Capabilities | None
    reasons: tuple[str, ...]


def unmet(needs: Needs, tier: Capabilities) -> tuple[str, ...]:
    """Return the names of the needs that ``tier`` does not meet, ``"capacity"`` for the size."""
    lacking = [
        need.name
        for need in fields(Needs)
        if need.name != "size" and getattr(needs, need.name) and not getattr(tier, need.name)
    ]
    if tier.capacity is not None and needs.size > tier.capacity:
        lacking.append("capacity")
    return tuple(lacking)


def explain(need: str, kind: Kind[Any], tier: Capabilities) -> str:
    """Return one sentence: why ``tier`` does not meet ``need`` of ``kind``."""
    if need == "capacity":
        return f"Not the {tier.tier}: {kind.needs.size:,} bytes do not fit its {tier.capacity:,}."
    return f"Not the {tier.tier}: {_LACKS[need]} ({need})."


@lru_cache(maxsize=256)
def place(kind: Kind[Any], tiers: tuple[Capabilities, ...] = TIERS) -> Placement:
    """Return where among ``tiers``, the cheapest first, ``kind`` belongs and why. Pure."""
    reasons: list[str] = []
    for tier in tiers:
        lacking = unmet(kind.needs, tier)
        if not lacking:
            reasons.insert(0, f"The {tier.tier} meets every need of {kind.name}.")
            return Placement(kind, tier, tuple(reasons))
        reasons += [explain(need, kind, tier) for need in lacking]
    reasons.insert(0, f"No one place meets every need of {kind.name}: split it, or drop a need.")
    return Placement(kind, None, tuple(reasons))


class PlacementTable(Mapping[Kind[Any], Capabilities]):
    """An application's placement: each kind it uses, and the tier it keeps it in.

    Raises `MisplacedKind` when a tier does not meet a kind's needs, unless ``allow_misplaced``:
    then `misplaced` lists what was waved through, for the application to say aloud.
    """

    def __init__(
        self, tiers: Mapping[Kind[Any], Capabilities], *, allow_misplaced: bool = False
    ) -> None:
        self._tiers = _checked(tiers)
        #: The kind that names the person signed in, None in an application without sign-in.
        self.identity = next((kind for kind in self._tiers if kind.identity), None)
        self._allow_misplaced = allow_misplaced
        self.misplaced = tuple(kind for kind, tier in tiers.items() if unmet(kind.needs, tier))
        for kind in self._tiers:
            self.check(kind)

    def with_kinds(self, tiers: Mapping[Kind[Any], Capabilities]) -> PlacementTable:
        """Return a table that has the kinds of ``tiers`` as well."""
        both = {**self._tiers, **tiers}
        return PlacementTable(both, allow_misplaced=self._allow_misplaced)

    def check(self, kind: Kind[Any]) -> Capabilities:
        """Return the tier ``kind`` is kept in; `UndeclaredKind` or `MisplacedKind` otherwise."""
        tier = self._tiers.get(kind)
        if tier is None:
            raise UndeclaredKind(kind.name, "the application's placement")
        lacking = unmet(kind.needs, tier)
        if lacking and not self._allow_misplaced:
            right = place(kind).tier
            raise MisplacedKind(kind.name, tier.tier, lacking, right.tier if right else None)
        return tier

    def __getitem__(self, kind: Kind[Any]) -> Capabilities:
        return self._tiers[kind]

    def __iter__(self) -> Iterator[Kind[Any]]:
        return iter(self._tiers)

    def __len__(self) -> int:
        return len(self._tiers)


def _checked(tiers: Any) -> dict[Kind[Any], Capabilities]:
    """Return a copy; `CompositionError` for what is no table."""
    if not isinstance(tiers, Mapping):
        raise CompositionError(
            f"a placement maps each kind to the tier that keeps it: not {tiers!r}"
        )
    for kind, tier in tiers.items():
        if not isinstance(kind, Kind) or not isinstance(tier, Capabilities):
            raise CompositionError(
                f"a placement maps each kind to SIGNED_COOKIE or SERVER_SESSION: not {kind!r} to "
                f"{tier!r}"
            )
    return dict(tiers)

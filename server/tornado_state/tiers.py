"""An application's tiers, and which kind goes into which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from .cookies.signed_cookie import SignedCookieTier
from .kinds import Kind
from .placement import SERVER_SESSION, SIGNED_COOKIE, PlacementTable
from .sessions.server_session import ServerSessionTier


@dataclass(frozen=True, eq=False)
class StateTiers:
    """An application's placement table and the tiers it names; `ValueError` when one is missing."""

    placement: PlacementTable
    signed_cookie: SignedCookieTier
    server_session: ServerSessionTier | None = None

    def __post_init__(self) -> None:
        there = [SIGNED_COOKIE, SERVER_SESSION] if self.server_session else [SIGNED_COOKIE]
        for kind, tier in self.placement.items():
            if tier not in there:
                raise ValueError(f"{kind.name} is placed in the {tier.tier}, and there is none")
        if self.server_session is not None:
            self.server_session.rules.add(
                kind for kind, tier in self.placement.items() if tier is SERVER_SESSION
            )

    @cached_property
    def cookie_kinds(self) -> tuple[Kind, ...]:
        """The kinds kept in signed cookies."""
        return tuple(kind for kind, tier in self.placement.items() if tier is SIGNED_COOKIE)

    @cached_property
    def bound_kinds(self) -> frozenset[Kind]:
        """Of those, the kinds that end with sign-out: signed for the person signed in only."""
        return frozenset(
            kind
            for kind in self.cookie_kinds
            if not kind.needs.outlives_logout and not kind.identifies
        )

    @cached_property
    def cookie_names(self) -> set[str]:
        """The names of all cookies of the application."""
        names = {self.signed_cookie.cookie_name(kind) for kind in self.cookie_kinds}
        return names | ({self.server_session.cookie_name} if self.server_session else set())

    @lru_cache(maxsize=256)  # noqa: B019 - an application's tiers live as long as the application
    def plan(self, kinds: tuple[Kind, ...]) -> Plan:
        """Return what is to be loaded for a handler that uses ``kinds``.

        Raises `UndeclaredKind` or `MisplacedKind`. A cookie bound to a person needs the session
        too, if that is what names the person.
        """
        for kind in kinds:
            self.placement.check(kind)
        used = set(kinds)
        if self.placement.identity and used & self.bound_kinds:
            used.add(self.placement.identity)
        in_session = any(self.placement[kind] is not SIGNED_COOKIE for kind in used)
        return Plan(frozenset(kinds), in_session)


class Plan(NamedTuple):
    """What a handler uses, and whether the session has to be loaded for it."""

    kinds: frozenset[Kind]
    needs_session: bool

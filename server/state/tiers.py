"""An application's tiers, and which kind goes into which."""

from __future__ import annotations

from dataclasses import dataclass

from .kinds import Kind
from .placement import SERVER_SESSION, SIGNED_COOKIE, PlacementTable
from .server_session import ServerSessionTier
from .signed_cookie import SignedCookieTier


@dataclass(frozen=True)
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

    @property
    def cookie_kinds(self) -> tuple[Kind, ...]:
        """The kinds kept in signed cookies."""
        return tuple(kind for kind, tier in self.placement.items() if tier is SIGNED_COOKIE)

    @property
    def cookie_names(self) -> set[str]:
        """The names of all cookies of the application."""
        names = {self.signed_cookie.cookie_name(kind) for kind in self.cookie_kinds}
        return names | ({self.server_session.cookie_name} if self.server_session else set())

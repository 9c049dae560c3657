"""The shop's three kinds of state, and the rules of preferences and cart. Pure: no I/O, no HTTP."""

from __future__ import annotations

from typing import Final

from .state.kinds import Kind, Needs

#: How a visitor wants to search. Lost preferences annoy; leaked or stale ones harm nobody.
PREFERENCES: Final = Kind(
    "preferences",
    Needs(outage_proof=True, outlives_logout=True, size=512),
    on_conflict="last_write",
    inherited=True,
)

#: What a visitor means to buy. An old cart put back, or one of two tabs' writes lost, costs money.
CART: Final = Kind(
    "cart", Needs(fresh=True, concurrent=True, size=32_768), inherited=True
)

#: Who is signed in: ``{"account_id", "username", "email", "signed_in_at"}``.
CREDENTIALS: Final = Kind(
    "credentials",
    Needs(confidential=True, revocable=True, fresh=True, idle_timeout=True, size=1024),
    identifies="account_id",
)

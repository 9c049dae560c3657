"""Placement: every combination of needs, the reasons, the guard."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from tornado_state import (
    DATABASE,
    SERVER_SESSION,
    SIGNED_COOKIE,
    Capabilities,
    Kind,
    MisplacedKind,
    PlacementTable,
    UndeclaredKind,
    place,
)

PREFERENCES = Kind("preferences", dict[str, str], outage_proof=True, outlives_logout=True)
CART = Kind("cart", dict[str, int], fresh=True, concurrent=True, size=16_384)
CREDENTIALS = Kind(
    "credentials",
    dict[str, str],
    identity="username",
    confidential=True,
    revocable=True,
    fresh=True,
    idle_timeout=True,
)

#: The table of the design, written down once more: what each tier can do, and how much it holds.
CAN = {
    "signed cookie": ({"outage_proof", "outlives_logout", "stateless"}, 2_982),
    "server session": (
        {"confidential", "revocable", "fresh", "idle_timeout", "concurrent"},
        65_536,
    ),
    "database": (
        {
            "confidential",
            "revocable",
            "fresh",
            "idle_timeout",
            "concurrent",
            "outlives_logout",
            "cross_device",
        },
        float("inf"),
    ),
}
NAMES = (
    "confidential",
    "revocable",
    "fresh",
    "idle_timeout",
    "concurrent",
    "outage_proof",
    "outlives_logout",
    "stateless",
    "cross_device",
)
SIZES = (1, 2_982, 2_983, 65_536, 65_537)


def combinations() -> Iterator[tuple[set[str], int]]:
    for flags, size in product(product((False, True), repeat=len(NAMES)), SIZES):
        yield {name for name, flag in zip(NAMES, flags, strict=True) if flag}, size


def test_every_combination_of_needs_goes_to_the_first_tier_that_meets_them_all() -> None:
    """A kind is placed in the cheapest tier that meets every need, and nowhere if none does."""
    for needs, size in combinations():
        fitting = [tier for tier, (can, room) in CAN.items() if needs <= can and size <= room]
        kind = Kind("some", str, **dict.fromkeys(needs, True), size=size)
        placed = place(kind).tier
        assert (placed.tier if placed else None) == (fitting[0] if fitting else None), (needs, size)


def test_the_reasons_name_every_need_that_every_cheaper_tier_lacks() -> None:
    """The reasons are sentences: one for the place, one per need and tier passed over."""
    for needs, size in combinations():
        kind = Kind("some", str, **dict.fromkeys(needs, True), size=size)
        placement = place(kind)
        found = placement.tier.tier if placement.tier else None
        verdict, *reasons = placement.reasons
        expected = []
        for tier, (can, room) in CAN.items():
            if tier == found:
                break
            expected += [(tier, f"({need}).") for need in NAMES if need in needs - can]
            expected += [(tier, "do not fit")] if size > room else []
        assert found is None or verdict == f"The {found} meets every need of some."
        assert found is not None or verdict.startswith("No one place meets every need of some")
        assert len(reasons) == len(expected)
        for reason, (tier, end) in zip(reasons, expected, strict=True):
            assert reason.startswith(f"Not the {tier}: "), reason
            assert end in reason


@pytest.mark.parametrize(
    ("kind", "tier"),
    [
        (PREFERENCES, SIGNED_COOKIE),
        (CART, SERVER_SESSION),
        (CREDENTIALS, SERVER_SESSION),
        (Kind("large_preference", str, outlives_logout=True, size=10_000), DATABASE),
        (Kind("large_setting", str, size=10_000), SERVER_SESSION),
        (Kind("large_offline", str, outage_proof=True, size=2_983), None),
        (Kind("voucher", str, fresh=True, concurrent=True), SERVER_SESSION),
        (Kind("role", str, revocable=True, fresh=True), SERVER_SESSION),
        (Kind("upload", str, size=5_000_000), DATABASE),
        (Kind("everywhere", str, cross_device=True), DATABASE),
        (Kind("free_and_fresh", str, fresh=True, stateless=True), None),
    ],
    ids=lambda value: getattr(value, "name", getattr(value, "tier", "nowhere")),
)
def test_kinds_people_ask_about(kind: Kind[Any], tier: Capabilities | None) -> None:
    """The shop's kinds and the awkward ones are placed as the design says."""
    assert place(kind).tier is tier


def test_a_misplaced_kind_is_refused_when_composed() -> None:
    """The refusal names the unmet needs and the right tier."""
    with pytest.raises(MisplacedKind) as refused:
        PlacementTable({CREDENTIALS: SIGNED_COOKIE})
    assert refused.value.unmet == ("confidential", "revocable", "fresh", "idle_timeout")
    assert refused.value.right_tier == "server session"
    assert str(refused.value) == (
        "credentials must not live in the signed cookie: unmet confidential, revocable, fresh, "
        "idle_timeout; it belongs in the server session"
    )


def test_a_kind_that_fits_nowhere_is_refused_and_told_so() -> None:
    """Where no tier would do, the refusal says that."""
    with pytest.raises(MisplacedKind, match="unmet stateless; no tier meets all its needs"):
        PlacementTable({Kind("both", str, fresh=True, stateless=True): SERVER_SESSION})


def test_misplacing_on_purpose_is_listed() -> None:
    """What was waved through can be read off the table, so that it can be said aloud."""
    placed = {PREFERENCES: SIGNED_COOKIE, CART: SIGNED_COOKIE}
    table = PlacementTable(placed, allow_misplaced=True)
    assert table.misplaced == (CART,)
    assert table.check(CART) is SIGNED_COOKIE
    assert PlacementTable({PREFERENCES: SIGNED_COOKIE}).misplaced == ()


def test_a_table_is_a_mapping_of_what_was_declared() -> None:
    """Each kind is found with its tier, and no other."""
    placed = {PREFERENCES: SIGNED_COOKIE, CREDENTIALS: SERVER_SESSION}
    table = PlacementTable(placed)
    assert dict(table) == placed
    assert len(table) == 2
    with pytest.raises(UndeclaredKind, match="cart is not declared"):
        table.check(CART)


def test_the_table_knows_which_kind_names_the_person() -> None:
    """The identity is the kind that identifies, None where nobody signs in."""
    assert PlacementTable({PREFERENCES: SIGNED_COOKIE}).identity is None
    assert PlacementTable({CREDENTIALS: SERVER_SESSION}).identity is CREDENTIALS


def test_a_table_with_more_kinds_keeps_what_was_waved_through() -> None:
    """And refuses what would be misplaced, unless that was allowed."""
    table = PlacementTable({CART: SIGNED_COOKIE}, allow_misplaced=True)
    both = table.with_kinds({CREDENTIALS: SIGNED_COOKIE})
    assert both.misplaced == (CART, CREDENTIALS)
    with pytest.raises(MisplacedKind):
        PlacementTable({}).with_kinds({CART: SIGNED_COOKIE})

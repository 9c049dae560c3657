"""Signing in, from the cookie before it to the row in the database, and what a failure leaves."""

from __future__ import annotations

from pathlib import Path

from shop_here import shop_here


async def test_a_write_that_comes_late_leaves_the_sign_in_alone(tmp_path: Path) -> None:
    """A second tab that still has the cookie from before is told so, and gets none instead."""
    async with shop_here(tmp_path) as shop:
        await shop.add()
        before = dict(shop.jar)
        assert await shop.sign_in() == 200
        after, shop.jar = shop.jar, before
        assert await shop.add() == 401
        assert shop.jar == before
        shop.jar = after
        assert await shop.status("/account") == 200
        assert await shop.quantity() == 1

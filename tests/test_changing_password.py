"""Changing the password: all of it or nothing, and whoever does it stays signed in."""

from __future__ import annotations

from pathlib import Path

import pytest
from shop_here import ANN, NEW_PASSWORD, ShopHere, shop_here


async def password_is(shop: ShopHere, password: str) -> bool:
    return await shop.accounts.authenticate(ANN["username"], password) is not None


async def test_the_session_keeps_its_handle_and_gets_a_new_id(tmp_path: Path) -> None:
    """A copy of the old cookie opens nothing; the session is listed as the one it was."""
    async with shop_here(tmp_path) as shop:
        await shop.sign_in()
        before, copy = await shop.handles(), dict(shop.jar)
        assert await shop.change_password() == 204
        assert await shop.handles() == before
        shop.jar = copy
        assert await shop.status("/account") == 401


@pytest.mark.parametrize("away", ["add_session", "change_password"])
async def test_a_database_that_is_away_changes_nothing(tmp_path: Path, away: str) -> None:
    """503: the old password is the password, the session and its cookie are what they were."""
    async with shop_here(tmp_path) as shop:
        await shop.sign_in()
        await shop.add(3)
        before = dict(shop.jar)
        shop.accounts.away = frozenset({away})
        assert await shop.change_password() == 503
        shop.accounts.away = frozenset()
        assert shop.jar == before
        assert await shop.status("/account") == 200
        assert await shop.quantity() == 3
        assert await password_is(shop, ANN["password"])
        assert shop.store.records() == 1


async def test_a_database_that_goes_away_at_the_end_signs_nobody_out(tmp_path: Path) -> None:
    """The password is changed and the answer says so; disabling finds the session all the same."""
    async with shop_here(tmp_path) as shop:
        await shop.sign_in()
        shop.accounts.away = frozenset({"keep_handle", "move_session"})
        assert await shop.change_password() == 204
        assert await shop.status("/account") == 200
        assert await password_is(shop, NEW_PASSWORD)
        for store_key in await shop.accounts.disable(ANN["username"]):
            await shop.store.delete(store_key)
        assert await shop.status("/account") == 401


async def test_a_change_made_meanwhile_is_kept_and_the_password_changes_once(
    tmp_path: Path,
) -> None:
    """The session is carried over anew; the password is not."""
    async with shop_here(tmp_path) as shop:
        await shop.sign_in()
        before = await shop.handles()
        other_tab = ShopHere(shop.port, shop.store, shop.accounts)
        other_tab.jar = dict(shop.jar)
        shop.store.let_go_first("cas", lambda: other_tab.add(2))
        assert await shop.change_password() == 204
        assert await shop.quantity() == 2
        assert await password_is(shop, NEW_PASSWORD)
        assert await shop.handles() == before


async def test_a_session_ended_from_elsewhere_meanwhile_stays_ended(tmp_path: Path) -> None:
    """Whoever ended it was told so; the password is changed."""
    async with shop_here(tmp_path) as shop:
        await shop.sign_in()
        (mine,) = await shop.rows()
        shop.store.let_go_first("cas", lambda: shop.accounts.forget_sessions([mine]))
        assert await shop.change_password() == 401
        assert await shop.status("/account") == 401
        assert await password_is(shop, NEW_PASSWORD)
        assert await shop.accounts.disable(ANN["username"]) == []


async def test_an_account_disabled_meanwhile_goes_on_under_no_new_id(tmp_path: Path) -> None:
    """Whoever disables it need not know the new ID: the request itself ends what it has made."""
    async with shop_here(tmp_path) as shop:
        await shop.sign_in()
        shop.store.let_go_first("cas", lambda: shop.accounts.disable(ANN["username"]))
        assert await shop.change_password() == 401
        assert await shop.status("/account") == 401
        await shop.accounts.enable(ANN["username"])
        assert await password_is(shop, NEW_PASSWORD)

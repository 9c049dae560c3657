"""Signing in, from the cookie before it to the row in the database, and what a failure leaves."""

from __future__ import annotations

from pathlib import Path

from running_shop import carried
from shop_here import ANN, shop_here


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


async def test_a_sign_in_that_the_database_could_not_note_leaves_all_as_it_was(
    tmp_path: Path,
) -> None:
    """503, nobody is signed in, and the cart is there under the cookie that was there."""
    async with shop_here(tmp_path) as shop:
        await shop.add(3)
        before = dict(shop.jar)
        shop.accounts.away = frozenset({"add_session"})
        assert await shop.sign_in() == 503
        assert shop.jar == before
        assert await shop.quantity() == 3
        assert await shop.status("/account") == 401
        assert shop.store.records() == 1


async def test_a_sign_in_refused_at_the_last_moment_leaves_the_cart(tmp_path: Path) -> None:
    """The account is disabled while the session is made: 401, no session, the cart as it was."""
    async with shop_here(tmp_path) as shop:
        await shop.add(3)
        shop.store.let_go_first("add", lambda: shop.accounts.disable(ANN["username"]))
        assert await shop.sign_in() == 401
        assert await shop.quantity() == 3
        assert await shop.accounts.disable(ANN["username"]) == []
        assert shop.store.records() == 1


async def test_an_account_disabled_during_a_sign_in_keeps_no_living_session(
    tmp_path: Path,
) -> None:
    """However late, the row is there to be found before anybody has the cookie."""
    async with shop_here(tmp_path) as shop:

        async def disable() -> None:
            (store_key,) = await shop.accounts.disable(ANN["username"])
            await shop.store.delete(store_key)

        await shop.add()
        shop.store.let_go_first("cas", disable)
        assert await shop.sign_in() == 200
        assert await shop.status("/account") == 401


async def test_what_a_refused_sign_in_had_made_is_nobody_s(tmp_path: Path) -> None:
    """Where the store is away as well, the error told is the first one."""
    async with shop_here(tmp_path) as shop:
        shop.accounts.away = frozenset({"add_session"})
        shop.store.fail("delete")
        answer = await shop.send("POST", "/login", ANN)
        assert (answer.code, b"accounts_unavailable" in answer.body) == (503, True)
        assert shop.jar == {}


async def test_what_a_sign_in_had_made_goes_when_the_store_goes_away(tmp_path: Path) -> None:
    """A session that nobody was told of is not listed as one that lives."""
    async with shop_here(tmp_path) as shop:
        await shop.add()
        shop.store.fail("cas")
        assert await shop.sign_in() == 503
        shop.store.failing.clear()
        assert await shop.sign_in() == 200
        assert len(await shop.handles()) == 1


async def test_a_device_that_has_signed_in_is_not_kept_out_by_strangers(tmp_path: Path) -> None:
    """Its cookie outlives sign-out, names nobody, and is worth nothing for another account."""
    async with shop_here(tmp_path) as shop:
        await shop.accounts.register("bob", "bob@post.example", "amber-falcon-17")
        assert await shop.sign_in() == 200
        assert (await shop.send("POST", "/logout", {})).code == 204
        mine, shop.jar = shop.jar, {}
        assert "ann" not in carried(mine["shop-device"])
        statuses = [await shop.sign_in("wrong-password") for _ in range(6)]
        assert statuses == [401] * 5 + [429]
        assert await shop.sign_in() == 429
        shop.jar = mine
        for _ in range(6):
            await shop.send("POST", "/login", {"username": "bob", "password": "wrong-password"})
        bob = {"username": "bob", "password": "amber-falcon-17"}
        assert (await shop.send("POST", "/login", bob)).code == 429
        assert await shop.sign_in() == 200


async def test_strangers_do_not_keep_whoever_is_signed_in_from_a_new_password(
    tmp_path: Path,
) -> None:
    """What is tried elsewhere is not counted for the password that is asked for to change it."""
    async with shop_here(tmp_path) as shop:
        await shop.sign_in()
        mine, shop.jar = shop.jar, {}
        assert [await shop.sign_in("wrong-password") for _ in range(6)][-1] == 429
        shop.jar = mine
        assert await shop.change_password() == 204

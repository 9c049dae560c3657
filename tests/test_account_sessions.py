"""The sessions an account has, and disabling it."""

from __future__ import annotations

import pytest
from accounts_in_folder import (
    ANN,
    NEW,
    RIGHT,
    Clock,
    accounts_in,
    sessions_kept,
    signed_in,
)

from compare.app_process import ROOT
from server.accounts.errors import (
    SignInRefused,
    UnknownAccount,
)
from server.accounts.places import MEMCACHED, place_here


async def test_sessions_are_listed_newest_first(tmp_path):
    """Each with its handle, store key, second of creation and device; one's own only."""
    clock = Clock()
    async with accounts_in(tmp_path, clock=clock) as accounts:
        sign_in = await signed_in(accounts)
        first = await accounts.add_session(sign_in, "store key 1", "Firefox")
        clock.now += 10.7
        second = await accounts.add_session(sign_in, "store key 2", "Chromium\r\n\0" + "x" * 300)
        listed = await accounts.sessions(sign_in.account.id)
        assert await accounts.sessions("nobody's") == []
    assert [(one.handle, one.store_key, one.created_at) for one in listed] == [
        (second, "store key 2", 1_700_000_010),
        (first, "store key 1", 1_700_000_000),
    ]
    assert listed[1].device == "Firefox"
    assert listed[0].device == "Chromium" + "x" * 192


async def test_a_renewed_session_keeps_its_handle(tmp_path):
    """A new session ID is the same session; one that is not there is not made."""
    async with accounts_in(tmp_path) as accounts:
        sign_in = await signed_in(accounts)
        handle = await accounts.add_session(sign_in, "old")
        assert not await accounts.move_session("somebody else's", "old", "new")
        assert await accounts.move_session(sign_in.account.id, "old", "new")
        assert not await accounts.move_session(sign_in.account.id, "old", "newer")
        listed = await accounts.sessions(sign_in.account.id)
    assert [(one.handle, one.store_key) for one in listed] == [(handle, "new")]


async def test_forgotten_sessions_are_not_listed(tmp_path):
    """Exactly those named are forgotten."""
    async with accounts_in(tmp_path) as accounts:
        sign_in = await signed_in(accounts)
        for store_key in ("1", "2", "3"):
            await accounts.add_session(sign_in, store_key)
        await accounts.forget_sessions([])
        await accounts.forget_sessions(key for key in ("1", "3", "unknown"))
        assert [one.store_key for one in await accounts.sessions(sign_in.account.id)] == ["2"]


async def test_a_record_has_one_entry(tmp_path):
    """Adding the same store key again replaces the entry: the last sign-in's stands."""
    async with accounts_in(tmp_path) as accounts:
        sign_in = await signed_in(accounts)
        await accounts.add_session(sign_in, "1")
        handle = await accounts.add_session(sign_in, "1")
        assert [one.handle for one in await accounts.sessions(sign_in.account.id)] == [handle]


async def test_entries_end_with_the_absolute_timeout(tmp_path):
    """No session is older, so its row goes: when sessions are listed, or anybody signs in."""
    clock = Clock()
    async with accounts_in(tmp_path, clock=clock, absolute_timeout=100) as accounts:
        sign_in = await signed_in(accounts)
        await accounts.add_session(sign_in, "1")
        clock.now += 99
        assert len(await accounts.sessions(sign_in.account.id)) == 1
        clock.now += 1
        assert await accounts.sessions(sign_in.account.id) == []
        await accounts.add_session(sign_in, "2")
        clock.now += 100
        await accounts.add_session(sign_in, "3")
    assert sessions_kept(tmp_path) == 1


async def test_where_sessions_are_kept_is_remembered_as_long_as_they_may_live(tmp_path):
    """Each sign-in notes it anew; a place that nobody signs in to any more is forgotten."""
    clock = Clock()
    old, new = place_here(MEMCACHED, ["a:1"]), place_here(MEMCACHED, ["b:1", "./c"])
    options = {"clock": clock, "absolute_timeout": 1000}
    async with accounts_in(tmp_path, place=old, **options) as accounts:
        await accounts.register(*ANN)
        clock.now += 900
        assert await accounts.authenticate("ann", RIGHT)
    clock.now += 900
    async with accounts_in(tmp_path, place=new, **options) as accounts:
        assert set(await accounts.places()) == {old, new}
        clock.now += 200
        assert await accounts.authenticate("ann", RIGHT)
        assert await accounts.places() == [new]
    assert new.addresses == (f"{ROOT}/c", "b:1")


async def test_a_sign_in_that_disabling_overtook_gets_no_session(tmp_path):
    """Between the right password and the session the account was disabled: refused."""
    async with accounts_in(tmp_path) as accounts:
        sign_in = await signed_in(accounts)
        await accounts.disable("ann")
        with pytest.raises(SignInRefused) as refusal:
            await accounts.add_session(sign_in, "1")
    assert refusal.value.status == 401


async def test_no_session_of_a_disabled_account_is_followed(tmp_path):
    """Its sessions are being ended by the keys they had; another one would escape that."""
    async with accounts_in(tmp_path) as accounts:
        sign_in = await signed_in(accounts)
        for store_key in ("1", "2"):
            await accounts.add_session(sign_in, store_key)
        await accounts.disable("ann")
        assert not await accounts.move_session(sign_in.account.id, "1", "3")
        assert not await accounts.keep_handle(sign_in.account.id, "1", "2")
        assert sorted(await accounts.disable("ann")) == ["1", "2"]


async def test_a_sign_in_with_the_former_password_gets_no_session(tmp_path):
    """A thief who signed in a moment before the password changed is out; the owner is not."""
    async with accounts_in(tmp_path) as accounts:
        sign_in = await signed_in(accounts)
        changed = await accounts.change_password(sign_in.account.id, RIGHT, NEW)
        with pytest.raises(SignInRefused):
            await accounts.add_session(sign_in, "1")
        await accounts.add_session(changed, "2")


async def test_a_disabled_account_signs_in_again_once_enabled(tmp_path):
    """Disabling returns the store keys to end, again and again until they are forgotten."""
    async with accounts_in(tmp_path) as accounts:
        sign_in = await signed_in(accounts)
        await accounts.add_session(sign_in, "1")
        assert await accounts.disable("ANN") == await accounts.disable("ann") == ["1"]
        assert await accounts.authenticate("ann", RIGHT) is None
        await accounts.enable("ann")
        assert await accounts.authenticate("ann", RIGHT)


@pytest.mark.parametrize("username", ["nobody", "", "a\0b"])
async def test_who_is_unknown_cannot_be_disabled_or_enabled(tmp_path, username):
    """A mistyped name is said, not ignored."""
    async with accounts_in(tmp_path) as accounts:
        with pytest.raises(UnknownAccount):
            await accounts.disable(username)
        with pytest.raises(UnknownAccount):
            await accounts.enable(username)


async def test_entries_show_all_accounts(tmp_path):
    """By name, each with whether it is disabled and how many sessions it has."""
    async with accounts_in(tmp_path) as accounts:
        await accounts.register("bob", "bob@example.org", RIGHT)
        await accounts.add_session(await signed_in(accounts), "1")
        await accounts.disable("bob")
        entries = await accounts.entries()
    assert [(one.account.username, one.disabled, one.sessions) for one in entries] == [
        ("Ann", False, 1),
        ("bob", True, 0),
    ]

"""The accounts: signing in, and changing the password."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest
from accounts_in_folder import (
    ANN,
    NEW,
    RIGHT,
    WRONG,
    Clock,
    CountingArgon2,
    accounts_in,
    outcome,
    row_of_ann,
    signed_in,
)
from argon2 import extract_parameters

from server.accounts import SignIn, device_mark
from server.accounts.errors import (
    Busy,
    FieldRefused,
    PasswordRefused,
    SignInRefused,
    TooManyTries,
    WrongPassword,
)
from server.accounts.passwords import PasswordHashes


async def accounts_outcome(accounts, password, remote, devices=(), username="ann"):
    """Return what a try shows that is made from there."""
    try:
        return await accounts.authenticate(username, password, remote, devices)
    except TooManyTries as refusal:
        return refusal.status, refusal.retry_after


async def test_promise_9_unknown_wrong_and_disabled_are_answered_alike(tmp_path):
    """A dozen tries show the same, try by try, whether the name exists or not."""
    async with accounts_in(tmp_path, clock=Clock()) as accounts:
        await accounts.register(*ANN)
        await accounts.register("bob", "bob@example.org", RIGHT)
        await accounts.disable("bob")
        wrong = [await outcome(accounts, "ann") for _ in range(12)]
        unknown = [await outcome(accounts, "nobody") for _ in range(12)]
        disabled = [await outcome(accounts, "bob", RIGHT) for _ in range(12)]
    assert wrong == [None] * 5 + [(429, 1)] * 7
    assert unknown == disabled == wrong


async def test_promise_9_unknown_wrong_and_disabled_take_the_same_work(tmp_path):
    """Each of them is one verification with the same parameters."""
    argon2 = CountingArgon2()
    async with accounts_in(tmp_path, argon2) as accounts:
        await accounts.register(*ANN)
        await accounts.register("bob", "bob@example.org", RIGHT)
        await accounts.disable("bob")
        for username in ("ann", "nobody", "bob", "impossible name\0"):
            await outcome(accounts, username)
    assert len(argon2.verified) == 4
    assert all(parameters == argon2.verified[0] for parameters in argon2.verified)


async def test_promise_9_of_parallel_guesses_few_are_looked_at(tmp_path):
    """50 guesses at once do not slip past the back-off: five passwords are verified."""
    argon2 = CountingArgon2()
    hashes = PasswordHashes(argon2, waiting=50)
    async with accounts_in(tmp_path, hashes=hashes) as accounts:
        await accounts.register(*ANN)
        answers = await asyncio.gather(*(outcome(accounts, "ann") for _ in range(50)))
    assert answers.count((429, 1)) == 45
    assert len(argon2.verified) == 5


async def test_promise_9_during_the_wait_no_password_is_looked_at(tmp_path):
    """The right password is refused as well, and accepted once the wait is over."""
    clock, argon2 = Clock(), CountingArgon2()
    async with accounts_in(tmp_path, argon2, clock=clock) as accounts:
        await accounts.register(*ANN)
        for _ in range(5):
            await outcome(accounts, "ann")
        assert await outcome(accounts, "ann", RIGHT) == (429, 1)
        assert len(argon2.verified) == 5
        clock.now += 1
        assert await accounts.authenticate("ann", RIGHT)


async def test_promise_9_a_right_password_starts_the_count_afresh(tmp_path):
    """Four mistakes now and then keep nobody out."""
    async with accounts_in(tmp_path, clock=Clock()) as accounts:
        await accounts.register(*ANN)
        for _ in range(3):
            for _ in range(4):
                assert await outcome(accounts, "ann") is None
            assert isinstance(await outcome(accounts, "ann", RIGHT), SignIn)


async def test_promise_9_spellings_of_a_name_share_one_count(tmp_path):
    """Another spelling of the name is no further five tries."""
    async with accounts_in(tmp_path, clock=Clock()) as accounts:
        await accounts.register(*ANN)
        spellings = ("ann", "ANN", " Ann", "aNN", "anN", "AnN")
        answers = [await outcome(accounts, spelling) for spelling in spellings]
    assert answers == [None] * 5 + [(429, 1)]


@pytest.mark.parametrize("username", ["a\0b", "\ud800", "x" * 100_000, "", "ann bob"])
async def test_impossible_names_are_unknown_names(tmp_path, username):
    """What could never be registered is a wrong answer, never a crash."""
    async with accounts_in(tmp_path) as accounts:
        assert await accounts.authenticate(username, "\ud800" * 9) is None


@pytest.mark.parametrize("value", [None, 7, ["ann"], {"a": 1}, True])
async def test_only_text_signs_in(tmp_path, value):
    """What is not text is refused field by field, before anything is counted."""
    async with accounts_in(tmp_path) as accounts:
        with pytest.raises(FieldRefused) as refusal:
            await accounts.authenticate(value, value)
    assert set(refusal.value.fields) == {"username", "password"}


async def test_who_is_told_busy_has_not_made_a_try(tmp_path):
    """With the queue full nothing is looked at, and nothing counted."""
    hashes = PasswordHashes(CountingArgon2())
    async with accounts_in(tmp_path, hashes=hashes, clock=Clock()) as accounts:
        await accounts.register(*ANN)
        with ExitStack() as everybody_else:
            for _ in range(34):
                everybody_else.enter_context(hashes.turn())
            for _ in range(10):
                with pytest.raises(Busy):
                    await accounts.authenticate("ann", RIGHT)
        assert await accounts.authenticate("ann", RIGHT)


async def test_signing_in_renews_a_hash_of_older_parameters(tmp_path):
    """Parameters can be raised: each account follows when its owner next signs in."""
    async with accounts_in(tmp_path, CountingArgon2()) as accounts:
        await accounts.register(*ANN)
    async with accounts_in(tmp_path, CountingArgon2(passes=2)) as accounts:
        await outcome(accounts, "ann", WRONG)
        assert extract_parameters(row_of_ann(tmp_path)[0]).time_cost == 1
        await outcome(accounts, "ann", RIGHT)
        assert extract_parameters(row_of_ann(tmp_path)[0]).time_cost == 2
        assert await accounts.authenticate("ann", RIGHT)
    assert row_of_ann(tmp_path)[1] == 1


async def test_a_changed_password_replaces_the_old_one(tmp_path):
    """The new one signs in, the old one does not, and the sign-in returned is one with the new."""
    async with accounts_in(tmp_path) as accounts:
        old = await signed_in(accounts)
        changed = await accounts.change_password(old.account.id, RIGHT, NEW)
        assert await accounts.authenticate("ann", RIGHT) is None
        assert await accounts.authenticate("ann", NEW) == changed == SignIn(old.account, 2)


async def test_promise_10_the_current_password_is_needed_to_change_it(tmp_path):
    """A session alone, stolen perhaps, does not change the password."""
    async with accounts_in(tmp_path) as accounts:
        ann = (await signed_in(accounts)).account
        with pytest.raises(WrongPassword) as refusal:
            await accounts.change_password(ann.id, WRONG, NEW)
        assert (refusal.value.status, set(refusal.value.fields)) == (422, {"current"})
        assert await accounts.authenticate("ann", RIGHT)


@pytest.mark.parametrize("new", ["short", "x" * 129, "password1", "ann@example.org", RIGHT])
async def test_promise_10_the_new_password_passes_the_policy_and_differs(tmp_path, new):
    """Changing is no way around the policy, and a refused one counts as no try."""
    async with accounts_in(tmp_path, clock=Clock()) as accounts:
        ann = (await signed_in(accounts)).account
        for _ in range(6):
            with pytest.raises(PasswordRefused) as refusal:
                await accounts.change_password(ann.id, RIGHT, new)
            assert set(refusal.value.fields) == {"new"}


@pytest.mark.parametrize("value", [None, 7, ["x"]])
async def test_only_text_changes_a_password(tmp_path, value):
    """What is not text is refused field by field."""
    async with accounts_in(tmp_path) as accounts:
        with pytest.raises(FieldRefused) as refusal:
            await accounts.change_password("any", value, value)
    assert set(refusal.value.fields) == {"current", "new"}


async def test_promise_9_guesses_at_the_current_password_are_counted_apart(tmp_path):
    """Whoever is signed in may make ten a day; strangers neither add to them nor take any."""
    clock = Clock()
    async with accounts_in(tmp_path, clock=clock) as accounts:
        ann = (await signed_in(accounts)).account
        for _ in range(6):
            await outcome(accounts, "ann")
        for number in range(5):
            with pytest.raises(WrongPassword):
                await accounts.change_password(ann.id, f"{WRONG} {number}", NEW)
        with pytest.raises(TooManyTries):
            await accounts.change_password(ann.id, RIGHT, NEW)
        assert await outcome(accounts, "ann", RIGHT) == (429, 1)
        clock.now += 1
        assert await accounts.change_password(ann.id, RIGHT, NEW)
        assert isinstance(await outcome(accounts, "ann", NEW), SignIn)


async def test_promise_9_strangers_do_not_keep_the_owner_out(tmp_path):
    """From a device that has signed in before one signs in, however many others try the name."""
    argon2 = CountingArgon2()
    async with accounts_in(tmp_path, argon2, clock=Clock()) as accounts:
        ann = (await signed_in(accounts)).account
        marks = [device_mark(ann.id)]
        for number in range(20):
            await accounts_outcome(accounts, WRONG, f"203.0.113.{number}")
        assert await accounts_outcome(accounts, RIGHT, "203.0.113.99") == (429, 1)
        assert isinstance(await accounts_outcome(accounts, RIGHT, "203.0.113.99", marks), SignIn)
        assert await accounts_outcome(accounts, RIGHT, "203.0.113.99") == (429, 1)


async def test_promise_9_a_device_has_few_tries_and_is_then_a_stranger(tmp_path):
    """A copied cookie is worth ten guesses, and no more when it is worth nothing."""
    argon2, clock = CountingArgon2(), Clock()
    async with accounts_in(tmp_path, argon2, clock=clock) as accounts:
        ann = (await signed_in(accounts)).account
        mark, other = device_mark(ann.id), device_mark("somebody else")
        looked_at = 0
        for _ in range(1_000):
            before = len(argon2.verified)
            await accounts_outcome(accounts, WRONG, None, [mark])
            looked_at += len(argon2.verified) - before
            clock.now += 80
        assert looked_at <= 10 + 80
        assert not isinstance(await accounts_outcome(accounts, RIGHT, None, [other]), SignIn)


async def test_promise_9_one_password_for_many_names_meets_a_limit(tmp_path):
    """A network has a hundred wrong tries, whatever the names; others have theirs, and it again."""
    clock = Clock()
    async with accounts_in(tmp_path, clock=clock) as accounts:
        await accounts.register(*ANN)
        here = [
            await accounts_outcome(accounts, WRONG, f"2001:db8::{number:x}", (), f"name{number}")
            for number in range(110)
        ]
        assert here == [None] * 100 + [(429, 36)] * 10
        assert await accounts_outcome(accounts, RIGHT, "2001:db8::1") == (429, 36)
        assert isinstance(await accounts_outcome(accounts, RIGHT, "203.0.113.7"), SignIn)
        clock.now += 36
        for _ in range(2):  # a right one is taken back
            assert isinstance(await accounts_outcome(accounts, RIGHT, "2001:db8::1"), SignIn)


async def test_promise_9_a_site_has_a_budget_for_all_its_networks(tmp_path):
    """More addresses than anybody counts are one customer's: 64 bits, 56, 48."""
    async with accounts_in(tmp_path, clock=Clock()) as accounts:
        tries = [
            await accounts_outcome(accounts, WRONG, f"2001:db8:0:{n:x}::1", (), f"name{n}")
            for n in range(0, 120 << 8, 1 << 8)
        ]
        assert tries == [None] * 100 + [(429, 9)] * 20


async def test_of_two_password_changes_at_once_one_counts(tmp_path):
    """The other's current password is not the current one any more."""
    async with accounts_in(tmp_path) as accounts:
        ann = (await signed_in(accounts)).account
        answers = await asyncio.gather(
            *(accounts.change_password(ann.id, RIGHT, f"{NEW} {n}") for n in range(2)),
            return_exceptions=True,
        )
        assert sorted(type(answer).__name__ for answer in answers) == ["SignIn", "WrongPassword"]
    assert row_of_ann(tmp_path)[1] == 2


@pytest.mark.parametrize("known", [True, False])
async def test_a_disabled_or_unknown_account_changes_no_password(tmp_path, known):
    """Its session has ended, as far as the database is concerned."""
    async with accounts_in(tmp_path) as accounts:
        ann = (await signed_in(accounts)).account
        await accounts.disable("ann")
        with pytest.raises(SignInRefused):
            await accounts.change_password(ann.id if known else "nobody's", RIGHT, NEW)


async def test_an_account_disabled_during_a_password_change_keeps_its_password(tmp_path):
    """Disabling wins over a change that had already verified the current password."""
    async with accounts_in(tmp_path) as accounts, accounts_in(tmp_path) as elsewhere:
        ann = (await signed_in(accounts)).account

        class DisablingArgon2(CountingArgon2):
            def hash(self, password, *, salt=None):
                asyncio.run_coroutine_threadsafe(elsewhere.disable("ann"), loop).result()
                return super().hash(password, salt=salt)

        loop = asyncio.get_running_loop()
        async with accounts_in(tmp_path, DisablingArgon2()) as changing:
            with pytest.raises(SignInRefused):
                await changing.change_password(ann.id, RIGHT, NEW)
    assert row_of_ann(tmp_path)[1] == 1

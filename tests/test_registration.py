"""Registering: what is kept, what is refused."""

from __future__ import annotations

import asyncio
from itertools import count, cycle
from unicodedata import normalize

import pytest
from accounts_in_folder import (
    ANN,
    RIGHT,
    Clock,
    accounts_in,
    outcome,
)

from server.accounts import SignIn
from server.accounts.errors import (
    FieldRefused,
    TooManyTries,
    UsernameTaken,
)
from server.accounts.throttle import REGISTRATIONS


async def test_an_account_is_kept(tmp_path):
    """What was registered is there after a restart, under its ID, and can sign in."""
    async with accounts_in(tmp_path) as accounts:
        account = await accounts.register(*ANN)
    async with accounts_in(tmp_path) as accounts:
        assert await accounts.account(account.id) == account
        assert await accounts.authenticate("Ann", RIGHT) == SignIn(account, 1)
        assert (account.username, account.email) == ("Ann", "ann@example.org")


async def test_an_unknown_id_is_no_account(tmp_path):
    """Absence is not failure."""
    async with accounts_in(tmp_path) as accounts:
        assert await accounts.account("nobody's") is None


@pytest.mark.parametrize(
    "spelling",
    ["ANNA-STRASSE", "  anna-straße ", "\N{FULLWIDTH LATIN CAPITAL LETTER A}nna-Straße"],
)
async def test_a_name_is_taken_in_every_spelling(tmp_path, spelling):
    """Names that differ in case, width or blanks at the ends are one name, to sign in as well."""
    async with accounts_in(tmp_path) as accounts:
        account = await accounts.register("Anna-Straße", "anna@example.org", RIGHT)
        with pytest.raises(UsernameTaken) as refusal:
            await accounts.register(spelling, "other@example.org", RIGHT)
        assert refusal.value.status == 409
        assert await accounts.authenticate(spelling, RIGHT) == SignIn(account, 1)


async def test_a_name_is_kept_as_it_looks(tmp_path):
    """Full width and blanks at the ends do not survive, because they do not show."""
    async with accounts_in(tmp_path) as accounts:
        wide = await accounts.register(" \N{FULLWIDTH LATIN CAPITAL LETTER A}nn ", *ANN[1:])
    assert wide.username == "Ann"


async def test_the_longest_name_can_sign_in(tmp_path):
    """64 characters that case folding makes 128 are one name like any other."""
    name = "\N{LATIN SMALL LETTER SHARP S}" * 64
    async with accounts_in(tmp_path) as accounts:
        account = await accounts.register(name, "s@example.org", RIGHT)
        assert await accounts.authenticate(name, RIGHT) == SignIn(account, 1)
        assert await accounts.authenticate("ss" * 64, RIGHT) is None


async def register_from(accounts, remote, number):
    """Register another one from there; return 0, or for how many seconds it is refused."""
    try:
        await accounts.register(f"{number}", "a@example.org", RIGHT, remote)
    except TooManyTries as refusal:
        return refusal.retry_after
    return 0


@pytest.mark.parametrize(
    ("same", "other", "seconds"),
    [
        (["203.0.113.7", "::ffff:203.0.113.7"], "203.0.113.8", 600),
        (["2001:db8::1", "2001:db8::2"], "2001:db8:1::1", 600),
        ([f"2001:db8:0:{net:x}::1" for net in range(20)], "2001:db8:1::1", 300),
        ([f"2001:db8:0:{net:x}00::1" for net in range(20)], "2001:db8:1::1", 150),
    ],
)
async def test_a_network_registers_so_many_and_one_more_by_and_by(tmp_path, same, other, seconds):
    """Each account may have many sessions: who registers at will takes the store from others."""
    async with accounts_in(tmp_path, clock=(clock := Clock())) as accounts:
        numbers, remotes = count(), cycle(same)
        for _ in range(REGISTRATIONS):
            assert await register_from(accounts, next(remotes), next(numbers)) == 0
        assert await register_from(accounts, same[0], next(numbers)) == seconds
        assert await register_from(accounts, other, next(numbers)) == 0
    async with accounts_in(tmp_path, clock=clock) as accounts:
        clock.now += seconds
        assert await register_from(accounts, same[0], next(numbers)) == 0
        assert await register_from(accounts, same[0], next(numbers)) == seconds


@pytest.mark.parametrize("remote", ["127.0.0.1", "::1", None])
async def test_this_machine_registers_whom_it_likes(tmp_path, remote):
    """It is its owner's, or a proxy's that is not believed."""
    async with accounts_in(tmp_path) as accounts:
        for number in range(REGISTRATIONS + 2):
            assert await register_from(accounts, remote, number) == 0


async def test_of_many_who_register_one_name_at_once_one_gets_it(tmp_path):
    """The check and the insertion cannot be parted, also between two processes."""
    async with accounts_in(tmp_path) as one, accounts_in(tmp_path) as other:
        answers = await asyncio.gather(
            *((one, other)[n % 2].register(*ANN) for n in range(20)), return_exceptions=True
        )
    assert sum(isinstance(answer, UsernameTaken) for answer in answers) == 19


@pytest.mark.parametrize(
    "username",
    [
        None,
        7,
        "",
        "   ",
        "x" * 65,
        "an n",
        "an\nn",
        "an\0n",
        "an\N{ZERO WIDTH SPACE}n",
        "an\N{RIGHT-TO-LEFT OVERRIDE}n",
        "\ud800",
        "\n" + "ann",
        "\x85" + "ann",
        "\N{NO-BREAK SPACE}ann",
        "ann\N{IDEOGRAPHIC SPACE}",
        "an\N{HANGUL FILLER}n",
        "an\N{COMBINING GRAPHEME JOINER}n",
        "an\N{VARIATION SELECTOR-16}n",
        "an\N{BRAILLE PATTERN BLANK}n",
        "an\N{SOFT HYPHEN}n",
        "an\N{FIRST STRONG ISOLATE}n",
        "an\N{DIAERESIS}n",
        "an\U000e0100n",
        "an\u0378n",
        "an\ue000n",
        "an\uffffn",
        " " * 1000 + "ann",
    ],
)
async def test_odd_usernames_are_refused(tmp_path, username):
    """A username is 1 to 64 visible characters without blanks."""
    async with accounts_in(tmp_path) as accounts:
        with pytest.raises(FieldRefused) as refusal:
            await accounts.register(username, "ann@example.org", RIGHT)
    assert (refusal.value.status, set(refusal.value.fields)) == (422, {"username"})


async def test_a_username_that_prints_like_another_is_refused(tmp_path):
    """It is told why; a name in anybody's script is taken."""
    async with accounts_in(tmp_path) as accounts:
        with pytest.raises(FieldRefused) as refusal:
            await accounts.register("\u0430\u0440\u0435", "ann@example.org", RIGHT)
        assert "looks like ape" in refusal.value.fields["username"]
        account = await accounts.register("\u0438\u0432\u0430\u043d", "ann@example.org", RIGHT)
        assert await accounts.authenticate("\u0438\u0432\u0430\u043d", RIGHT) == SignIn(account, 1)


async def test_nothing_is_normalized_that_is_far_too_long(tmp_path, monkeypatch):
    """It is refused, or nobody's name, before time is spent on it; its tries count all the same."""
    longest = 0

    def watched(form: str, text: str) -> str:
        nonlocal longest
        longest = max(longest, len(text))
        return normalize(form, text)

    monkeypatch.setattr("unicodedata.normalize", watched)
    name = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 60_000
    async with accounts_in(tmp_path) as accounts:
        with pytest.raises(FieldRefused) as refusal:
            await accounts.register(name, "ann@example.org", RIGHT)
        assert [await outcome(accounts, name) for _ in range(6)] == [None] * 5 + [(429, 1)]
    assert set(refusal.value.fields) == {"username"}
    assert longest <= 256 * 18


@pytest.mark.parametrize(
    "email",
    [None, "", "ab", "ann", "@example.org", "ann@", "a@b@c", "a b@c", "a\n@b", "x" * 251 + "@b.c"],
)
async def test_odd_emails_are_refused(tmp_path, email):
    """An email is 3 to 254 characters with one @ and something on both sides."""
    async with accounts_in(tmp_path) as accounts:
        with pytest.raises(FieldRefused) as refusal:
            await accounts.register("ann", email, RIGHT)
    assert set(refusal.value.fields) == {"email"}


async def test_everything_wrong_is_said_at_once(tmp_path):
    """Who fills in a form learns of all mistakes, not of one after the other."""
    async with accounts_in(tmp_path) as accounts:
        with pytest.raises(FieldRefused) as refusal:
            await accounts.register("", "nowhere", "short")
    assert set(refusal.value.fields) == {"username", "email", "password"}


@pytest.mark.parametrize("password", ["Password1", "ANN-SOMEBODY", "ann@example.org"])
async def test_promise_10_common_and_own_words_are_refused_at_registration(tmp_path, password):
    """The policy holds where passwords are made."""
    async with accounts_in(tmp_path) as accounts:
        with pytest.raises(FieldRefused) as refusal:
            await accounts.register("ann-somebody", "ann@example.org", password)
    assert set(refusal.value.fields) == {"password"}

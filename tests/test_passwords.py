"""Which passwords are allowed, and how they are hashed."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import HashingError, VerificationError

from server.accounts.errors import Busy
from server.accounts.passwords import PasswordHashes, password_problem


class CountingArgon2(PasswordHasher):
    """Argon2id as cheap as it gets, that remembers the parameters of each verification."""

    def __init__(self, passes: int = 1) -> None:
        super().__init__(time_cost=passes, memory_cost=8, parallelism=1)
        self.verified: list[object] = []

    def verify(self, hash, password):
        self.verified.append(extract_parameters(hash))
        return super().verify(hash, password)


class StarvedArgon2(PasswordHasher):
    """Argon2id on a machine that has no memory left; the real one would take the machine down."""

    def hash(self, password, *, salt=None):
        raise HashingError("Memory allocation error")

    def verify(self, hash, password):
        raise VerificationError("Memory allocation error")


@contextmanager
def hashes_with(argon2: PasswordHasher | None = None, **limits: int) -> Iterator[PasswordHashes]:
    hashes = PasswordHashes(argon2, **limits)
    try:
        yield hashes
    finally:
        hashes.close()


@pytest.mark.parametrize("password", ["zq7-pv2x", "x" * 128, "\N{CHEESE WEDGE}" * 128])
def test_promise_10_passwords_of_8_to_128_characters_are_allowed(password):
    """A password has 8 to 128 characters, however many bytes they take."""
    assert password_problem(password) is None


@pytest.mark.parametrize("password", ["", "zq7-pv2", "x" * 129, "\N{CHEESE WEDGE}" * 7])
def test_promise_10_shorter_and_longer_passwords_are_refused(password):
    """Below 8 and above 128 characters a password is refused, and told the limits."""
    assert "8 to 128" in password_problem(password)


@pytest.mark.parametrize("password", [None, 12345678, ["zq7-pv2x"], b"zq7-pv2x"])
def test_a_password_is_text(password):
    """What is not text is refused, not converted."""
    assert password_problem(password) == "The password must be text."


@pytest.mark.parametrize("password", ["password1", "PassWord1", "1234567890", "QWERTYUIOP"])
def test_promise_10_common_passwords_are_refused(password):
    """A common password is refused in any case."""
    assert "common" in password_problem(password)


@pytest.mark.parametrize("password", ["annabella", "AnnaBella", "bella@example.org"])
def test_ones_own_name_and_email_are_refused_as_password(password):
    """The first two guesses at anybody's password are refused."""
    assert "username or email" in password_problem(password, "annabella", "Bella@example.org")


@pytest.mark.parametrize(
    "password",
    [
        "  blanks at both ends  ",
        "with\0a NUL and more",
        "line\r\nbreaks and \t tabs",
        "lone \ud800 surrogate",
        "x" * 127 + "y",
        "\N{CHEESE WEDGE}" * 127 + "y",
    ],
)
async def test_promise_10_every_character_of_a_password_counts(password):
    """A password is right only as it was typed: nothing is cut off, trimmed or skipped."""
    with hashes_with(CountingArgon2()) as hashes:
        password_hash = await hashes.hash(password)
        assert await hashes.verify(password_hash, password)
        for other in (password[:-1], password[:-1] + "z", password + " ", password.strip(" ")):
            assert other == password or not await hashes.verify(password_hash, other)


async def test_promise_10_passwords_are_not_normalized():
    """Two ways to write é are two passwords: folding them would make others alike, too."""
    with hashes_with(CountingArgon2()) as hashes:
        password_hash = await hashes.hash("caf\N{LATIN SMALL LETTER E WITH ACUTE} au lait")
        decomposed = unicodedata.normalize("NFD", "caf\N{LATIN SMALL LETTER E WITH ACUTE} au lait")
        assert not await hashes.verify(password_hash, decomposed)


async def test_promise_10_the_hash_is_argon2id_with_19_mib_two_passes_one_lane():
    """The parameters are those of OWASP's password storage cheat sheet."""
    with hashes_with() as hashes:
        password_hash = await hashes.hash("korrekt pferd")
    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_promise_10_hashing_leaves_the_event_loop_free():
    """While a password is hashed, other things go on."""
    with hashes_with() as hashes:
        hashing = asyncio.ensure_future(hashes.hash("korrekt pferd"))
        turns_of_the_loop = 0
        while not hashing.done():
            await asyncio.sleep(0)
            turns_of_the_loop += 1
    assert turns_of_the_loop > 10


async def test_promise_10_a_bounded_number_waits_and_one_more_is_told_busy():
    """Two run, 32 wait; the next is told to come back, and may as soon as one has left."""
    with hashes_with() as hashes, ExitStack() as all_but_one:
        with hashes.turn():
            for _ in range(33):
                all_but_one.enter_context(hashes.turn())
            with pytest.raises(Busy) as refusal, hashes.turn():
                pass
        with hashes.turn():
            pass
    assert (refusal.value.status, refusal.value.retry_after) == (503, 1)


async def test_promise_9_no_hash_takes_the_same_work_as_a_wrong_password():
    """To verify against nobody's hash is one verification with the parameters of everybody's."""
    argon2 = CountingArgon2()
    with hashes_with(argon2) as hashes:
        somebodys = await hashes.hash("korrekt pferd")
        assert not await hashes.verify(somebodys, "wrong one")
        assert not await hashes.verify(None, "wrong one")
    assert len(argon2.verified) == 2
    assert argon2.verified[0] == argon2.verified[1]


async def test_an_unreadable_hash_is_nobodys():
    """A damaged row lets nobody in, and is no crash."""
    with hashes_with() as hashes:
        assert not await hashes.verify("$argon2id$damaged", "korrekt pferd")


async def test_a_hash_is_renewed_only_when_the_parameters_have_changed():
    """`renew` returns the hash itself, or a new one of the same password."""
    with hashes_with(CountingArgon2()) as before, hashes_with(CountingArgon2(passes=2)) as after:
        old = await before.hash("korrekt pferd")
        assert await before.renew(old, "korrekt pferd") == old
        new = await after.renew(old, "korrekt pferd")
        assert extract_parameters(new).time_cost == 2
        assert await after.verify(new, "korrekt pferd")


async def test_no_memory_for_a_hash_is_busy():
    """A machine short of memory says "later", not "wrong"."""
    with hashes_with(StarvedArgon2()) as hashes, pytest.raises(Busy):
        await hashes.hash("korrekt pferd")


async def test_no_memory_to_verify_is_not_a_wrong_password():
    """Out of memory nobody can tell whether the password is right."""
    with hashes_with(StarvedArgon2(memory_cost=8)) as hashes, pytest.raises(Busy):
        await hashes.verify(None, "korrekt pferd")

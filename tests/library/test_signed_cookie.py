"""The client tier: what a signature holds for, and everything it does not."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from state_app import ABSOLUTE, BASKET, SECRET, THEME, World
from tornado.web import create_signed_value
from tornado_state import InvalidValue, Kind, Needs, Signer, TooLarge
from watched_store import Clock

NAME = "__Host-shop-theme"
YEAR = 365 * 86400


def kept(world: World, value: object = "dark", kind: Kind = THEME, owner: str = "") -> str:
    return world.cookies.keep(kind, value, owner).value


def load(world: World, signed: str, kind: Kind = THEME, owner: str = "") -> object:
    return world.cookies.load(kind, {world.cookies.cookie_name(kind): signed}, owner)


def test_what_was_kept_is_loaded() -> None:
    """A value comes back as it went in, and its absence is None."""
    world = World()
    assert load(world, kept(world, {"a": [1, "ü"]})) == {"a": [1, "ü"]}
    assert world.cookies.load(THEME, {}, "") is None


def test_promise_1_every_bit_flip_is_refused() -> None:
    """No single bit of a signed cookie can be changed."""
    world = World()
    signed = kept(world).encode()
    for place in range(len(signed)):
        for bit in range(8):
            flipped = bytearray(signed)
            flipped[place] ^= 1 << bit
            assert load(world, flipped.decode("latin1")) is None, flipped


def test_promise_1_every_byte_is_guarded() -> None:
    """No single character can be replaced by another printable one, left out, or doubled."""
    world = World()
    signed = kept(world)
    for place, old in enumerate(signed):
        for new in set(string.printable) - {old}:
            assert load(world, signed[:place] + new + signed[place + 1 :]) is None
        assert load(world, signed[:place] + signed[place + 1 :]) is None
        assert load(world, signed[:place] + old + signed[place:]) is None


def test_promise_1_every_truncation_is_refused() -> None:
    """A part of a signed cookie, from either end, is no cookie."""
    world = World()
    signed = kept(world)
    for length in range(len(signed)):
        assert load(world, signed[:length]) is None
        assert load(world, signed[len(signed) - length :]) is None


@given(st.text(st.characters(max_codepoint=255)))
def test_promise_1_junk_is_absent(junk: str) -> None:
    """Whatever text stands in the cookie, verifying it raises nothing."""
    assert load(World(), junk) is None
    assert load(World(), f"2|1:0|10:1700000000|0:|{junk}") is None


@pytest.mark.parametrize("secret", [SECRET, {0: "s" * 32, 1: "t" * 32}])
def test_promise_1_the_older_format_is_refused(secret: dict[int, str]) -> None:
    """A format-1 signature (SHA-1) counts for nothing, even made with the right key."""
    world = World(secret=secret)
    key = world.signer._keys(NAME, "")[0]
    for name in ("", NAME):
        old = create_signed_value(key, name, b'"dark"', version=1, clock=world.clock).decode()
        assert load(world, old) is None
    assert load(world, "a|b|c") is None


def test_promise_1_a_swapped_key_version_is_refused() -> None:
    """A signature holds only under the version of the secret that made it."""
    world = World(secret={0: "s" * 32, 1: "t" * 32})
    signed = kept(world)
    assert signed.startswith("2|1:1|")
    for version in ("1:0", "1:2", "1:7", "2:-1", "1:x", "0:"):
        assert load(world, signed.replace("1:1", version, 1)) is None


@pytest.mark.parametrize(("ahead", "taken"), [(300, True), (301, False), (10 * YEAR, False)])
def test_promise_1_a_future_stamp_is_refused(ahead: int, taken: bool) -> None:
    """A stamp up to five minutes ahead is another host's clock, beyond that it is refused."""
    world = World()
    signed = kept(world)
    world.clock.pass_(-ahead)
    assert (load(world, signed) is not None) is taken


@pytest.mark.parametrize(
    ("kind", "lifetime"), [(THEME, YEAR), (Kind("mood", Needs()), ABSOLUTE)], ids=["lasting", "not"]
)
def test_promise_1_a_signature_lives_as_long_as_its_cookie(kind: Kind, lifetime: int) -> None:
    """One lifetime is the cookie's Max-Age and the greatest age of its signature."""
    world = World()
    cookie = world.cookies.keep(kind, "dark", "")
    assert cookie.max_age == lifetime
    world.clock.pass_(lifetime)
    assert load(world, cookie.value, kind) == "dark"
    world.clock.pass_(1)
    assert load(world, cookie.value, kind) is None


def test_promise_5_a_replaced_secret_still_verifies_while_listed() -> None:
    """What the old secret signed holds while it is listed, and the newest one signs."""
    old = World(secret={0: "s" * 32})
    both = old.like(secret={0: "s" * 32, 1: "t" * 32})
    assert load(both, kept(old)) == "dark"
    assert kept(both).startswith("2|1:1|")


def test_promise_5_the_secret_listed_last_signs_whatever_its_version() -> None:
    """Versions are names: neither their size nor their order counts."""
    last = World(secret={7: "s" * 32, 2: "t" * 32})
    assert load(World(secret={2: "t" * 32}), kept(last)) == "dark"
    assert load(World(secret={7: "s" * 32}), kept(last)) is None


def test_promise_5_a_secret_no_longer_listed_verifies_nothing() -> None:
    """Without the old key, what it signed is absent."""
    old = World(secret={0: "s" * 32})
    assert load(old.like(secret={1: "t" * 32}), kept(old)) is None


def test_signing_needs_a_secret() -> None:
    """Without any secret there is no signer."""
    with pytest.raises(ValueError, match="at least one secret"):
        Signer({}, "shop")


def test_promise_6_a_value_of_another_application_is_refused() -> None:
    """Two applications that share a secret, and even the cookie's name, do not share values."""
    clock = Clock()
    one, two = Signer(SECRET, "one", clock), Signer(SECRET, "two", clock)
    signed = one.sign("x", b"1")
    assert one.verify("x", signed) is not None
    assert two.verify("x", signed) is None


def test_promise_6_a_value_of_another_cookie_is_refused() -> None:
    """A value is no other kind's, and no session ID."""
    world = World()
    signed = kept(world)
    assert load(world, signed, BASKET) is None
    assert world.signer.verify(world.sessions.cookie_name, signed) is None
    assert world.signer.verify(NAME, signed) is not None


def test_promise_6_a_value_of_another_person_is_refused() -> None:
    """What was signed for one person is absent for another, and for nobody."""
    world = World()
    signed = kept(world, owner="ada")
    assert load(world, signed, owner="ada") == "dark"
    assert load(world, signed, owner="eve") is None
    assert load(world, signed) is None
    assert load(world, kept(world), owner="ada") is None


def test_promise_6_parts_of_the_purpose_cannot_be_moved() -> None:
    """Application, name and person are separated, so no two purposes run together."""
    clock = Clock()
    one = Signer(SECRET, "shop", clock).sign("a", b"1", owner="bc")
    assert Signer(SECRET, "shop", clock).verify("ab", one, owner="c") is None
    assert Signer(SECRET, "shopa", clock).verify("", one, owner="bc") is None


@pytest.mark.parametrize("length", range(len("__Host-a-b"), 28))
def test_the_capacity_fits_under_every_name(length: int) -> None:
    """2,982 bytes of JSON fit under every name of up to 27 characters."""
    application = "a" * (length - len("__Host--b"))
    world = World(application=application)
    kind = Kind("b", Needs(size=2_982))
    cookie = world.cookies.keep(kind, "x" * 2_980, "")
    assert len(cookie.name) == length
    assert len(cookie.name) + len(cookie.value) <= 4096


@pytest.mark.parametrize("size", [2_983, 4_096, 100_000])
def test_a_value_beyond_the_capacity_is_refused(size: int) -> None:
    """What a browser would drop silently is refused, with the sizes, before it is sent."""
    world = World(application="a" * 18)
    kind = Kind("b", Needs())
    assert len(world.cookies.cookie_name(kind)) == 27
    with pytest.raises(TooLarge, match="the cookie of b would take") as refused:
        world.cookies.keep(kind, "x" * (size - 2), "")
    assert refused.value.limit == 4096 < refused.value.size
    assert refused.value.status == 413


def test_a_value_that_json_cannot_carry_is_refused() -> None:
    """The refusal names the kind."""
    with pytest.raises(InvalidValue, match="theme cannot be kept as JSON"):
        kept(World(), {1, 2})


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff", b"nope", b"[" * 100_000, b"NaN", b'"\\ud800"']
)
def test_promise_1_a_signed_value_that_is_not_json_is_absent(text: bytes) -> None:
    """Even under a true signature, what cannot be read is absent."""
    world = World()
    assert load(world, world.signer.sign(NAME, text)) is None


def test_clearing_asks_the_browser_to_forget() -> None:
    """The tier can only ask; a copy made earlier is still valid, and so is not called deleted."""
    world = World()
    signed = kept(world)
    cookie = world.cookies.clear(THEME)
    assert (cookie.name, cookie.value, cookie.max_age) == (NAME, "", 0)
    assert load(world, signed) == "dark"

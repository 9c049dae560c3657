"""The client tier: what a signature holds for, and everything it does not."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from state_app import ABSOLUTE, NEW, OLD, PLACED, SECRET, THEME, World
from tornado.web import create_signed_value
from tornado_state import SIGNED_COOKIE, Kind, NotKnownHere, TooLarge
from tornado_state.cookies.signing import Signer
from watched_store import Clock

NAME = "__Host-shop-theme"
YEAR = 365 * 86400
BOTH = {0: OLD, 1: NEW}
MOOD = Kind("mood", str)


def signer_of(world: World) -> Any:
    return world.composition._signer


def kept(world: World, text: bytes = b'"dark"', kind: Kind[Any] = THEME, owner: str = "") -> str:
    value: str = world.cookies.keep(kind, text, owner).value
    return value


def load(world: World, signed: str, kind: Kind[Any] = THEME, owner: str = "") -> bytes | None:
    name = world.cookies.cookie_name(kind)
    carried = world.cookies.read(kind, world.read_cookies({name: signed}), owner)
    return next(iter(carried.texts.values())) if carried else None


def verify(world: World, signed: str) -> bytes | None:
    value = signer_of(world).verify(NAME, signed)
    return value.value if value else None


def test_what_was_kept_is_loaded() -> None:
    """A text comes back as it went in, and its absence is None."""
    world = World()
    assert load(world, kept(world, '"ü"'.encode())) == '"ü"'.encode()
    assert world.cookies.read(THEME, world.read_cookies({}), "") is None


def test_a_long_value_is_checked_each_time() -> None:
    """It takes too much room to be remembered."""
    world = World()
    text = b'"%s"' % (b"x" * 1500)
    signed = kept(world, text)
    assert [load(world, signed), load(world, signed)] == [text, text]
    assert load(world, signed[:-1] + ("0" if signed[-1] != "0" else "1")) is None


def test_promise_1_every_bit_flip_is_refused() -> None:
    """No single bit of a signed cookie can be changed."""
    world = World()
    signed = kept(world).encode()
    for place in range(len(signed)):
        for bit in range(8):
            flipped = bytearray(signed)
            flipped[place] ^= 1 << bit
            assert verify(world, flipped.decode("latin1")) is None, flipped


def test_promise_1_every_byte_is_guarded() -> None:
    """No single character can be replaced by another printable one, left out, or doubled."""
    world = World()
    signed = kept(world)
    for place, old in enumerate(signed):
        for new in set(string.printable) - {old}:
            assert verify(world, signed[:place] + new + signed[place + 1 :]) is None
        assert verify(world, signed[:place] + signed[place + 1 :]) is None
        assert verify(world, signed[:place] + old + signed[place:]) is None


def test_promise_1_every_truncation_is_refused() -> None:
    """A part of a signed cookie, from either end, is no cookie."""
    world = World()
    signed = kept(world)
    for length in range(len(signed)):
        assert verify(world, signed[:length]) is None
        assert verify(world, signed[len(signed) - length :]) is None


WORLD = World()


@given(st.text(st.characters(max_codepoint=255)))
def test_promise_1_junk_is_absent(junk: str) -> None:
    """Whatever text stands in the cookie, verifying it raises nothing."""
    assert verify(WORLD, junk) is None
    assert verify(WORLD, f"2|1:0|10:1700000000|0:|{junk}") is None


@pytest.mark.parametrize("secret", [SECRET, BOTH])
def test_promise_1_the_older_format_is_refused(secret: dict[int, str]) -> None:
    """A format-1 signature (SHA-1) counts for nothing, even made with the right key."""
    world = World(cookie_secret=secret)
    key = signer_of(world)._keys(NAME, "")[0]
    for name in ("", NAME):
        old = create_signed_value(key, name, b'"dark"', version=1, clock=world.clock).decode()
        assert verify(world, old) is None
    assert verify(world, "a|b|c") is None


def test_promise_1_a_swapped_key_version_is_refused() -> None:
    """A signature holds only under the version of the secret that made it."""
    world = World(cookie_secret=BOTH)
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
    ("kind", "lifetime"), [(THEME, YEAR), (MOOD, ABSOLUTE)], ids=["lasting", "not"]
)
def test_promise_1_a_signature_lives_as_long_as_its_cookie(kind: Kind, lifetime: int) -> None:
    """One lifetime is the cookie's Max-Age and the greatest age of its signature."""
    world = World({**PLACED, MOOD: SIGNED_COOKIE})
    cookie = world.cookies.keep(kind, b'"dark"', "")
    assert cookie.max_age == lifetime
    world.clock.pass_(lifetime)
    assert load(world, cookie.value, kind) == b'"dark"'
    world.clock.pass_(1)
    assert load(world, cookie.value, kind) is None


def test_promise_5_a_replaced_secret_still_verifies_while_listed() -> None:
    """What the old secret signed holds while it is listed, and the newest one signs."""
    old = World()
    both = old.like(cookie_secret=BOTH)
    assert load(both, kept(old)) == b'"dark"'
    assert kept(both).startswith("2|1:1|")


def test_promise_5_the_secret_listed_last_signs_unless_another_is_named() -> None:
    """Versions are names; ``key_version`` has another one sign, as it does in Tornado."""
    last = World(cookie_secret={1: OLD, 3: NEW})
    assert kept(last).startswith("2|1:3|")
    named = World(cookie_secret={1: OLD, 3: NEW}, key_version=1)
    assert kept(named).startswith("2|1:1|")
    assert load(World(cookie_secret={1: OLD}), kept(named)) == b'"dark"'


def test_promise_5_what_another_secret_signed_is_outdated() -> None:
    """It is to be signed anew when its kind is written."""
    old, both = World(), World(cookie_secret=BOTH)
    for signed, outdated in ((kept(old), True), (kept(both), False)):
        carried = both.cookies.read(THEME, both.read_cookies({NAME: signed}), "")
        assert carried is not None
        assert carried.outdated is outdated


def test_promise_5_a_secret_of_a_later_version_is_not_known_here() -> None:
    """Another process has it already; a version that was tampered with is just junk."""
    both, old = World(cookie_secret=BOTH), World()
    signed = kept(both)
    with pytest.raises(NotKnownHere, match="a secret that is not known here"):
        load(old, signed)
    assert old.events == []
    assert load(old, kept(old).replace("1:0", "1:5", 1)) is None
    assert old.events == ["forged"]


@pytest.mark.parametrize("junk", ["junk", "a|b|c", "2|1:0|1:0|0:|4:AAAA|" + "0" * 64])
def test_what_was_forged_is_counted(junk: str, caplog: pytest.LogCaptureFixture) -> None:
    """And logged once in a while, without the value."""
    world = World()
    assert load(world, junk) is None
    assert load(world, junk) is None
    assert world.events == ["forged", "forged"]
    (line,) = caplog.messages
    assert "its signature does not hold" in line
    assert junk not in line


def test_a_value_of_another_version_says_so() -> None:
    """It is carried under the name that it has in a record."""
    newer = Kind("theme", str, version=3, outlives_logout=True)
    world = World({newer: SIGNED_COOKIE})
    signed = kept(world, b'"7:dark"', newer)
    carried = world.cookies.read(newer, world.read_cookies({NAME: signed}), "")
    assert carried is not None
    assert carried.texts == {"theme@3": b'"7:dark"'}
    old = World()
    carried = old.cookies.read(THEME, old.read_cookies({NAME: signed}), "")
    assert carried is not None
    assert [*carried.texts] == ["theme@3"]


def test_promise_5_a_secret_no_longer_listed_verifies_nothing() -> None:
    """Without the old key, what it signed is absent."""
    old = World()
    assert load(old.like(cookie_secret={1: NEW}), kept(old)) is None


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
    world = World({**PLACED, MOOD: SIGNED_COOKIE})
    signed = kept(world)
    assert load(world, signed, MOOD) is None
    assert signer_of(world).verify(world.sessions.cookie_name, signed) is None
    assert signer_of(world).verify(NAME, signed) is not None


def test_promise_6_a_value_of_another_person_is_refused() -> None:
    """What was signed for one person is absent for another, and for nobody."""
    world = World()
    signed = kept(world, owner="ada")
    assert load(world, signed, owner="ada") == b'"dark"'
    assert load(world, signed, owner="eve") is None
    assert load(world, signed) is None
    assert load(world, kept(world), owner="ada") is None


def test_promise_6_parts_of_the_purpose_cannot_be_moved() -> None:
    """Application, name and person are separated, so no two purposes run together."""
    clock = Clock()
    one = Signer(SECRET, "shop", clock).sign("a", b"1", owner="bc")
    assert Signer(SECRET, "shop", clock).verify("ab", one, owner="c") is None
    assert Signer(SECRET, "shopa", clock).verify("", one, owner="bc") is None


@pytest.mark.parametrize("length", range(len("__Host-a-b"), 27))
def test_the_capacity_fits_under_every_name(length: int) -> None:
    """2,982 bytes of JSON fit under every name of up to 26 characters."""
    application = "a" * (length - len("__Host--b"))
    kind = Kind("b", str, size=2_982)
    world = World({kind: SIGNED_COOKIE}, state_name=application)
    cookie = world.cookies.keep(kind, kind.encode("x" * 2_980), "")
    assert len(cookie.name) == length
    assert len(cookie.name) + len(cookie.value) <= 4096


@pytest.mark.parametrize("size", [2_983, 4_096, 100_000])
def test_a_value_beyond_the_capacity_is_refused(size: int) -> None:
    """What a browser would drop silently is refused, with the sizes, before it is sent."""
    kind = Kind("b", str)
    world = World({kind: SIGNED_COOKIE}, state_name="a" * 17)
    assert len(world.cookies.cookie_name(kind)) == 26
    with pytest.raises(TooLarge, match="the cookie of b would take") as refused:
        world.cookies.keep(kind, b"x" * size, "")
    assert refused.value.limit == 4096 < refused.value.size
    assert refused.value.status == 413


def test_clearing_asks_the_browser_to_forget() -> None:
    """The tier can only ask; a copy made earlier is still valid, and so is not called deleted."""
    world = World()
    signed = kept(world)
    cookie = world.cookies.clear(THEME)
    assert (cookie.name, cookie.value, cookie.max_age) == (NAME, "", 0)
    assert load(world, signed) == b'"dark"'

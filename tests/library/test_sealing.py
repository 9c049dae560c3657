"""From a session ID to the store key and the sealed record, and back."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st
from tornado_state import NotKnownHere
from tornado_state.sessions.sealing import (
    Contents,
    Sealer,
    is_last_word,
    is_newer,
    is_session_id,
    key_version_of,
    new_session_id,
)

SECRETS = {0: b"0123456789abcdefghijklmnopqrstuv", 7: b"vutsrqponmlkjihgfedcba9876543210"}
SEALER = Sealer(SECRETS, "shop", 0)
ID = "0." + "A" * 43
OTHER = "0." + "B" * 43
CONTENTS = Contents(1_700_000_000, 1_700_000_060, True, b'{"a":1}')


seal, unseal, store_key = SEALER.seal, SEALER.unseal, SEALER.store_key


def derived(label: bytes, session_id: str = ID, application: str = "shop") -> bytes:
    """The same derivation by another implementation (RFC 2104, RFC 5869)."""
    purpose = HMAC(SECRETS[int(session_id.partition(".")[0])], SHA256())
    purpose.update(b"session records\0" + application.encode())
    expand = HKDFExpand(SHA256(), 32, label + b"\0" + session_id.encode())
    return expand.derive(purpose.finalize())


def test_a_session_id_carries_256_bits() -> None:
    """43 characters of the URL-safe alphabet behind the version, never twice the same."""
    made = {new_session_id(3) for _ in range(1000)}
    assert len(made) == 1000
    assert all(is_session_id(session_id) for session_id in made)
    assert {key_version_of(session_id) for session_id in made} == {3}


@pytest.mark.parametrize(
    "text",
    ["", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 43 + "\n", "É" * 43, "A" * 43],
)
def test_another_shape_is_no_session_id(text: str) -> None:
    """Only what could have been made here is one."""
    assert not is_session_id(text)
    for version in ("0.", "-1.", "00.", "01.", "1234567890.", "٣.", "."):
        good = version == "0." and text == "A" * 43
        assert is_session_id(version + text) is good


def test_the_store_key_is_hkdf_of_the_id() -> None:
    """The derivation is the one RFC 5869 describes, checked against another implementation."""
    expected = urlsafe_b64encode(derived(b"store key")).rstrip(b"=").decode()
    assert store_key(ID) == expected
    assert len(expected) == 43


def test_keys_depend_on_the_secret_and_the_application_as_well() -> None:
    """Who knows an ID alone, his own, can neither find its record nor write one."""
    other_secret = Sealer({0: SECRETS[7]}, "shop", 0)
    other_application = Sealer(SECRETS, "shop2", 0)
    for other in (other_secret, other_application):
        assert other.store_key(ID) != store_key(ID)
        assert unseal(ID, other.seal(ID, CONTENTS)) is None


def test_promise_5_keys_stay_while_their_version_is_listed() -> None:
    """Another version of the secret changes no key of an ID; without its own there are none."""
    longer = Sealer(SECRETS | {9: b"x" * 32}, "shop", 9)
    assert longer.store_key(ID) == store_key(ID)
    assert longer.unseal(ID, seal(ID, CONTENTS)) == CONTENTS
    assert store_key("7." + "A" * 43) not in {store_key(ID), longer.store_key("9." + "A" * 43)}
    for version, newer in ((3, False), (9, True)):
        unknown = f"{version}.{'A' * 43}"
        assert (SEALER.knows(unknown), SEALER.is_newer(unknown)) == (False, newer)
        with pytest.raises(NotKnownHere):
            store_key(unknown)


def test_a_record_is_aes_gcm_under_the_derived_key() -> None:
    """Another implementation, told only the ID and the layout of the bytes, opens the record."""
    sealed = seal(ID, CONTENTS)
    cipher = AESGCM(derived(b"record key"))
    bound_to = b"\x01" + store_key(ID).encode()
    assert cipher.decrypt(sealed[1:13], sealed[13:], bound_to) == b'1700000000,1700000060,1,{"a":1}'


def test_what_was_sealed_is_unsealed() -> None:
    """A record opens under its own ID, and no nonce is used twice."""
    assert unseal(ID, seal(ID, CONTENTS)) == CONTENTS
    assert seal(ID, CONTENTS) != seal(ID, CONTENTS)


def test_promise_7_a_record_opens_under_its_own_id_only() -> None:
    """Another session's record is detected."""
    assert unseal(OTHER, seal(ID, CONTENTS)) is None


def test_promise_7_a_last_word_is_told_from_a_session_and_is_none() -> None:
    """Anybody can tell them apart, and nobody can make one of the other."""
    session, word = seal(ID, CONTENTS), seal(ID, CONTENTS, last_word=True)
    assert (is_last_word(session), is_last_word(word)) == (False, True)
    assert unseal(ID, word) == CONTENTS
    assert unseal(ID, session[:1] + word[1:]) is None
    assert unseal(ID, word[:1] + session[1:]) is None


def test_promise_7_a_record_is_bound_to_its_store_key() -> None:
    """The right key is not enough: bytes sealed for another place are refused."""
    nonce = bytes(12)
    cipher = AESGCM(derived(b"record key"))
    for bound_to in (
        None,
        b"",
        b"\x01",
        store_key(ID).encode(),
        b"\x01" + store_key(OTHER).encode(),
    ):
        assert unseal(ID, b"\x01" + nonce + cipher.encrypt(nonce, b"1,1,0,{}", bound_to)) is None
    right = b"\x01" + store_key(ID).encode()
    assert unseal(ID, b"\x01" + nonce + cipher.encrypt(nonce, b"1,1,0,{}", right)) is not None


def test_promise_7_every_bit_of_a_record_is_guarded() -> None:
    """No bit can be flipped and no byte be missing."""
    sealed = seal(ID, CONTENTS)
    for place in range(len(sealed)):
        for bit in range(8):
            flipped = bytearray(sealed)
            flipped[place] ^= 1 << bit
            assert unseal(ID, bytes(flipped)) is None
        assert unseal(ID, sealed[:place]) is None
        assert unseal(ID, sealed[place + 1 :]) is None


@pytest.mark.parametrize(
    "text", [b"", b"1", b"1,2", b"1,2,3", b"x,1,0,{}", b"1,y,0,{}", b"1.5,1,0,"]
)
def test_promise_7_a_record_without_its_head_is_refused(text: bytes) -> None:
    """Bytes that open but do not say when are no record."""
    cipher = AESGCM(derived(b"record key"))
    sealed = cipher.encrypt(bytes(12), text, b"\x01" + store_key(ID).encode())
    assert unseal(ID, b"\x01" + bytes(12) + sealed) is None


@given(st.binary(max_size=200))
def test_promise_7_foreign_bytes_are_refused(junk: bytes) -> None:
    """Nothing that was not sealed opens, and trying raises nothing."""
    assert unseal(ID, junk) is None
    assert unseal(ID, b"\x01" + junk) is None


@pytest.mark.parametrize(
    ("sealed", "newer"),
    [
        (b"", False),
        (b"\x01x", False),
        (b"\x02x", False),
        (b"\x03x", True),
        (b"\x0fx", True),
        (b"\x10x", False),
    ],
)
def test_a_format_of_a_later_release_is_told_from_garbage(sealed: bytes, newer: bool) -> None:
    """Formats to come are 3 to 15; garbage begins with anything else, most of the time."""
    assert is_newer(sealed) is newer

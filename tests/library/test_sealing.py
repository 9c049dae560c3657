"""From a session ID to the store key and the sealed record, and back."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st
from tornado_state.sessions.sealing import (
    Contents,
    decode,
    encode,
    is_last_word,
    is_session_id,
    new_session_id,
    same_text,
    seal,
    store_key,
    unseal,
)

ID = "A" * 43
OTHER = "B" * 43
CONTENTS = Contents(1, 1_700_000_000, b'{"a":1}')


def derived(label: bytes) -> bytes:
    """The same derivation by another implementation (RFC 5869)."""
    return HKDFExpand(SHA256(), 32, label).derive(ID.encode())


def test_a_session_id_carries_256_bits() -> None:
    """43 characters of the URL-safe alphabet, never twice the same."""
    made = {new_session_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(is_session_id(session_id) for session_id in made)


@pytest.mark.parametrize(
    "text", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 43 + "\n", "É" * 43]
)
def test_another_shape_is_no_session_id(text: str) -> None:
    """Only what could have been made here is one."""
    assert not is_session_id(text)


def test_the_store_key_is_hkdf_of_the_id() -> None:
    """The derivation is the one RFC 5869 describes, checked against another implementation."""
    expected = urlsafe_b64encode(derived(b"store key")).rstrip(b"=").decode()
    assert store_key(ID) == expected
    assert len(expected) == 43


def test_a_record_is_aes_gcm_under_the_derived_key() -> None:
    """Another implementation, told only the ID and the layout of the bytes, opens the record."""
    sealed = seal(ID, CONTENTS)
    cipher = AESGCM(derived(b"record key"))
    bound_to = b"\x01" + store_key(ID).encode()
    assert cipher.decrypt(sealed[1:13], sealed[13:], bound_to) == b'1,1700000000,{"a":1}'


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
        assert unseal(ID, b"\x01" + nonce + cipher.encrypt(nonce, b"1,1,{}", bound_to)) is None
    right = b"\x01" + store_key(ID).encode()
    assert unseal(ID, b"\x01" + nonce + cipher.encrypt(nonce, b"1,1,{}", right)) is not None


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


@pytest.mark.parametrize("text", [b"", b"1", b"1,2", b"x,1,{}", b"1,y,{}", b"1.5,1,{}"])
def test_promise_7_a_record_without_its_head_is_refused(text: bytes) -> None:
    """Bytes that open but do not say layout and time are no record."""
    cipher = AESGCM(derived(b"record key"))
    sealed = cipher.encrypt(bytes(12), text, b"\x01" + store_key(ID).encode())
    assert unseal(ID, b"\x01" + bytes(12) + sealed) is None


@given(st.binary(max_size=200))
def test_promise_7_foreign_bytes_are_refused(junk: bytes) -> None:
    """Nothing that was not sealed opens, and trying raises nothing."""
    assert unseal(ID, junk) is None
    assert unseal(ID, b"\x01" + junk) is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
)


@given(JSON)
def test_json_comes_back_as_it_went_in(value: object) -> None:
    """Whatever JSON can carry is encoded and decoded without a change."""
    assert decode(encode(value)) == value


def deep(levels: int) -> list[object]:
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        object(),
        b"bytes",
        float("nan"),
        [float("inf")],
        {1: "a"},
        {"a": {None: 1}},
        (1, 2),
        {"a": [(1,)]},
        "\ud800",
        {"\udfff": 1},
        deep(100_000),
    ],
    ids=lambda value: (
        repr(value)[:20] if not isinstance(value, list) or len(value) != 1 else "deep"
    ),
)
def test_what_json_cannot_carry_is_refused(value: object) -> None:
    """What would come back different, or not at all, is refused when it is kept."""
    with pytest.raises(ValueError):  # noqa: PT011 - the words are json's own
        encode(value)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"\xff\xfe", b"\x80\x04.", b"[" * 100_000, b"NaN", b'"\\ud800"', b"-Infinity"],
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    """Only what `encode` could have made is decoded; deep nesting is refused, not run into."""
    with pytest.raises(ValueError):  # noqa: PT011 - the words are json's own
        decode(text)


def test_what_json_cannot_carry_is_the_same_as_no_text() -> None:
    """A value that was made unfit after loading counts as changed, and is then refused."""
    assert same_text({"a": 1}, b'{"a":1}')
    assert not same_text({"a": {1, 2}}, b'{"a":[1,2]}')
    assert not same_text({"a": float("nan")}, b'{"a":NaN}')

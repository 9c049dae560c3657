"""What can be read out of a cookie, whatever it was wrapped in."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from random import randbytes
from urllib.parse import quote, unquote

import pytest

from compare.decoding import decodings, decodings_of_bytes, without_padding
from compare.experiments.tampering import changed

CANARY = "canary@post.example"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: text,
        quote,
        lambda text: b64encode(text.encode()).decode(),
        lambda text: urlsafe_b64encode(text.encode()).decode().rstrip("="),
        lambda text: text.encode().hex(),
        lambda text: f"2|1:0|10:1700000000|0:|44:{b64encode(text.encode()).decode()}|0123456789",
        lambda text: "." + urlsafe_b64encode(zlib.compress(text.encode())).decode().rstrip("="),
        lambda text: quote(b64encode(json.dumps({"email": text}).encode()).decode()),
        lambda text: b64encode(b64encode(text.encode())).decode(),
    ],
    ids=["plain", "percent", "base64", "base64url", "hex", "signed", "zlib", "json", "twice"],
)
def test_a_canary_is_found_in_every_wrapping(wrap: Callable[[str], str]) -> None:
    """No encoding hides anything."""
    assert any(CANARY in text for text in decodings(wrap(CANARY)))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda raw: raw,
        zlib.compress,
        gzip.compress,
        lambda raw: zlib.compress(raw, wbits=-15),
        lambda raw: b"v1:" + zlib.compress(raw, 9),
        lambda raw: b"\x01\x02" + gzip.compress(raw) + b"rest",
        lambda raw: gzip.compress(zlib.compress(raw)),
        lambda raw: zlib.compress(b64encode(raw)),
        lambda raw: b64encode(gzip.compress(raw)),
        lambda raw: b"\xff" + raw + b"\xff",
    ],
    ids=["plain", "zlib", "gzip", "bare", "prefix", "around", "twice", "base64", "within", "bytes"],
)
def test_a_canary_is_found_in_bytes(wrap: Callable[[bytes], bytes]) -> None:
    """Neither does compression, whatever stands before it."""
    assert any(CANARY in text for text in decodings_of_bytes(wrap(CANARY.encode())))


def test_random_bytes_tell_nothing() -> None:
    """What is not there is not found, and junk is no error."""
    junk = "x" * 43 + "|%zz%ff|" + "0" * 64
    assert not any(CANARY in text for text in decodings(junk))
    assert not any(CANARY in text for text in decodings_of_bytes(randbytes(20_000)))


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("AAAAAAAA==", "AAAAAAAA"),
        ("ann%7C0%7CAAAAA%2FAA%3D", "ann%7C0%7CAAAAA%2FAA"),
        ("AAAAAAAA%3D%3d", "AAAAAAAA"),
        ("name=ann", "name=ann"),
        ("a=", "a="),
    ],
)
def test_what_pads_base64_is_known_by_its_place(text: str, bare: str) -> None:
    """At the end, after enough of base64 and of escapes in it."""
    assert without_padding(text) == bare


@pytest.mark.parametrize(
    "value",
    [
        "oLbIC2/Mz28IMiKM0m7%2ByA%3D%3D",
        '"oLbIC2/Mz28IMiKM0m7%2ByA%3D%3D"',
        '"rdjCl5VXz%2BADk1kz%2Bf%2Bp/Q%3D%3D"',
        "aGVsbG8gd29ybGQgYWdhaW4%3D--0a1b2c3d4e5f",
        "aGVsbG8gd29ybGQgYWdhaW4=.aGVsbG8gd29ybGQgYQ==",
    ],
)
def test_a_change_is_one_to_whoever_passes_over_what_is_no_base64(value: str) -> None:
    """As PHP does, and Python: padding, wherever it stands, and quotes around it say nothing."""

    def read(text: str) -> list[bytes]:
        parts = re.split(r"--|\.", unquote(text))
        bare = [re.sub("[^A-Za-z0-9+/]", "", part) for part in parts]
        return [b64decode(part + "=" * (-len(part) % 4)) for part in bare if len(part) % 4 != 1]

    changes = [*changed(value)]
    assert len(changes) >= 3
    assert [each for each in changes if read(each) == read(value)] == []

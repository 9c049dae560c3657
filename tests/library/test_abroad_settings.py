"""Secrets and times that cannot be are refused at start; those that can, work in any form."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from abroad_app import NEWER_SECRET, SECRET, application, serving
from commanded_store import Clock
from tornado_state import (
    CompositionError,
)
from tornado_state.stores import MemoryStore

PLACEHOLDERS = [
    "__TODO:_GENERATE_YOUR_OWN_RANDOM_VALUE_HERE__",
    "changeme-changeme-changeme-changeme",
    "change_me_before_you_go_to_production_1",
    "YOUR-SECRET-KEY-GOES-HERE-0123456789",
    "replace-this-with-a-real-secret-000",
    "replace-with-32-random-bytes-please",
    "insert-your-random-string-here-123456",
    "please generate your own cookie secret",
    "default-secret-do-not-use-0123456789",
    "s" * 64,
    "abab" * 16,
]


# Row 16
@pytest.mark.parametrize("secret", ["", "a", "changeme", b"short", "x" * 31, *PLACEHOLDERS])
@pytest.mark.parametrize("form", ["text", "bytes", "dict"])
def test_a_secret_that_can_be_guessed_is_refused(secret: Any, form: str) -> None:
    """Under 32 bytes, a placeholder, or a few characters over and over: no application."""
    data = secret.encode() if isinstance(secret, str) else secret
    given: Any = {"text": data.decode(), "bytes": data, "dict": {1: SECRET, 2: data}}[form]
    with pytest.raises(CompositionError, match="cookie_secret") as error:
        application(cookie_secret=given)
    assert not secret or len(secret) < 2 or str(secret) not in str(error.value)


# Row 16
@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        7,
        [SECRET],
        bytearray(SECRET.encode()),
        {"a": SECRET},
        {True: SECRET},
        {-1: SECRET},
        {1.0: SECRET},
        {1: None},
        {1: SECRET, 2: SECRET},
        {1: SECRET, 2: SECRET.encode()},
    ],
    ids=str,
)
def test_what_is_no_secret_is_refused(given: Any) -> None:
    """None, numbers, lists, versions that are no numbers, and the same secret twice."""
    with pytest.raises(CompositionError, match="cookie_secret"):
        application(cookie_secret=given)


# Row 16
@pytest.mark.parametrize(
    "given",
    [
        SECRET,
        SECRET.encode(),
        {0: SECRET},
        {3: SECRET, 1: NEWER_SECRET.encode()},
        secrets.token_urlsafe(32),
        secrets.token_hex(32),
        secrets.token_bytes(32),
        base64.b64encode(secrets.token_bytes(32)).decode(),
    ],
    ids=["text", "bytes", "dict", "versions", "urlsafe", "hex", "random", "base64"],
)
async def test_a_good_secret_works_in_any_form(given: Any) -> None:
    """Text, bytes and a dict of versions are all understood, and not only accepted."""
    async with serving(cookie_secret=given) as browser:
        await browser.fetch("/login", "POST")
        assert (await browser.values())["user"] == "ann"


@pytest.mark.parametrize("version", [1, "0", True, 0.0, -1])
def test_a_key_version_that_is_not_there_is_refused(version: Any) -> None:
    """`key_version` is one of the secret's versions."""
    with pytest.raises(CompositionError, match="key_version"):
        application(cookie_secret={0: SECRET}, key_version=version)


TIMES = ["session_idle_timeout", "session_absolute_timeout", "session_remember_timeout"]
NO_TIMES = [0, -1, 0.5, 43_200.5, True, "1800", None, Decimal(60), float("inf"), float("nan")]
NO_TIMES += [timedelta(0), timedelta(seconds=-1), timedelta(milliseconds=1500), 10**9, [60]]


# Row 30
@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("given", NO_TIMES, ids=repr)
def test_a_time_that_is_none_is_refused(name: str, given: Any) -> None:
    """Whole seconds or a timedelta of whole seconds, more than none: all else is no application."""
    with pytest.raises(CompositionError, match=name):
        application(**{name: given})


# Row 30
@pytest.mark.parametrize("make", [int, float, lambda n: timedelta(seconds=n)])
async def test_times_work_in_any_form_until_they_end(make: Callable[[int], Any]) -> None:
    """A number or a timedelta counts to the second, in the first idle window and in the last."""
    clock = Clock()
    times = {"session_idle_timeout": make(600), "session_absolute_timeout": make(1500)}
    store = MemoryStore(clock)
    async with serving(state_clock=clock, session_store=store, **times) as browser:
        await browser.fetch("/fill", "POST")
        for _ in range(2):
            clock.pass_(599)
            assert (await browser.values())["visits"] == 1
            assert (await browser.fetch("/fill", "POST")).code == 200
        clock.pass_(300)
        assert (await browser.fetch("/login", "POST")).code == 200
        clock.pass_(601)
        assert (await browser.values())["user"] is None


# Row 30
def test_times_that_contradict_each_other_are_refused() -> None:
    """A session cannot be unused for longer than it lives."""
    with pytest.raises(CompositionError, match="session_absolute_timeout"):
        application(session_idle_timeout=3600, session_absolute_timeout=timedelta(minutes=30))

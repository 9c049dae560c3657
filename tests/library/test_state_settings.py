"""The settings of an application that are about state."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from state_app import NEW, OLD
from tornado_state import CompositionError
from tornado_state.sessions.clocks import Clocks
from tornado_state.settings import read_settings, weakness

MONTH = 2_592_000


def read(**settings: Any) -> Any:
    return read_settings({"cookie_secret": OLD, **settings}, "shop")


def test_what_is_not_set_has_a_safe_default() -> None:
    """But for the secret, which has none."""
    found = read()
    assert found.clocks == Clocks(1800, 43_200, MONTH, 1800)
    assert found.persistent
    names = found.names
    assert (names.application, names.secure, names.samesite) == ("shop", True, "Lax")
    assert (names.domain, names.partitioned) == (None, False)


@pytest.mark.parametrize(
    ("given", "read_as", "signs"),
    [
        (OLD, {0: OLD.encode()}, 0),
        (OLD.encode(), {0: OLD.encode()}, 0),
        ({3: OLD, 7: NEW.encode()}, {3: OLD.encode(), 7: NEW.encode()}, 7),
    ],
)
def test_a_secret_is_text_bytes_or_versions(given: Any, read_as: Any, signs: int) -> None:
    """As in Tornado; a lone one is version 0, the one listed last signs."""
    found = read(cookie_secret=given)
    assert (found.cookie_secret, found.key_version) == (read_as, signs)


def test_another_version_of_the_secret_may_sign() -> None:
    """While not every process has the newest one."""
    assert read(cookie_secret={3: OLD, 7: NEW}, key_version=3).key_version == 3


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, "cookie_secret is needed"),
        ("", "cookie_secret is shorter than 32 bytes"),
        ("a" * 31, "is shorter than 32 bytes"),
        (b"changeme", "is shorter than 32 bytes"),
        ("a" * 64, "is made of a few repeated characters"),
        ("abcdefg" * 10, "is made of a few repeated characters"),
        ("please-CHANGE_ME-in-production-1234567890", "is a placeholder"),
        ("__TODO:_GENERATE_YOUR_OWN_RANDOM_VALUE_HERE__", "is a placeholder"),
        ("TODO this is to be a secret of ours 123", "is a placeholder"),
        (5, "is text, bytes, or a dict"),
        ({}, "is text, bytes, or a dict"),
        ([OLD], "is text, bytes, or a dict"),
        ({0: OLD, 1: "short"}, "cookie_secret, version 1 is shorter"),
        ({0: OLD, 1: OLD}, "the same secret is there twice"),
        ({0: OLD, 1: OLD.encode()}, "the same secret is there twice"),
        ({"0": OLD}, "a version is a whole number"),
        ({True: OLD}, "a version is a whole number"),
        ({-1: OLD}, "a version is a whole number"),
        ({0: 5}, "a secret is text or bytes"),
        ({1_000_000_000: OLD}, "a version is a whole number up to 999999999"),
    ],
)
def test_a_secret_that_somebody_could_guess_is_refused(given: Any, why: str) -> None:
    """Whoever knows it signs in as anybody."""
    with pytest.raises(CompositionError, match=why):
        read(cookie_secret=given)


def test_a_random_secret_is_taken() -> None:
    """Whatever letters happen to stand in it."""
    for _ in range(1000):
        assert weakness(secrets.token_urlsafe(32)) is None
        assert weakness(secrets.token_bytes(32)) is None
    assert weakness("x7todoQ2pLk9vN4mB8wR1sT5uY3zA6cE0fG") is None


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"key_version": 1}, "key_version: one of cookie_secret's versions, not 1"),
        ({"key_version": False}, "key_version"),
        ({"state_name": "My App"}, "state_name is 1 to 32"),
        ({"state_name": ""}, "state_name"),
        ({"state_name": None}, "state_name"),
        ({"cookie_secure": "yes"}, "cookie_secure is True or False"),
        ({"cookie_partitioned": 1}, "cookie_partitioned is True or False"),
        ({"session_persistent": None}, "session_persistent is True or False"),
        ({"cookie_samesite": "lax"}, "cookie_samesite is 'Lax', 'Strict' or 'None'"),
        ({"cookie_samesite": None}, "cookie_samesite"),
        ({"cookie_domain": "a b"}, "cookie_domain is a domain's name"),
        ({"cookie_domain": 5}, "cookie_domain"),
        ({"cookie_domain": "a.example;evil"}, "cookie_domain"),
        ({"cookie_samesite": "None", "cookie_secure": False}, "needs cookie_secure"),
        ({"cookie_partitioned": True, "cookie_secure": False}, "needs cookie_secure"),
        ({"session_idle_timeout": 0}, "session_idle_timeout: whole seconds from 1 to 2592000"),
        ({"session_idle_timeout": -5}, "session_idle_timeout"),
        ({"session_idle_timeout": MONTH + 1}, "session_idle_timeout"),
        ({"session_idle_timeout": 1800.5}, "session_idle_timeout: whole seconds"),
        ({"session_idle_timeout": "1800"}, "session_idle_timeout: a timedelta or whole seconds"),
        ({"session_idle_timeout": True}, "session_idle_timeout: a timedelta"),
        ({"session_idle_timeout": None}, "session_idle_timeout: a timedelta"),
        ({"session_absolute_timeout": float("inf")}, "session_absolute_timeout: a timedelta"),
        ({"session_absolute_timeout": 401 * 86_400}, "session_absolute_timeout: whole seconds"),
        ({"session_absolute_timeout": 1799}, "must not be shorter than session_idle_timeout"),
        ({"session_anonymous_idle_timeout": 1801}, "must not be longer than session_idle_timeout"),
        ({"session_anonymous_room": 2**20 - 1}, "session_anonymous_room: 1048576 bytes or more"),
        ({"session_signed_in_room": 2**20 - 1}, "session_signed_in_room: 1048576 bytes or more"),
        ({"session_anonymous_room": 1e9}, "session_anonymous_room"),
        ({"session_anonymous_room": True}, "session_anonymous_room"),
        ({"session_remember_timeout": timedelta(milliseconds=500)}, "session_remember_timeout"),
    ],
)
def test_what_cannot_work_is_refused_by_name(settings: dict[str, Any], why: str) -> None:
    """Nothing is corrected."""
    with pytest.raises(CompositionError, match=why):
        read(**settings)


@pytest.mark.parametrize(
    ("given", "seconds"), [(1, 1), (1800.0, 1800), (timedelta(hours=1), 3600), (MONTH, MONTH)]
)
def test_a_time_is_seconds_or_a_timedelta(given: Any, seconds: int) -> None:
    """Whole ones, however they are written."""
    found = read(session_idle_timeout=given, session_absolute_timeout=400 * 86_400)
    assert found.clocks.idle_timeout == seconds
    assert type(found.clocks.idle_timeout) is int


def test_cookies_may_be_as_the_application_asks() -> None:
    """Where browsers take them so."""
    names = read(cookie_samesite="None", cookie_partitioned=True, cookie_domain=".a.example").names
    assert (names.samesite, names.partitioned, names.domain) == ("None", True, ".a.example")

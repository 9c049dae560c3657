"""Cookies on the wire: read strictly, written one way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado_state.cookies.wire import CookieNames, Cookies

NAME = "__Host-shop-theme"
GOOD = f"{NAME}=good"
EMPTY = '""'


def read(*headers: str) -> str | None:
    return Cookies(headers, {NAME}).get(NAME)


@pytest.mark.parametrize(
    "header",
    [
        GOOD,
        f"a=b; {GOOD}",
        f"{GOOD}; a=b",
        f"a=b;{GOOD};c",
        f" \t{GOOD}\t ",
        f"; ;;{GOOD}",
        f'{NAME}="good"',
        f"{NAME}; {GOOD}",
        f"{GOOD};{NAME}",
    ],
)
def test_a_clean_cookie_is_read(header: str) -> None:
    """Blanks around a pair, and other cookies, do not matter."""
    assert read(header) == "good"


@pytest.mark.parametrize(
    "header",
    [
        "",
        NAME,
        f"{NAME}=",
        f"{NAME}= ",
        f"{NAME} =good",
        f"{NAME}= good",
        f'{NAME}=""',
        f'{NAME}="good',
        f'{NAME}=good"',
        f'{NAME}=""good""',
        f'{NAME}="go"od"',
        f'{NAME}="a\\015\\012b"',
        f"{NAME}=a b",
        f"{NAME}=a,b",
        f"{NAME}=a\\b",
        f"{NAME}=a\x00b",
        f"{NAME}=a\rb",
        f"{NAME}=a\nb",
        f"{NAME}=a\x7f",
        f"{NAME}=a\x85",
        f"{NAME}=a\xa0",
        f"\x85{NAME}=evil",
        f"\xa0{NAME}=evil",
        f"{NAME}\xa0=evil",
        f"\x0b{NAME}=evil",
        f"={NAME}=evil",
        "__host-shop-theme=evil",
        "__HOST-SHOP-THEME=evil",
        "shop-theme=evil",
        f"x{NAME}=evil",
    ],
)
def test_promise_3_a_malformed_cookie_is_no_cookie(header: str) -> None:
    """What only a lenient parser takes for the cookie is none."""
    assert read(header) is None


@pytest.mark.parametrize(
    "headers",
    [
        (f"{GOOD}; {NAME}=evil",),
        (f"{NAME}=evil; {GOOD}",),
        (GOOD, f"{NAME}=evil"),
        (f"{GOOD}; {GOOD}",),
        (f'{GOOD}; {NAME}="junk"',),
        (f"{NAME}=; {GOOD}",),
        (f'{GOOD}; {NAME}="good"',),
    ],
)
def test_promise_3_two_candidates_are_ambiguous(headers: tuple[str, ...]) -> None:
    """Nobody can tell which of two was planted, so neither counts, in whatever order."""
    assert read(*headers) is None


@pytest.mark.parametrize("planted", ["\xa0", "\x85", "\x0c"])
def test_promise_3_a_name_that_only_looks_the_same_spoils_nothing(planted: str) -> None:
    """A cookie whose name a lenient parser would strip does not replace the true one."""
    assert read(f"{GOOD}; {planted}{NAME}=evil") == "good"


@given(st.lists(st.text(st.characters(max_codepoint=255)), max_size=3))
def test_promise_3_no_header_is_too_strange_to_be_read(headers: list[str]) -> None:
    """Whatever bytes come, reading them raises nothing and finds nothing but clean values."""
    cookies = Cookies(headers, {NAME, "a", ""})
    for name in (NAME, "a", ""):
        value = cookies.get(name) or ""
        assert value.isascii()
        assert not set(value) & set(' ",;\\')


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("deleted", [True, False])
def test_promise_4_every_cookie_is_written_one_way(secure: bool, deleted: bool) -> None:
    """Attributes are the same for what is kept and for what is deleted, in both modes."""
    names = CookieNames("shop", secure)
    cookie = names.clear("theme") if deleted else names.set("theme", "v", 60)
    name, *attributes = cookie.header.split("; ")
    prefix = "__Host-" if secure else ""
    assert name == f"{prefix}shop-theme={EMPTY if deleted else 'v'}"
    expected = {"Path=/", "HttpOnly", "SameSite=Lax", f"Max-Age={0 if deleted else 60}"}
    expected |= {"Secure"} if secure else set()
    expected |= {"expires=Thu, 01 Jan 1970 00:00:00 GMT"} if deleted else set()
    assert set(attributes) == expected


def test_two_applications_never_share_a_name() -> None:
    """Ports do not separate cookies, so the application's name does."""
    assert CookieNames("one").name("theme") != CookieNames("two").name("theme")


def test_every_candidate_is_told() -> None:
    """Clean or junk, in order; only of the application's own names."""
    cookies = Cookies([f"{NAME}=a; other=x", f"{NAME}=a b; {NAME}=c"], {NAME})
    assert list(cookies.candidates(NAME)) == ["a", "", "c"]
    assert list(cookies.candidates("other")) == []
    assert (NAME in cookies, "other" in cookies) == (True, False)


@pytest.mark.parametrize(
    ("options", "name", "attributes"),
    [
        ({}, "__Host-shop-x", {"Secure", "SameSite=Lax"}),
        (
            {"domain": "a.example"},
            "__Secure-shop-x",
            {"Secure", "SameSite=Lax", "Domain=a.example"},
        ),
        ({"samesite": "Strict"}, "__Host-shop-x", {"Secure", "SameSite=Strict"}),
        (
            {"samesite": "None", "partitioned": True},
            "__Host-shop-x",
            {"Secure", "SameSite=None", "Partitioned"},
        ),
        ({"secure": False, "domain": "a.example"}, "shop-x", {"SameSite=Lax", "Domain=a.example"}),
    ],
)
def test_what_an_application_asks_for_is_in_every_cookie(
    options: dict[str, Any], name: str, attributes: set[str]
) -> None:
    """Its prefix follows: `__Host-` only where there is no domain."""
    names = CookieNames("shop", **options)
    for cookie in (names.set("x", "v", None), names.clear("x")):
        assert cookie.name == name
        sent = set(cookie.header.split("; ")[1:])
        sent -= {"Max-Age=0", "expires=Thu, 01 Jan 1970 00:00:00 GMT"}
        assert sent == attributes | {"Path=/", "HttpOnly"}


def test_a_cookie_that_ends_with_the_browser_has_no_age() -> None:
    """Neither Max-Age nor a date."""
    cookie = CookieNames("shop").set("x", "v", None)
    assert cookie.keeps
    assert "Max-Age" not in cookie.header
    assert "expires" not in cookie.header

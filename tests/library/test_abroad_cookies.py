"""Cookies as clients spell them."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import SimpleCookie

import pytest
from abroad_app import (
    EMPTY,
    FILLED,
    SECRET,
    plain,
    serving,
    values_by,
)

SESSION = "state-session-id"


def by_http_cookies(jar: dict[str, str]) -> str:
    """Return what `http.cookies`, and so aiohttp's jar, makes of it: quotes around most."""
    made = SimpleCookie()
    for name, value in jar.items():
        made[name] = value
    header = made.output(header="", sep=";").strip()
    assert '"' in header
    return header


def with_flags(jar: dict[str, str]) -> str:
    """Return it with a bare name before each pair, as some send them."""
    return "; ".join(f"{name}; {name}={value}" for name, value in jar.items())


#: How clients write one and the same jar.
SPELLINGS: dict[str, Callable[[dict[str, str]], str]] = {
    "plain": plain,
    "http.cookies": by_http_cookies,
    "quoted": lambda jar: "; ".join(f'{name}="{value}"' for name, value in jar.items()),
    "without blanks": lambda jar: plain(jar).replace("; ", ";"),
    "with tabs": lambda jar: plain(jar).replace("; ", ";\t "),
    "a semicolon at the end": lambda jar: plain(jar) + ";",
    "several semicolons": lambda jar: ";;" + plain(jar).replace("; ", ";; ;"),
    "bare names": with_flags,
    "a bare name at the end": lambda jar: f"{plain(jar)}; {SESSION}",
    "among others": lambda jar: f'a=1; b="2"; {plain(jar)}; c=a=b; =d; "e"; €=1'.encode().decode(
        "latin-1"
    ),
    "another case": lambda jar: f"{SESSION.upper()}=x; {plain(jar)}",
}


# Rows 23 and 24
@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_jar_is_understood_as_any_client_spells_it(spelling: str) -> None:
    """Quotes, blanks, bare names and foreign cookies around: the visitor has what he has."""
    async with serving() as browser:
        await browser.fetch("/fill", "POST")
        header = SPELLINGS[spelling](browser.jar)
        response = await browser.fetch("/", Cookie=header)
        assert response.code == 200
        browser.jar = {}
        assert await values_by(browser, header) == FILLED


#: What is no spelling of a value: each is refused, and the visitor is nobody.
NO_SPELLINGS: dict[str, Callable[[str], str]] = {
    "an escape": lambda value: '"' + value.replace("2|", "\\062|", 1) + '"',
    "a quote on one side": lambda value: f'"{value}',
    "two pairs of quotes": lambda value: f'""{value}""',
    "a blank within": lambda value: f"{value[:9]} {value[9:]}",
    "a comma": lambda value: f"{value},",
    "nothing": lambda value: "",
    "empty quotes": lambda value: '""',
}


# Row 23
@pytest.mark.parametrize("spelling", NO_SPELLINGS)
async def test_what_is_no_value_is_no_session(spelling: str) -> None:
    """Escapes inside quotes, half a pair, blanks: no value, and never another one's."""
    async with serving() as browser:
        await browser.fetch("/fill", "POST")
        header = f"{SESSION}={NO_SPELLINGS[spelling](browser.jar[SESSION])}"
        assert await values_by(browser, header) == EMPTY
        assert await browser.values() == FILLED


# Row 23
async def test_a_client_of_http_cookies_stays_signed_in() -> None:
    """Whoever keeps and sends cookies with Python's own jar is signed in with the next request."""
    async with serving(cookie_secret={10: SECRET}) as browser:  # a value that ends in "="
        await browser.fetch("/login", "POST")
        for _ in range(2):
            assert (await values_by(browser, by_http_cookies(browser.jar)))["user"] == "ann"

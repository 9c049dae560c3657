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
from tornado_state import Kind, StateHandler

SESSION = "state-session-id"

#: Each fits a cookie; the browser would have to bring them all with every request.
LARGE = [Kind(f"large_{n}", str, outlives_logout=True, size=2_982) for n in range(4)]


class Large(StateHandler):
    """Gives the kinds named in the path a value of so many bytes."""

    large_0, large_1, large_2, large_3 = LARGE

    def get(self, numbers: str, size: str) -> None:
        for number in numbers:
            self.state[LARGE[int(number)]] = "x" * int(size)

    def delete(self, numbers: str, size: str) -> None:
        for number in numbers:
            del self.state[LARGE[int(number)]]

    def post(self, numbers: str, size: str) -> None:
        self.write({"sizes": [len(self.state.get(kind) or "") for kind in LARGE]})


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


# Row 33
@pytest.mark.parametrize("numbers", ["0123", "01", "123"])
async def test_cookies_that_no_proxy_would_let_through_together_are_refused(numbers: str) -> None:
    """The answer is 413, and what the browser has stays as it is: it would be locked out."""
    async with serving({r"/(\d+)/(\d+)": Large}) as browser:
        assert (await browser.fetch("/3/1000")).code == 200
        before = dict(browser.jar)
        assert (await browser.fetch(f"/{numbers}/2900")).code == 413
        assert browser.jar == before


# Row 33
async def test_cookies_add_up_over_requests() -> None:
    """One after the other is refused as well; what takes less may always be set, and dropped."""
    async with serving({r"/(\d+)/(\d+)": Large}) as browser:
        codes = [(await browser.fetch(f"/{number}/2200")).code for number in range(4)]
        assert codes == [200, 200, 413, 413]
        assert len(plain(browser.jar)) < 8_192 - len("Cookie: ") - 500
        assert (await browser.fetch("/0/2100")).code == 200
        assert (await browser.fetch("/1/0", "DELETE")).code == 200
        assert (await browser.fetch("/2/2200")).code == 200
        sizes = await browser.fetch("/0/0", "POST")
        assert sizes.body == b'{"sizes": [2100, 0, 2200, 0]}'


# Row 33
async def test_of_too_many_cookies_none_has_to_be_more() -> None:
    """Who has more than that already may set what is no longer, and sign out."""
    async with serving({r"/(\d+)/(\d+)": Large}) as browser:
        for number in range(3):
            apart, browser.jar = browser.jar, {}
            assert (await browser.fetch(f"/{number}/2900")).code == 200
            browser.jar |= apart
        assert len(plain(browser.jar)) > 8_192
        assert (await browser.fetch("/1/2800")).code == 200
        assert (await browser.fetch("/1/2900")).code == 413
        assert (await browser.fetch("/1/0", "DELETE")).code == 200

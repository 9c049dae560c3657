"""Cookies that others forge, plant and leave behind, and what sign-out has to find."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from abroad_app import (
    DRAFT,
    EMPTY,
    FILLED,
    NEWER_SECRET,
    ROUTES,
    THEME,
    Everything,
    cookie_names,
    handler,
    plain,
    serving,
    values_by,
)

SESSION = "state-session-id"


def tampered(value: str) -> str:
    """Return it with another last digit of its signature."""
    return value[:-1] + ("0" if value[-1] != "0" else "1")


# Row 19
@pytest.mark.parametrize("name", [SESSION, "state-theme", "state-draft"])
@pytest.mark.parametrize("how", ["tampered", "foreign", "junk", "unclean", "empty", "another's"])
async def test_what_is_forged_is_counted_and_told_once_in_a_while(
    name: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A cookie that does not hold is nobody's, is counted each time, and logged without content."""
    events: list[str] = []
    async with (
        serving(state_events=events.append) as browser,
        serving(cookie_secret=NEWER_SECRET) as foreign,
    ):
        await browser.fetch("/fill", "POST")
        await foreign.fetch("/fill", "POST")
        other = next(value for other, value in browser.jar.items() if other != name)
        forged = {
            "tampered": tampered(browser.jar[name]),
            "foreign": foreign.jar[name],
            "junk": "junk",
            "unclean": "not, clean",
            "empty": "",
            "another's": other,
        }[how]
        caplog.clear()
        for count in (1, 2, 3):
            assert await values_by(browser, f"{name}={forged}") == EMPTY
            assert browser.application.state_events.counts["forged"] >= count
        assert events.count("forged") >= 3
        lines = [r for r in caplog.records if r.levelno >= logging.WARNING and "cookie" in r.msg]
        said = " ".join(r.getMessage() for r in caplog.records if "cookie" in r.getMessage())
        assert len(lines) <= 1
        assert not forged or forged not in said
        assert await browser.values() == FILLED


def signing_out(jar: dict[str, str], *more: str) -> str:
    return "; ".join([*(f"{SESSION}={value}" for value in more), plain(jar)])


# Row 20
@pytest.mark.parametrize("beside", ["a twin", "the same twice", "junk", "a forged one", "two"])
@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("then", ["", "a word of farewell"])
async def test_sign_out_ends_every_session_that_is_named(
    beside: str, order: str, then: str
) -> None:
    """Beside a twin or junk, sign-out ends what is readable, and clears the name."""

    def post(h: Any) -> None:
        h.state.destroy()
        if then:
            h.cart = ["bye"]

    async with serving(ROUTES | {"/out": handler(Everything, post=post)}) as browser:
        await browser.fetch("/login", "POST")
        twin, third = browser.copy(), browser.copy()
        twin.jar, third.jar = {}, {}
        await twin.fetch("/login", "POST")
        await third.fetch("/login", "POST")
        also = {
            "a twin": [twin.jar[SESSION]],
            "the same twice": [browser.jar[SESSION]],
            "junk": ["junk"],
            "a forged one": [tampered(browser.jar[SESSION])],
            "two": [twin.jar[SESSION], third.jar[SESSION], '"junk'],
        }[beside]
        pairs = [f"{SESSION}={value}" for value in also]
        mine = plain({SESSION: browser.jar[SESSION]})
        header = "; ".join([*pairs, mine] if order == "before" else [mine, *pairs])
        thief = browser.copy()
        response = await browser.fetch("/out", "POST", Cookie=header)
        assert response.code == 200
        assert SESSION in cookie_names(response)
        assert (await thief.values())["user"] is None
        assert (await thief.fetch("/fill", "POST")).code == 200
        ended = {"a twin": [twin], "two": [twin, third]}.get(beside, [])
        for other in ended:
            assert (await other.values())["user"] is None
        if then:
            assert (await browser.values())["cart"] == ["bye"]
        else:
            assert SESSION not in browser.jar


# Row 20
@pytest.mark.parametrize("junk", ["junk", '"', "", "2|1:0|1:0|1:0|4:MTIz|" + "0" * 64])
async def test_sign_out_takes_junk_from_the_browser(junk: str) -> None:
    """A junk cookie of the session's name, alone: signing out answers 200 and clears it."""
    async with serving() as browser:
        response = await browser.fetch("/login", "DELETE", Cookie=f"{SESSION}={junk}")
        assert response.code == 200
        assert response.headers.get_list("Set-Cookie")[0].startswith(f'{SESSION}="";')


#: Values that do not verify any more.
UNVERIFIED: dict[str, Callable[[str], list[str]]] = {
    "tampered": lambda value: [tampered(value)],
    "junk": lambda value: ["junk"],
    "empty": lambda value: [""],
    "there twice": lambda value: [value, value],
    "quoted wrong": lambda value: [f'"{value}'],
}


# Row 22
@pytest.mark.parametrize("kind", [THEME, DRAFT], ids=["lasting", "bound"])
@pytest.mark.parametrize("how", [*UNVERIFIED, "too old"])
@pytest.mark.parametrize("drop", ["del", "pop", "destroy"])
async def test_dropping_clears_what_does_not_verify(drop: str, how: str, kind: Any) -> None:
    """A value that no longer verifies is dropped from the browser like any other."""

    def post(h: Any) -> None:
        if drop == "del":
            del h.state[kind]
        elif drop == "pop":
            h.state.pop(kind)
            del h.state[kind]
        else:
            h.state.destroy()

    async with serving(ROUTES | {"/drop": handler(Everything, post=post)}) as browser:
        await browser.fetch("/fill", "POST")
        name = f"state-{kind.name}"
        value = browser.jar[name]
        if how == "too old":
            browser.application.settings["state_clock"].pass_(401 * 86_400)
        candidates = UNVERIFIED[how](value) if how in UNVERIFIED else [value]
        header = "; ".join(f"{name}={candidate}" for candidate in candidates)
        response = await browser.fetch("/drop", "POST", Cookie=header)
        assert response.code == 200
        assert (name in cookie_names(response)) == (drop != "destroy" or kind is DRAFT)

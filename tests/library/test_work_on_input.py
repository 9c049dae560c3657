"""No work on what comes in cookies, or is given for a kind, grows faster than that."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

import pytest
from growth import MOST, growth
from state_app import World
from tornado_state import InvalidValue, Kind, NotKnownHere
from tornado_state.cookies.wire import Cookies

SIZE = 1_000

WORLD = World()
NAME = WORLD.sessions.cookie_name
SIGNED = WORLD.composition._signer.sign(NAME, b"x" * 43, stamped=False)
ONE_OF = Kind("one", Literal["a"], size=10**6)
LINES = Kind("lines", list[dict[str, int]], size=10**6)
NUMBERS = Kind("numbers", set[int], size=10**6)
TEXT = Kind("text", str, size=10**6)


def presented(header: str) -> object:
    """Read a Cookie header as a request's is read."""
    cookies = Cookies([header], WORLD.composition.cookie_names)
    with suppress(NotKnownHere):
        return WORLD.sessions.presented(cookies)


def refusing(kind: Kind[Any]) -> Callable[[Any], object]:
    """Return what encodes a value, or refuses it."""

    def work(value: Any) -> None:
        with suppress(InvalidValue):
            kind.encode(value)

    return work


def verified(text: str) -> object:
    """Look at a cookie's value."""
    return WORLD.composition._signer.verify(NAME, text)


WORK: dict[str, tuple[Callable[[Any], object], Callable[[int], Any]]] = {
    "cookies": (presented, lambda n: "; ".join(f"{i}=1" for i in range(n))),
    "cookies of our name": (presented, lambda n: f"{NAME}=1; " * n),
    "signed ones of our name": (presented, lambda n: f"{NAME}={SIGNED}; " * (n // 10)),
    "forged ones of our name": (
        presented,
        lambda n: "; ".join(f"{NAME}={SIGNED[:-4]}{i:04}" for i in range(n // 10)),
    ),
    "semicolons": (presented, lambda n: ";" * n),
    "blanks": (presented, lambda n: " " * n + "="),
    "quotes": (presented, lambda n: f"{NAME}=" + '"' * n),
    "a long value": (presented, lambda n: f"{NAME}=" + "x" * n),
    "bars": (verified, lambda n: "2" + "|" * n),
    "digits": (verified, lambda n: "2|" + "1" * n + ":1|"),
    "digits in every field": (verified, lambda n: "2" + ("|1:" + "1" * n) * 4),
    "no end of a name": (verified, lambda n: "2|1:0|1:0|1:0|1:" + "x" * n),
    "a text that is none of those": (refusing(ONE_OF), lambda n: " - at `$" * n),
    "the same with an end": (refusing(ONE_OF), lambda n: " - at `$`" * n),
    "keys": (refusing(LINES), lambda n: [{"x": i, "y": i} for i in range(n)]),
    "keys of one": (refusing(LINES), lambda n: [{str(i): i for i in range(n)}]),
    "a set": (refusing(NUMBERS), lambda n: set(range(n))),
    "characters": (refusing(TEXT), lambda n: "\U0001f600" * n),
    "half characters": (refusing(TEXT), lambda n: "\ud83d" * n),
}


@pytest.mark.parametrize("what", WORK)
def test_work_grows_with_what_is_given(what: str) -> None:
    """Whatever there are many of: eight times as many are about eight times the work."""
    assert growth(*WORK[what], SIZE) < MOST

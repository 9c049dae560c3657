"""Values whose classes refuse what they do not take in ways of their own, whatever they raise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from abroad_app import elsewhere, serving
from tornado_state import InvalidValue, Kind, StateHandler

ERRORS = [ValueError, LookupError, AssertionError, ZeroDivisionError]


def routes(error: type[Exception] | None) -> dict[str, Any]:
    """Return those of a release whose persons raise ``error`` for a name of one letter."""

    @dataclass
    class Person:
        name: str

        def __post_init__(self) -> None:
            if error is not None and len(self.name) == 1:
                raise error

    class Handler(StateHandler):
        who = Kind("who", Person, identity="name", confidential=True, revocable=True)

        def get(self) -> None:
            self.write({"name": self.who and self.who.name})

        def post(self, name: str) -> None:
            self.state.sign_in(Person(name))

        def delete(self) -> None:
            self.state.destroy()

    return {"/": Handler, "/in/(.*)": Handler}


@pytest.mark.parametrize("error", ERRORS)
async def test_who_is_signed_in_as_what_a_class_refuses_by_now_may_sign_in_and_out(
    error: type[Exception],
) -> None:
    """What an older release has left is no value of the type: it can be let go of."""
    async with serving(routes(None)) as browser, elsewhere(browser, routes(error)) as newer:
        await browser.fetch("/in/a", "POST")
        for path, method, then in (("/in/bob", "POST", "bob"), ("/", "DELETE", None)):
            newer.jar = dict(browser.jar)
            assert (await newer.fetch("/")).code == 500
            assert (await newer.fetch(path, method)).code == 200
            assert await newer.values() == {"name": then}
            await browser.fetch("/in/a", "POST")


@pytest.mark.parametrize("error", ERRORS)
def test_a_value_that_its_class_does_not_take_is_refused(error: type[Exception]) -> None:
    """It would not come back; the reason has a word at least."""
    kind = routes(error)["/"].who
    value = kind.type("bob")
    value.name = "b"
    with pytest.raises(InvalidValue, match=r"who: \w+"):
        kind.encode(value)


def test_an_identity_that_cannot_be_worked_out_names_nobody() -> None:
    """A field may be computed, and fail in its own way."""

    @dataclass
    class Entry:
        names: list[str]

        @property
        def first(self) -> str:
            return self.names[0]

    kind = Kind("entry", Entry, identity="first")
    assert kind.person(Entry(["ann"])) == "ann"
    with pytest.raises(InvalidValue, match="first"):
        kind.person(Entry([]))

"""Whom a value names is checked where it signs in; a plain value may be the identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypedDict
from uuid import UUID

import msgspec
import pytest
from abroad_app import CART, ROUTES, Everything, handler, serving
from tornado_state import InvalidValue, Kind, StateHandler


def running(post: Callable[[Any], Any]) -> dict[str, Any]:
    async def run(h: Any) -> None:
        if (made := post(h)) is not None and hasattr(made, "__await__"):
            await made

    return ROUTES | {"/run": handler(Everything, post=run)}


# Row 15
@pytest.mark.parametrize(
    "value",
    [{}, {"user_id": "7"}, {"id": ""}, {"id": 7}, {"id": None}, None, "ann", [], object()],
    ids=lambda value: type(value).__name__ + str(value)[:12].replace("<object obje", ""),
)
async def test_an_identity_that_names_nobody_is_refused_at_the_call(value: Any) -> None:
    """`sign_in` with what cannot name anybody raises there; who was signed in still is."""

    def post(h: Any) -> None:
        with pytest.raises(InvalidValue, match="user"):
            h.state.sign_in(value)
        h.cart.append("after")

    async with serving(running(post)) as browser:
        await browser.fetch("/login", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        values = await browser.values()
        assert (values["user"], values["cart"]) == ("ann", ["after"])


@dataclass
class Person:
    username: str
    age: int = 0


class Struct(msgspec.Struct):
    number: int


class Dict(TypedDict):
    key: str


class Role(Enum):
    ADMIN = "admin"


#: What may name who is signed in.
PERSONS: dict[str, tuple[Any, bool | str, Any]] = {
    "text": (str, True, "ann"),
    "number": (int, True, 7),
    "zero": (int, True, 0),
    "UUID": (UUID, True, UUID(int=7)),
    "enum": (Role, True, Role.ADMIN),
    "dataclass": (Person, "username", Person("ann", 30)),
    "struct": (Struct, "number", Struct(7)),
    "TypedDict": (Dict, "key", Dict(key="ann")),
    "dict": (dict[str, int], "id", {"id": 7}),
}


# Row 15
@pytest.mark.parametrize("placed", ["session", "cookie"])
@pytest.mark.parametrize("person", PERSONS)
async def test_a_plain_value_may_be_the_identity(person: str, placed: str) -> None:
    """Text, a number or a field of any type may say who is signed in, in either tier."""
    type_, identity, value = PERSONS[person]
    who = Kind("who", type_, identity=identity, fresh=placed == "session")

    class Page(StateHandler):
        user, cart = who, CART

        def get(self) -> None:
            self.write({"same": self.current_user == value, "nobody": self.current_user is None})

        def post(self) -> None:
            self.state.sign_in(value)

        def delete(self) -> None:
            self.state.destroy()

        def put(self) -> None:
            self.state[who] = value

    async with serving({"/": Page}) as browser:
        assert await browser.values() == {"same": False, "nobody": True}
        assert (await browser.fetch("/", "PUT")).code == 500
        await browser.fetch("/", "POST")
        assert await browser.values() == {"same": True, "nobody": False}
        await browser.fetch("/", "DELETE")
        assert await browser.values() == {"same": False, "nobody": True}


#: What a sign-in may be told besides, and cannot mean.
NO_SIGN_INS: list[dict[str, Any]] = [
    {"label": 5},
    {"label": b"Firefox"},
    {"label": ["Firefox"]},
    {"remember": "on"},
    {"remember": None},
    {"remember": 1},
]


# Row 15
@pytest.mark.parametrize("told", NO_SIGN_INS, ids=str)
async def test_what_a_sign_in_is_told_besides_is_checked_at_the_call(told: Any) -> None:
    """Nothing of it gets into the list of that person's sessions, where it would stay."""

    def post(h: Any) -> None:
        with pytest.raises(InvalidValue, match=f"^{next(iter(told))}: it is"):
            h.state.sign_in({"id": "ann"}, **told)

    async with serving(running(post), session_list=True) as browser:
        assert (await browser.fetch("/run", "POST")).code == 200
        assert (await browser.values())["user"] is None


# Row 15
@pytest.mark.parametrize(
    ("label", "listed"), [(None, ""), ("x" * 60_000, "x" * 200), ("\ud800é", "?é")]
)
async def test_no_label_keeps_its_person_from_signing_in(label: Any, listed: str) -> None:
    """A header that is missing, long, or no text: what is listed is always short and readable."""

    def post(h: Any) -> None:
        h.state.sign_in({"id": "ann"}, label=label)

    async def labels(h: Any) -> None:
        h.write({"labels": [each.label for each in await h.state.sessions()]})

    routes = running(post) | {"/labels": handler(Everything, get=labels)}
    async with serving(routes, session_list=True) as browser:
        for _ in range(3):
            browser.jar.clear()
            assert (await browser.fetch("/run", "POST")).code == 200
        assert await browser.values("/labels") == {"labels": [listed] * 3}

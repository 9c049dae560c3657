"""What a handler does with kinds, and what comes of it to a type checker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_type

from tornado.web import authenticated
from tornado_state import Kind, StateApplication, StateHandler
from tornado_state.stores import MemoryStore
from tornado_state.testing import CookieJar, sign_in


@dataclass
class User:
    name: str


VISITS = Kind("visits", int, default=0, fresh=True, concurrent=True)
NOTE = Kind("note", str)
CART = Kind("cart", list[int], default=[], fresh=True, size=8192)
USER = Kind("user", User, confidential=True, identity="name")
THEME = Kind("theme", Literal["light", "dark"], default="light", outage_proof=True)


class Page(StateHandler):
    visits = VISITS
    note = NOTE
    cart = CART
    user = USER
    theme = THEME

    @authenticated
    async def get(self) -> None:
        assert_type(self.visits, int)
        assert_type(self.note, str | None)
        assert_type(self.cart, list[int])
        assert_type(self.user, User | None)
        assert_type(self.theme, Literal["light", "dark"])
        self.visits += 1
        self.note = "x"
        self.note = None
        self.cart.append(1)
        del self.note
        if self.user is not None:
            self.write(self.user.name)

    async def post(self) -> None:
        assert_type(self.state[VISITS], int)
        assert_type(self.state.get(CART), list[int])
        assert_type(self.state.get(NOTE, 5), str | int | None)
        assert_type(self.state.pop(VISITS), int)
        assert_type(self.state.pop(VISITS, None), int | None)
        assert_type(self.state.setdefault(CART, [1]), list[int])
        assert_type(await self.state.update(VISITS, lambda n: n + 1), int)
        assert_type(await self.state.update(CART, lambda cart: [*cart, 1]), list[int])
        self.state[NOTE] = "x"
        self.state[CART] = [1]
        self.state.sign_in(User("ann"), remember=True)
        if NOTE in self.state:
            del self.state[NOTE]

    async def put(self) -> None:
        async with self.open_state() as state:
            assert_type(state[VISITS], int)
            state[CART] = []


class Derived(Page):
    theme = THEME


assert_type(Derived.theme, Kind[Literal["light", "dark"]])

app = StateApplication([("/", Page)], cookie_secret="…", session_store=MemoryStore())
jar = CookieJar(sign_in(app, User("ann"), remember=True))


async def awaited() -> str:
    return await sign_in(app, User("ann"))

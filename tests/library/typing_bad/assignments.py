"""Values of another type; each marked line is refused, and no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from tornado_state import Kind, StateHandler


class Line(TypedDict):
    sku: str
    quantity: int


@dataclass
class User:
    name: str


VISITS = Kind("visits", int, default=0)
NOTE = Kind("note", str)
CART = Kind("cart", list[Line], default=[])
USER = Kind("user", User, identity="name")
THEME = Kind("theme", Literal["light", "dark"], default="light")


class Page(StateHandler):
    visits: Kind[int] = VISITS
    note: Kind[str | None] = NOTE
    cart: Kind[list[Line]] = CART
    user: Kind[User | None] = USER
    theme: Kind[Literal["light", "dark"]] = THEME

    def attributes(self) -> None:
        self.visits = "three"  # refused
        self.visits = None  # refused
        self.note = 3  # refused
        self.cart = [{"sku": "a"}]  # refused
        self.cart = (1, 2)  # refused
        self.theme = "purple"  # refused

        self.user = User("ann").name  # refused

    def items(self) -> None:
        self.state[CART] = object()  # refused
        self.state[VISITS] = "three"  # refused
        self.state[NOTE] = b"bytes"  # refused
        self.state[THEME] = "purple"  # refused
        self.state["visits"] = 3  # refused

    def inside(self) -> None:
        self.cart.append(3)  # refused
        self.cart[0]["quantity"] = "three"  # refused
        self.state[CART].append(3)  # refused


class Unannotated(StateHandler):
    visits = VISITS

    def own(self) -> None:
        # Where an attribute has no annotation, Pyright takes this for another declaration of it.
        self.visits = "three"  # refused by mypy
        self.state[VISITS] = "three"  # refused


class Derived(Unannotated):
    def inherited(self) -> None:
        self.visits = "three"  # refused by mypy


class DerivedFromAnnotated(Page):
    def inherited(self) -> None:
        self.visits = "three"  # refused


def from_outside(page: Page) -> None:
    page.visits = "three"  # refused

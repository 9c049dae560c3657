"""What a kind's type may be, and what its values are to a type checker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Literal, TypedDict, assert_type
from uuid import UUID

import msgspec
from tornado_state import Kind


class Line(TypedDict):
    sku: str
    quantity: int


@dataclass
class Address:
    city: str


class Profile(msgspec.Struct):
    name: str


class Color(Enum):
    RED = "red"


# Without a default, None is read where nothing is kept.
assert_type(Kind("a", int), Kind[int | None])
assert_type(Kind("a", str, identity=True), Kind[str | None])
assert_type(Kind("a", Line, identity="sku"), Kind[Line | None])
assert_type(Kind("a", Address), Kind[Address | None])
assert_type(Kind("a", Profile), Kind[Profile | None])
assert_type(Kind("a", list[Line]), Kind[list[Line] | None])
assert_type(Kind("a", date), Kind[date | None])
assert_type(Kind("a", datetime), Kind[datetime | None])
assert_type(Kind("a", time), Kind[time | None])
assert_type(Kind("a", timedelta), Kind[timedelta | None])
assert_type(Kind("a", UUID), Kind[UUID | None])
assert_type(Kind("a", tuple[int, str]), Kind[tuple[int, str] | None])
assert_type(Kind("a", int | str), Kind[int | str | None])
assert_type(Kind("a", int | None), Kind[int | None])
assert_type(Kind("a", Literal["light", "dark"]), Kind[Literal["light", "dark"] | None])

# With one, its type is the kind's.
assert_type(Kind("a", int, default=0), Kind[int])
assert_type(Kind("a", float, default=0.5), Kind[float])
assert_type(Kind("a", bool, default=False), Kind[bool])
assert_type(Kind("a", bytes, default=b""), Kind[bytes])
assert_type(Kind("a", Decimal, default=Decimal(0)), Kind[Decimal])
assert_type(Kind("a", Color, default=Color.RED), Kind[Color])
assert_type(Kind("a", Address, default=Address("Oslo")), Kind[Address])
assert_type(Kind("a", Profile, default=Profile("ann")), Kind[Profile])
assert_type(Kind("a", list[Line], default=[]), Kind[list[Line]])
assert_type(Kind("a", set[str], default=set()), Kind[set[str]])
assert_type(Kind("a", frozenset[str], default=frozenset()), Kind[frozenset[str]])
assert_type(Kind("a", dict[str, list[Address]], default={}), Kind[dict[str, list[Address]]])
assert_type(Kind("a", tuple[int, ...], default=()), Kind[tuple[int, ...]])
assert_type(Kind("a", int | str, default=0), Kind[int | str])
assert_type(Kind("a", int | None, default=3), Kind[int | None])
assert_type(Kind("a", Literal["light", "dark"], default="light"), Kind[Literal["light", "dark"]])

# A default that a checker would take for something wider does not widen it.
assert_type(Kind("a", Line, default={"sku": "tea", "quantity": 1}), Kind[Line])
assert_type(Kind("a", list[Line], default=[{"sku": "tea", "quantity": 1}]), Kind[list[Line]])
assert_type(Kind("a", dict[str, float], default={"a": 1}), Kind[dict[str, float]])
assert_type(Kind("a", tuple[float, str], default=(1, "a")), Kind[tuple[float, str]])
assert_type(Kind("a", list[int | str], default=[1]), Kind[list[int | str]])

"""Values of every type that a kind may have: what comes back, and what is refused where."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, Literal, NamedTuple, TypedDict
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.testing import AsyncHTTPTestCase
from tornado_state import CompositionError, InvalidValue, Kind, StateApplication, StateHandler
from tornado_state.exceptions import TooLarge
from tornado_state.testing import CookieJar


class Line(TypedDict):
    sku: str
    quantity: int


class Partial(TypedDict, total=False):
    note: str


@dataclass
class Address:
    city: str
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Point:
    x: int
    y: int


class Profile(msgspec.Struct):
    name: str
    born: date | None = None


class Pair(NamedTuple):
    left: int
    right: str


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Cat(msgspec.Struct, tag=True):
    lives: int


class Dog(msgspec.Struct, tag=True):
    tricks: list[str]


#: A type, and values of it that come back as they were.
KEPT: list[tuple[Any, list[Any]]] = [
    (int, [0, -1, 2**63]),
    (float, [0.5, -1e300, 3.0]),
    (bool, [True, False]),
    (str, ["", "é 中 🙂", "\x00"]),
    (bytes, [b"", b"\x00\xff"]),
    (datetime, [datetime(2026, 11, 27, 22, 0, tzinfo=UTC), datetime(2026, 1, 1)]),
    (date, [date(2026, 11, 27)]),
    (time, [time(1, 2, 3)]),
    (timedelta, [timedelta(days=2, seconds=3)]),
    (Decimal, [Decimal("0.10"), Decimal("1E+5")]),
    (UUID, [UUID(int=7)]),
    (Color, [Color.RED]),
    (Level, [Level.HIGH]),
    (Literal["light", "dark"], ["dark"]),
    (list[Line], [[], [{"sku": "tea", "quantity": 2}]]),
    (Line, [{"sku": "tea", "quantity": 2}]),
    (Partial, [{}, {"note": "x"}]),
    (Address, [Address("Oslo"), Address("Oslo", ["a", "b"])]),
    (Point, [Point(1, 2)]),
    (Profile, [Profile("ann"), Profile("bob", date(1990, 1, 1))]),
    (Pair, [Pair(1, "a")]),
    (tuple[int, str], [(1, "a")]),
    (tuple[int, ...], [(), (1, 2, 3)]),
    (set[str], [set(), {"a"}]),
    (frozenset[int], [frozenset({1, 2})]),
    (dict[str, list[Point]], [{}, {"a": [Point(1, 2)]}]),
    (dict[int, str], [{1: "a"}]),
    (dict[UUID, date], [{UUID(int=1): date(2026, 1, 1)}]),
    (int | str, [1, "1"]),
    (int | None, [5]),
    (list[int | None], [[1, None]]),
    (Cat | Dog, [Cat(9), Dog(["sit"])]),
]

CASES = [(type_, value) for type_, values in KEPT for value in values]


@pytest.mark.parametrize(("type_", "value"), CASES, ids=repr)
def test_what_is_kept_comes_back_as_it_was(type_: Any, value: Any) -> None:
    """The same value, of the same type, and what is in it as well."""
    kind: Kind[Any] = Kind("kept", type_)
    back = kind.decode(kind.encode(value))
    assert back == value
    assert repr(back) == repr(value) or isinstance(value, set | frozenset)
    assert type(back) is type(value)


class Cart(StateHandler):
    """Keeps a value of each type, in two requests."""

    async def post(self) -> None:
        for name, (_, values) in zip(self.declared_kinds, KEPT, strict=True):
            setattr(self, name, values[-1])

    async def get(self) -> None:
        for name, (_, values) in zip(self.declared_kinds, KEPT, strict=True):
            value = getattr(self, name)
            assert (value, type(value)) == (values[-1], type(values[-1]))


class InAnApplication(AsyncHTTPTestCase):
    """The same over two requests, in sessions and in signed cookies."""

    def get_app(self) -> StateApplication:
        """Return an application with a kind of each type in either tier."""
        handlers = [
            type(
                where,
                (Cart,),
                {f"k{n}": Kind(f"{where}{n}", of[0], fresh=fresh) for n, of in enumerate(KEPT)},
            )
            for where, fresh in (("session", True), ("cookie", False))
        ]
        return StateApplication(
            [(f"/{handler.__name__}", handler) for handler in handlers],
            cookie_secret="0123456789abcdef" * 2,
            session_store="memory://",
            cookie_secure=False,
        )

    def test_values_of_every_type(self) -> None:
        """What one request assigns another one reads, of the same type."""
        for where in ("session", "cookie"):
            jar = CookieJar()
            assert jar.fetch(self, f"/{where}", method="POST", body="").code == 200
            assert jar.fetch(self, f"/{where}").code == 200


#: A type, a value that is not of it, and the place in the value that is wrong.
REFUSED: list[tuple[Any, Any, str]] = [
    (int, "3", ""),
    (int, True, ""),
    (int, 3.0, ""),
    (int, None, ""),
    (str, b"bytes", ""),
    (float, math.nan, ""),
    (float, math.inf, ""),
    (bool, 1, ""),
    (list[int], (1, 2), ""),
    (list[int], [1, "2"], "[1]"),
    (list[Line], [{"sku": "a", "quantity": 1}, {"sku": "b", "quantity": "2"}], "[1].quantity"),
    (list[Line], [{"sku": "a"}], "[0]"),
    (dict[str, list[int]], {"a": [1, None]}, "[...][1]"),
    (Line, {"sku": 3, "quantity": 1}, ".sku"),
    (Address, Address(3), ".city"),  # type: ignore[arg-type]
    (Address, {"city": "Oslo"}, ""),
    (Profile, Profile("ann", "1990"), ".born"),  # type: ignore[arg-type]
    (Point, Address("Oslo"), ""),
    (tuple[int, str], [1, "a"], ""),
    (tuple[int, str], (1, "a", 2), ""),
    (set[str], ["a"], ""),
    (set[str], frozenset("a"), ""),
    (Color, "red", ""),
    (Level, 2, ""),
    (Literal["light", "dark"], "purple", ""),
    (date, datetime(2026, 1, 1, tzinfo=UTC), ""),
    (Decimal, 0.1, ""),
    (Decimal, Decimal("sNaN"), ""),
    (UUID, str(UUID(int=7)), ""),
    (dict[str, int], Counter("aab"), ""),
    (dict[str, int], OrderedDict(a=1), ""),
    (list[int], deque([1]), ""),
    (str, "\ud800", ""),
    (dict[int, str], {"a": "b"}, ""),
    (list[dict[UUID, int]], [{"a": 1}], "[0]"),
]


@pytest.mark.parametrize(("type_", "value", "path"), REFUSED, ids=repr)
def test_a_value_of_another_type_is_refused(type_: Any, value: Any, path: str) -> None:
    """`InvalidValue` names the kind and the place inside the value."""
    kind: Kind[Any] = Kind("cart", type_)
    with pytest.raises(InvalidValue) as refused:
        kind.encode(value)
    assert refused.value.path == f"cart{path}"
    assert str(refused.value).startswith(f"cart{path}: ")


@pytest.mark.parametrize(
    ("type_", "text", "path"),
    [
        (int, b'"3"', ""),
        (int, b"{", ""),
        (list[Line], b'[{"sku":"a","quantity":1},{"sku":"b","quantity":null}]', "[1].quantity"),
        (Address, b'{"city":"Oslo","lines":["a",2]}', ".lines[1]"),
        (Color, b'"green"', ""),
        (set[str], b"[1]", "[0]"),
    ],
)
def test_a_text_of_another_shape_is_refused(type_: Any, text: bytes, path: str) -> None:
    """What the store has is looked at as closely."""
    with pytest.raises(InvalidValue) as refused:
        Kind("cart", type_).decode(text)
    assert refused.value.path == f"cart{path}"


def test_a_value_that_is_too_large_is_refused_with_its_size() -> None:
    """The size that a kind declares is a limit, told with what the value would take."""
    kind = Kind("cart", str, size=64)
    assert kind.encode("x" * 62)
    with pytest.raises(TooLarge, match="cart would take 65 bytes and may take 64"):
        kind.encode("x" * 63)


@pytest.mark.parametrize(
    "type_",
    [object, complex, Callable[[], int], type, "Missing", 5],
    ids=repr,
)
def test_a_type_that_json_cannot_bring_back_is_refused(type_: Any) -> None:
    """When the kind is made, in a sentence that names it."""
    with pytest.raises(CompositionError, match=r"^cart: "):
        Kind("cart", type_)


@pytest.mark.parametrize(
    ("type_", "default"),
    [
        (int, "x"),
        (list[int], [None]),
        (Literal["a"], "b"),
        (Color, "red"),
        (memoryview, memoryview(b"no copy")),
    ],
)
def test_a_default_of_another_type_is_refused(type_: Any, default: Any) -> None:
    """A default is a value like any other, and looked at when the kind is made."""
    with pytest.raises(CompositionError, match="default of cart"):
        Kind("cart", type_, default=default)


def test_a_default_is_handed_out_as_a_copy() -> None:
    """What one request does to it, another does not see."""
    kind = Kind("cart", list[int], default=[])
    first = kind.initial()
    assert first is not None
    first.append(1)
    assert kind.initial() == []


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@given(JSON_LIKE)
def test_any_json_comes_back_or_is_refused(value: Any) -> None:
    """With the type Any a value is what JSON has, and never something else than it was."""
    kind: Kind[Any] = Kind("any", Any, size=1 << 20)
    try:
        text = kind.encode(value)
    except InvalidValue:
        return
    assert kind.decode(text) == value


@given(st.builds(Address, st.text(), st.lists(st.text())))
def test_any_dataclass_comes_back(value: Address) -> None:
    """So does what is made of it."""
    kind = Kind("address", Address, size=1 << 20)
    try:
        text = kind.encode(value)
    except InvalidValue:
        return
    assert kind.decode(text) == value

"""Values of a type, as JSON text and back."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import sys
import uuid
from typing import Any, NamedTuple, TypedDict

import msgspec
import pytest
from tornado_state import CompositionError, InvalidValue, TooLarge
from tornado_state.values import ValueType, from_json, is_immutable, to_json


class Color(enum.Enum):
    RED = "red"


class Pair(TypedDict):
    left: int
    right: str


@dataclasses.dataclass
class Line:
    sku: str
    quantity: int = 1


class Node(msgspec.Struct):
    name: str
    children: list[Node] = []


class Point(NamedTuple):
    x: int
    y: int


class Plain:
    """A class that nobody has said how to write."""


DAY = datetime.date(2026, 11, 27)
MOMENT = datetime.datetime(2026, 11, 27, 12, 0, 0, 5, datetime.UTC)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (int, 2**60),
        (float, 1.5),
        (float, 1),
        (bool, True),
        (str, "\u00fc\U0001f600\x00"),
        (bytes, b"\x00\xff"),
        (list[int], [1, 2]),
        (tuple[int, str], (1, "a")),
        (dict[int, str], {1: "a"}),
        (set[str], {"a"}),
        (frozenset[int], frozenset({1})),
        (int | None, None),
        (Any, {"a": [1, None, True, 1.5]}),
        (Pair, {"left": 1, "right": "a"}),
        (list[Line], [Line("a"), Line("b", 2)]),
        (Node, Node("a", [Node("b")])),
        (Point, Point(1, 2)),
        (Color, Color.RED),
        (datetime.datetime, MOMENT),
        (datetime.date, DAY),
        (datetime.timedelta, datetime.timedelta(days=2, microseconds=5)),
        (decimal.Decimal, decimal.Decimal("1.10")),
        (uuid.UUID, uuid.UUID(int=5)),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_a_type_says_comes_back_as_that_type(type_: Any, value: Any) -> None:
    """Equal, and of the same class."""
    values = ValueType("x", type_, 1024)
    text = values.encode(value)
    back = values.decode(text)
    assert back == value
    assert type_ is float or type(back) is type(value)
    assert values.written(value) == text


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (int, "1"),
        (int, 1.5),
        (int, True),
        (float, True),
        (bool, 1),
        (str, 1),
        (str, "\ud800"),
        (float, float("nan")),
        (float, float("inf")),
        (list[int], (1, 2)),
        (list[int], {1}),
        (tuple[int, ...], [1]),
        (Any, (1, 2)),
        (Any, {1: "a"}),
        (Any, {1, 2}),
        (Any, Plain()),
        (Line, {"sku": "a", "quantity": 1}),
        (Pair, {"left": 1}),
        (Color, "red"),
        (datetime.date, "2026-11-27"),
        (decimal.Decimal, decimal.Decimal("NaN")),
        (int, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_would_come_back_different_is_refused(type_: Any, value: Any) -> None:
    """When it is kept, not when it is missed."""
    with pytest.raises(InvalidValue, match=r"^x: "):
        ValueType("x", type_, 1024).encode(value)


def test_nesting_without_end_is_refused() -> None:
    """Neither written nor read."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    values = ValueType("x", Any, 1_000_000)
    with pytest.raises(InvalidValue):
        values.encode(deep)
    assert values.written(deep) is None
    with pytest.raises(InvalidValue):
        values.decode(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize(
    ("type_", "text", "path"),
    [
        (list[Line], b'[{"sku":"a"},{"sku":"b","quantity":"2"}]', "x[1].quantity"),
        (dict[str, list[int]], b'{"a":[1,null]}', "x[...][1]"),
        (int, b'"1"', "x"),
        (int, b"", "x"),
        (str, b'"\xff"', "x"),
        (int, b"1" * 5000, "x"),
    ],
)
def test_a_refusal_names_the_place_inside_the_value(type_: Any, text: bytes, path: str) -> None:
    """As somebody would write it."""
    with pytest.raises(InvalidValue) as refused:
        ValueType("x", type_, 1024).decode(text)
    assert refused.value.path == path
    assert str(refused.value).startswith(f"{path}: ")


def test_a_refusal_shows_no_more_than_the_beginning_of_a_value() -> None:
    """It may be of any length."""
    with pytest.raises(InvalidValue) as refused:
        ValueType("x", Any, 10_000).encode(tuple(range(1000)))
    assert str(refused.value).endswith("...")
    assert len(str(refused.value)) < 120


def test_a_value_beyond_its_size_is_refused() -> None:
    """In bytes of JSON, with both numbers."""
    values = ValueType("x", str, 4)
    assert values.encode("ab") == b'"ab"'
    with pytest.raises(TooLarge) as refused:
        values.encode("\u00fc\u00fc")
    assert (refused.value.what, refused.value.size, refused.value.limit) == ("x", 6, 4)


@pytest.mark.parametrize(
    ("type_", "text", "other", "same"),
    [
        (list[int], b"[1,2]", b"[1, 2]", True),
        (list[int], b"[1,2]", b"[2,1]", False),
        (set[str], b'["a","b"]', b'["b","a"]', True),
        (set[str], b'["a","b"]', b'["a"]', False),
        (dict[str, set[int]], b'{"a":[1,2]}', b'{"a":[2,1]}', True),
        (float, b"1", b"1.0", True),
    ],
)
def test_two_texts_are_the_same_when_they_say_the_same(
    type_: Any, text: bytes, other: bytes, same: bool
) -> None:
    """However they came to be written; sets have no order."""
    assert ValueType("x", type_, 1024).is_same(text, other) is same


@pytest.mark.skipif(sys.version_info < (3, 12), reason="its syntax is of Python 3.12")
def test_a_type_that_is_made_of_itself_is_refused() -> None:
    """As any other that cannot be; a class that holds itself is another thing."""
    names: dict[str, Any] = {}
    exec("type Json = None | str | list[Json]", names)
    with pytest.raises(CompositionError, match=r"^x: values of Json cannot be kept"):
        ValueType("x", names["Json"], 1024)


@pytest.mark.parametrize("type_", [Plain, list[Plain], complex, "Unknown", 5, dict[Plain, int]])
def test_a_type_whose_values_json_cannot_carry_is_refused(type_: Any) -> None:
    """In a sentence that names the kind."""
    with pytest.raises(CompositionError, match=r"^x: values of .* cannot be kept"):
        ValueType("x", type_, 1024)


def test_what_cannot_change_from_within_need_not_be_looked_at_again() -> None:
    """Text, numbers and moments; nothing that holds something else."""
    for value in (None, True, 1, 1.5, "a", b"a", Color.RED, DAY, MOMENT, decimal.Decimal(1)):
        assert is_immutable(value)
    for value in ([], {}, set(), (), Line("a"), Node("a")):
        assert not is_immutable(value)


def test_a_copy_is_a_value_of_one_s_own() -> None:
    """As deep as it goes."""
    values = ValueType("x", list[list[int]], 1024)
    value = [[1]]
    copied = values.copy(value)
    copied[0].append(2)
    assert value == [[1]]


def test_json_comes_and_goes_without_a_type() -> None:
    """What it cannot carry, and what is none, is a `ValueError`."""
    assert from_json(to_json({"a": [1]})) == {"a": [1]}
    for fails in (lambda: to_json(Plain()), lambda: from_json(b"{"), lambda: to_json("\ud800")):
        with pytest.raises(ValueError):  # noqa: PT011 - the words are msgspec's own
            fails()

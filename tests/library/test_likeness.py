"""Values that came back as something else, however deep it stands."""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections import Counter, OrderedDict, defaultdict
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tornado_state import InvalidValue
from tornado_state.values import ValueType


@dataclasses.dataclass(eq=False)
class Alone:
    number: int


class Sealed(msgspec.Struct, eq=False):
    number: int


@dataclasses.dataclass
class Secretive:
    """Equal to others whatever it has ``seen``, which it counts itself."""

    number: int
    seen: int = dataclasses.field(default=0, compare=False)

    def __post_init__(self) -> None:
        self.seen += 1


class Node(msgspec.Struct):
    name: str
    children: Any = None


class Pair(TypedDict):
    left: int
    right: str


class Point(NamedTuple):
    x: int
    y: int


class Word(enum.StrEnum):
    ONE = "one"


class Level(enum.IntEnum):
    TWO = 2


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Alone, Alone(5)),
        (list[Alone], [Alone(5)]),
        (dict[str, Alone | None], {"a": Alone(5), "b": None}),
        (Sealed, Sealed(5)),
        (tuple[Sealed, ...], (Sealed(5),)),
    ],
    ids=str,
)
def test_a_value_that_does_not_compare_by_its_fields_comes_back_as_well(
    type_: Any, value: Any
) -> None:
    """Wherever it stands."""
    values = ValueType("x", type_, 1024)
    text = values.encode(value)
    assert values.encode(values.decode(text)) == text


@pytest.mark.parametrize("zone", [None, UTC, ZoneInfo("Europe/Berlin")], ids=str)
@pytest.mark.parametrize("fold", [0, 1])
def test_every_hour_of_the_year_can_be_kept(zone: Any, fold: int) -> None:
    """The one that comes twice as well; its offset comes back, its zone does not."""
    moment = datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=zone)
    values = ValueType("x", datetime, 1024)
    back = values.decode(values.encode(moment))
    assert (back.isoformat(), back.utcoffset()) == (moment.isoformat(), moment.utcoffset())


@pytest.mark.parametrize(
    ("type_", "value", "path"),
    [
        (dict[str, dict[str, int]], {"a": Counter("a")}, "x[...]"),
        (list[dict[str, int]], [{}, OrderedDict(a=1)], "x[1]"),
        (dict[str, list[dict[str, Any]]], {"a": [defaultdict(list)]}, "x[...][0]"),
        (list[tuple[int, int]], [Point(1, 2)], "x[0]"),
        (list[Point], [(1, 2)], "x[0]"),
        (list[str], ["a", Word.ONE], "x[1]"),
        (dict[str, int], {Word.ONE: 1}, "x"),
        (set[str], {Word.ONE}, "x"),
        (Node, Node("a", [{"b": (1,)}]), "x.children[0][...]"),
        (Secretive, Secretive(1), "x.seen"),
        (Any, [1, {"a": (2,)}], "x[1][...]"),
        (list[tuple[int, ...]], [[1]], "x[0]"),
        (list[Pair], [{"left": 1, "right": "a", "more": 2}], "x[0]"),
        (list[float], [1.5, 2**60 + 1], "x[1]"),
        (list[float], [Level.TWO], "x[0]"),
        (list[Level], [2], "x[0]"),
        (list[Decimal], [2], "x[0]"),
        (list[set[int]], [frozenset({1})], "x[0]"),
        (list[dict[str, Any]], [{"a": [Level.TWO]}], "x[0][...][0]"),
        (datetime, datetime(2026, 1, 1, tzinfo=timezone(timedelta(seconds=30))), "x"),
    ],
    ids=str,
)
def test_what_would_come_back_different_is_refused_with_its_place(
    type_: Any, value: Any, path: str
) -> None:
    """What is equal is not yet the same."""
    with pytest.raises(InvalidValue, match="it would come back different, as ") as refused:
        ValueType("x", type_, 1024).encode(value)
    assert refused.value.path == path


@pytest.mark.parametrize("type_", [list[bytes], dict[str, bytes], Any])
def test_bytes_of_another_kind_are_told_apart_however_deep(type_: Any) -> None:
    """What is quick to compare must not take them for the same."""
    other = {"a": bytearray(b"x")} if type_ != list[bytes] else [bytearray(b"x")]
    with pytest.raises(InvalidValue, match="would come back different"):
        ValueType("made", type_, 100).encode(other)


@dataclasses.dataclass
class Open:
    """Has room for more than its fields, some of which it makes by itself."""

    number: int

    def __post_init__(self) -> None:
        self.double = 2 * self.number
        self._read = 0

    @functools.cached_property
    def half(self) -> float:
        return self.number / 2


class Loose(msgspec.Struct, dict=True):
    number: int


@dataclasses.dataclass
class Box:
    """Holds others, some of them within itself."""

    within: dict[str, list[Loose]]
    also: Box | None = None
    tag: str = ""


def with_more(value: Any, **more: Any) -> Any:
    for name, each in more.items():
        setattr(value, name, each)
    return value


BOX = Box({"a": [with_more(Loose(1), note="x")]})


@pytest.mark.parametrize(
    ("type_", "value", "path"),
    [
        (Open, with_more(Open(1), numbre=2), ".numbre"),
        (list[Open], [Open(1), with_more(Open(1), note="x")], "[1].note"),
        (dict[str, Loose], {"a": with_more(Loose(1), note="x")}, "[...].note"),
        (Box, BOX, ".within[...][0].note"),
        (Box, Box({}, with_more(Box({}), note="x")), ".also.note"),
        (tuple[Box, ...], (Box({}, BOX),), "[0].also.within[...][0].note"),
    ],
)
def test_an_attribute_that_is_no_field_is_refused(type_: Any, value: Any, path: str | None) -> None:
    """It would be lost: a misspelt one, above all."""
    kind = ValueType[Any]("kept", type_, 1024)
    with pytest.raises(InvalidValue, match="it would come back different, as nothing") as refused:
        kind.encode(value)
    assert refused.value.path == f"kept{path}"
    assert kind.has_more(value)


def test_what_a_class_makes_by_itself_is_no_matter() -> None:
    """In ``__post_init__``, in a ``cached_property``, under a name of its own."""
    value = with_more(Open(4), _hidden=1)
    assert value.half == 2.0
    kind = ValueType[Any]("kept", Open, 1024)
    assert kind.decode(kind.encode(value)) == value


def test_a_value_without_more_has_no_more_anywhere() -> None:
    """However deep that is looked for."""
    kind = ValueType[Any]("kept", list[Box], 1024)
    assert not kind.has_more([Box({"a": [Loose(1)], "b": []}, Box({}), "tag")])


def test_a_change_of_a_field_that_is_not_written_is_found() -> None:
    """One of attrs with an underscore is not, so that nothing of it is to be seen in the text."""
    attrs = pytest.importorskip("attrs")
    made = attrs.make_class("Made", {"shown": attrs.field(default=0, type=int)})
    silent = attrs.make_class("Silent", {"_kept": attrs.field(default=0, type=int)}, bases=(made,))
    value, kind = silent(), ValueType[Any]("kept", list[silent], 1024)
    assert kind.decode(kind.encode([value])) == [value]
    value._kept = 3
    assert kind.has_more([value])
    with pytest.raises(InvalidValue, match=r"kept\[0\]._kept"):
        kind.encode([value])
    assert not ValueType[Any]("made", made, 1024).has_more(made())

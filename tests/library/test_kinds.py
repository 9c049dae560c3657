"""Kinds: what they are called, what they need, and what a handler does with one."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, TypedDict
from uuid import UUID

import msgspec
import pytest
from tornado.web import RequestHandler
from tornado_state import CompositionError, InvalidValue, Kind, Needs


@dataclasses.dataclass
class User:
    name: str
    number: int = 0


@dataclasses.dataclass(repr=False)
class Account:
    """Says of itself only where it is in memory."""

    id: int

    @property
    def key(self) -> str:
        return f"no. {self.id}"


#: As it stands in a schema.
Number = Annotated[int, msgspec.Meta(gt=0, extra={"what": "a customer"})]


class Row(TypedDict):
    name: str


@pytest.mark.parametrize(
    "name", ["", "A", "1st", "a-b", "a.b", "a b", "a" * 33, "na\u00efve", "a\n", 5]
)
def test_a_kind_of_another_shape_of_name_is_refused(name: Any) -> None:
    """A kind's name stands in cookie names and records, so only plain ones are taken."""
    with pytest.raises(CompositionError, match="a kind's name is a letter of a-z and"):
        Kind(name, str)


@pytest.mark.parametrize("name", ["a", "a" * 32, "cart_2"])
def test_a_plain_name_is_taken(name: str) -> None:
    """A letter of a-z and up to 31 of a-z, 0-9 and _ are a name."""
    assert Kind(name, str).name == name


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"size": 0}, "cart: size is the largest value in bytes"),
        ({"size": 1.5}, "cart: size"),
        ({"size": True}, "cart: size"),
        ({"fresh": 1}, "cart: fresh is True or False"),
        ({"fresch": True}, "cart: a kind has no fresch"),
        ({"inherited": "yes"}, "cart: inherited is True or False"),
        ({"on_conflict": "refues"}, "cart: on_conflict is 'refuse' or 'last_write', not 'refues'"),
        ({"identity": ""}, "cart: identity is True or the name of a field"),
        ({"identity": 1.5}, "cart: identity"),
        ({"version": 0}, "cart: version is a whole number from 1 on"),
        ({"version": True}, "cart: version"),
        ({"version": 2, "migrations": {2: str}}, "cart: a migration leads from an older version"),
        ({"migrations": {1: str}}, "cart: a migration"),
        ({"version": 2, "migrations": {"1": str}}, "cart: a migration"),
        ({"default": 5}, "the default of cart is no value of it"),
        ({"default": "x" * 2000}, "the default of cart is no value of it: cart would take"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_a_kind_that_cannot_be_is_refused_when_it_is_declared(
    wrong: dict[str, Any], why: str
) -> None:
    """In a sentence that names it; it is a `ValueError` as well."""
    with pytest.raises(CompositionError, match=why) as refused:
        Kind("cart", str, **wrong)
    assert isinstance(refused.value, ValueError)


def test_two_declarations_are_two_kinds() -> None:
    """A kind is told by its declaration, never by its name."""
    assert Kind("cart", str) != Kind("cart", str)
    assert repr(Kind("cart", str)) == "<Kind cart>"


def test_a_kind_has_the_needs_that_it_declares() -> None:
    """And no others."""
    assert Kind("cart", str, fresh=True, size=5).needs == Needs(fresh=True, size=5)


def test_a_default_is_read_as_a_copy() -> None:
    """It is nobody's to change; without one there is None."""
    kind = Kind("cart", list[int], default=[1])
    kind.initial().append(2)
    assert kind.initial() == [1]
    assert kind.copy([3]) == [3]
    assert Kind("cart", list[int]).initial() is None


def test_an_attribute_is_a_kind_only_where_there_is_state() -> None:
    """On the class it is the kind; on what is no handler of Tornado's it is just a value."""
    kind = Kind("cart", str)

    class Handler(RequestHandler):
        cart = kind

    class Page:
        cart = kind

    assert Handler.cart is kind
    assert Page().cart is kind


def test_an_older_value_is_brought_up_step_by_step() -> None:
    """Each migration makes the next shape of the last one's, until it is today's."""
    kind = Kind(
        "cart",
        dict[str, int],
        version=3,
        migrations={1: lambda value: {"b": value["a"]}, 2: lambda value: value | {"c": 3}},
    )
    assert kind.brought_up(b'{"a":1}', 1) == b'{"b":1,"c":3}'
    assert kind.brought_up(b'{"b":1}', 2) == b'{"b":1,"c":3}'
    assert kind.record_name == "cart@3"


def test_where_a_step_is_missing_nothing_is_guessed() -> None:
    """There is no way up from there; what a step makes must be a value."""
    kind = Kind("cart", dict[str, int], version=3, migrations={2: lambda value: "text"})
    assert kind.brought_up(b'{"a":1}', 1) is None
    with pytest.raises(InvalidValue):
        kind.brought_up(b'{"a":1}', 2)


@pytest.mark.parametrize(
    ("type_", "identity", "value", "person"),
    [
        (str, True, "ada", "ada"),
        (int, True, 7, "7"),
        (User, "name", User("ada"), "ada"),
        (User, "number", User("ada", 7), "7"),
        (dict[str, str], "id", {"id": "ada"}, "ada"),
        (User | None, "name", User("ada"), "ada"),
        (Account, "id", Account(3), "3"),
        (Account, "key", Account(3), "no. 3"),
        (UUID, "hex", UUID(int=7), f"{7:032x}"),
        (Account, True, Account(3), '{"id":3}'),
        (set[str], True, {"a", "b"}, '["a","b"]'),
    ],
)
def test_who_is_signed_in_is_named_by_the_value_or_a_field_of_it(
    type_: Any, identity: Any, value: Any, person: str
) -> None:
    """As text, whatever it is."""
    assert Kind("user", type_, identity=identity).person(value) == person


@pytest.mark.parametrize(
    ("type_", "identity", "value"),
    [
        (str, True, ""),
        (bool, True, True),
        (Any, True, None),
        (dict[str, str], "id", {"ID": "ada"}),
        (dict[str, str], "id", {"id": ""}),
        (Any, "id", 5),
        (bytes, True, b""),
        (dict[str, str], True, {}),
        (list[str], True, []),
        (tuple[str, ...], True, ()),
    ],
)
def test_a_value_that_names_nobody_is_refused(type_: Any, identity: Any, value: Any) -> None:
    """A field that is not there, and what is no name."""
    with pytest.raises(InvalidValue, match=r"^user: it "):
        Kind("user", type_, identity=identity).person(value)


@pytest.mark.parametrize(
    ("type_", "identity"),
    [(User, "email"), (str, "id"), (list[str], "0"), (Row, "id"), (Number, "id")],
)
def test_an_identity_that_no_value_can_have_is_refused(type_: Any, identity: str) -> None:
    """When the kind is made, and not at the first sign-in."""
    with pytest.raises(CompositionError, match=f"^user: values of .* have no field '{identity}'$"):
        Kind("user", type_, identity=identity)

"""Kinds and their needs."""

from __future__ import annotations

import pytest
from tornado_state import Kind, Needs


@pytest.mark.parametrize("name", ["", "A", "1st", "a-b", "a.b", "a b", "a" * 33, "naïve", "a\n"])
def test_a_kind_of_another_shape_of_name_is_refused(name: str) -> None:
    """A kind's name stands in cookie names and records, so only plain ones are taken."""
    with pytest.raises(ValueError, match="a kind's name is"):
        Kind(name, Needs())


@pytest.mark.parametrize("name", ["a", "a" * 32, "cart_2"])
def test_a_plain_name_is_taken(name: str) -> None:
    """1 to 32 characters of a-z, 0-9 and _ are a name."""
    assert Kind(name, Needs()).name == name


def test_a_size_below_one_byte_is_refused() -> None:
    """No JSON is shorter than a byte."""
    with pytest.raises(ValueError, match="at least 1, not 0"):
        Needs(size=0)


def test_two_declarations_are_two_kinds() -> None:
    """A kind is told by its declaration, never by its name."""
    assert Kind("cart", Needs()) != Kind("cart", Needs())

"""Pickles of plain data say what they say; nothing of any other is executed."""

from __future__ import annotations

import datetime
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado_state.predecessors.plain_pickle import read_plain

ATOMS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
)
KEYS = st.text() | st.integers() | st.tuples(st.text(), st.integers())
PLAIN = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(KEYS, inner)
        | st.tuples(inner, inner, inner, inner)
        | st.tuples(inner)
        | st.tuples(inner, inner)
        | st.sets(KEYS)
        | st.frozensets(KEYS)
    ),
    max_leaves=12,
)


def apart(value: Any) -> Any:
    """Return an equal value no part of which is in two places."""
    match value:
        case list():
            return [apart(each) for each in value]
        case tuple():
            return tuple(apart(each) for each in value)
        case dict():
            return {apart(key): apart(each) for key, each in value.items()}
        case set() | frozenset():
            return type(value)(apart(each) for each in value)
    return value


@given(PLAIN, st.integers(4, pickle.HIGHEST_PROTOCOL))
def test_plain_data_comes_back(value: Any, protocol: int) -> None:
    """As `pickle` would read it, of every protocol that Python 3 writes by itself."""
    pickled = pickle.dumps(apart(value), protocol)
    assert read_plain(pickled) == value


@pytest.mark.parametrize("protocol", [0, 1, 2, 3])
def test_older_protocols_are_read(protocol: int) -> None:
    """What an older Python wrote of what JSON has."""
    value = {"user": "ann", "cart": [1, 2.5, None, True, False, ("a", ())], "id": 10**20}
    assert read_plain(pickle.dumps(value, protocol)) == value


class Calls:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was executed",))


SHARED: list[Any] = ["x"]
CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    "pickled",
    [
        pickle.dumps(Calls()),
        pickle.dumps({"user": Calls()}, 0),
        pickle.dumps(datetime.date(2026, 1, 1)),
        pickle.dumps([SHARED, SHARED]),
        pickle.dumps(CYCLE),
        b"cos\nsystem\n(S'true'\ntR.",
        b"(lp0\n0.",
        b"\x80\x04.",
        b"]]a",
        b"a.",
        b"e.",
        b"}]s.",
        b"}(]]u.",
        b"N(e.",
        b"g7\n.",
        b"I1\nI2\n.",
        b"\x8a\x05.",
        b"",
        b"\xff",
    ],
)
def test_anything_else_is_refused(pickled: bytes) -> None:
    """With a `ValueError`, whatever it is."""
    with pytest.raises(ValueError, match=r"\w"):
        read_plain(pickled)


@given(st.binary())
def test_junk_is_refused_or_plain(junk: bytes) -> None:
    """No other error than that."""
    try:
        read_plain(junk)
    except ValueError:
        return

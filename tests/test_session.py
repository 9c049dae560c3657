"""A session as one request sees it: its status, and how two versions merge."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado_state import Conflict, InvalidValue
from tornado_state.kinds import KindRules
from tornado_state.sessions.sealing import encode
from tornado_state.sessions.session import Session, Status, StoredSession, merge


def stored(data: dict[str, Any]) -> StoredSession:
    return StoredSession("id", "key", 1_700_000_000, encode(data), b"1")


def loaded(**data: Any) -> Session:
    return Session(stored(data))


def test_nothing_assigned_is_absent() -> None:
    """Without a record, looking at a session and taking back what was assigned leave nothing."""
    session = Session()
    assert session.get("a") is None
    assert session.status is Status.ABSENT
    session["a"] = 1
    assert session.status is Status.NEW
    del session["a"]
    assert session.status is Status.ABSENT


def test_reading_changes_nothing() -> None:
    """A loaded session stays unchanged, looked at or not."""
    session = loaded(a={"b": [1]})
    assert session.status is Status.UNCHANGED
    assert session["a"] == {"b": [1]}
    assert (len(session), list(session)) == (1, ["a"])
    assert session.status is Status.UNCHANGED


def test_an_assignment_that_changes_nothing_is_no_change() -> None:
    """What counts is the data, not that something was assigned."""
    session = loaded(a=1)
    session["a"] = 1
    assert session.status is Status.UNCHANGED


@pytest.mark.parametrize("value", [1.0, True, "1", [1], None, 2])
def test_another_type_is_a_change(value: object) -> None:
    """1, 1.0 and true are different values, though Python calls them equal."""
    session = loaded(a=1)
    session["a"] = value
    assert session.status is Status.CHANGED


def test_a_nested_change_is_seen() -> None:
    """Changing something inside a value is a change."""
    session = loaded(a={"b": [1]})
    session["a"]["b"].append(2)
    assert session.status is Status.CHANGED
    assert session.encoded() == b'{"a":{"b":[1,2]}}'


def test_renewal_counts_whatever_the_data() -> None:
    """To continue under a new ID is to be renewed; the clock restarts if told."""
    session = loaded(a=1)
    session.renew_id(restart_clock=True)
    session.renew_id()
    assert session.status is Status.RENEWED
    assert session.restart_clock
    assert not session.replaces


def test_renewing_nothing_is_nothing() -> None:
    """Without a record there is no ID to renew."""
    session = Session()
    session.renew_id()
    assert session.status is Status.ABSENT


def test_destroying_ends_what_was_loaded() -> None:
    """A destroyed session is empty and to be deleted; destroying wins over renewing."""
    session = loaded(a=1)
    session.renew_id()
    session.destroy()
    assert session.status is Status.DESTROYED
    assert dict(session) == {}


def test_what_is_assigned_after_destroying_begins_another() -> None:
    """It owes nothing to the one destroyed."""
    session = loaded(a=1)
    session.destroy()
    session["b"] = 2
    assert session.status is Status.RENEWED
    assert session.replaces
    assert session.encoded() == b'{"b":2}'


def test_destroying_what_has_ended_lets_go_of_it() -> None:
    """Its cookie is to be cleared; not where it goes on under another ID."""
    ended, renewed = Session(ended=True), Session(ended=True, renewed=True)
    assert ended.status is renewed.status is Status.ABSENT
    for session in (ended, renewed):
        session.destroy()
    assert (ended.status, renewed.status) == (Status.DESTROYED, Status.ABSENT)
    ended["a"] = 1
    assert ended.status is Status.NEW


def test_destroying_nothing_is_nothing() -> None:
    """Without a record there is nothing to delete."""
    session = Session()
    session["a"] = 1
    session.destroy()
    assert session.status is Status.ABSENT


def test_settling_starts_over() -> None:
    """After a write, the session is what the store has."""
    session = loaded(a=1)
    session["a"] = 2
    session.renew_id(restart_clock=True)
    session.settle(stored({"a": 3}))
    assert session.status is Status.UNCHANGED
    assert not session.restart_clock
    assert session["a"] == 3


def test_rebasing_carries_changes_over() -> None:
    """What this request changed is made anew on the version that another stored."""
    session = loaded(a=1, b=1)
    session["a"] = 2
    session.rebase(stored({"a": 1, "b": 5}), KindRules())
    assert dict(session) == {"a": 2, "b": 5}
    assert session.status is Status.CHANGED


def test_what_json_cannot_carry_is_refused_by_name() -> None:
    """The refusal names the key at fault."""
    session = loaded(a=1)
    session["b"] = {1, 2}
    with pytest.raises(InvalidValue, match="the value of b cannot be kept"):
        session.encoded()


def test_a_key_that_is_not_text_is_refused() -> None:
    """Only text names a value."""
    session = Session()
    session[1] = "a"  # type: ignore[index]
    with pytest.raises(InvalidValue, match="the value of 1 cannot be kept"):
        session.encoded()


KEYS = st.sampled_from("abcd")
VALUES = st.sampled_from([None, 0, 1, 1.0, True, "x", [], [1], {"n": 1}])
DATA = st.dictionaries(KEYS, VALUES)


@given(DATA, DATA, DATA, st.sets(KEYS))
def test_a_merge_decides_each_key_by_itself(
    base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any], last_write: set[str]
) -> None:
    """A key changed on one side is taken from it; changed on both, its kind decides."""
    before = copy.deepcopy((base, mine, theirs))
    expected: dict[str, Any] = {}
    refused = []
    for key in sorted({*base, *mine, *theirs}):
        was, ours, there = (
            repr(data[key]) if key in data else None for data in (base, mine, theirs)
        )
        winner = theirs if ours == was else mine
        if winner is mine and there != was and key not in last_write:
            refused.append(key)
        if key in winner:
            expected[key] = winner[key]
    if refused:
        with pytest.raises(Conflict) as conflict:
            merge(base, mine, theirs, last_write)
        assert conflict.value.kinds == tuple(refused)
    else:
        merged = merge(base, mine, theirs, last_write)
        assert {key: repr(value) for key, value in merged.items()} == {
            key: repr(value) for key, value in expected.items()
        }
    assert (base, mine, theirs) == before


@given(DATA, DATA)
def test_a_merge_with_nobody_is_what_was_made(base: dict[str, Any], mine: dict[str, Any]) -> None:
    """Where the other side changed nothing, mine stands; where I changed nothing, theirs does."""
    assert merge(base, mine, base) == mine
    assert merge(base, base, mine) == mine


#: The same data in another spelling, which tells whether the text was compared.
SPELLED = stored({"a": 1, "b": [1]})._replace(data=b'{"a": 1, "b": [1]}')


def test_what_gives_no_hold_for_a_change_is_not_compared() -> None:
    """Who read text and numbers only, or what there is, can have changed nothing."""
    session = Session(SPELLED)
    assert (session["a"], session.get("c"), len(session), list(session)) == (1, None, 2, ["a", "b"])
    assert session.status is Status.UNCHANGED
    assert session["b"] == [1]
    assert session.status is Status.CHANGED


@pytest.mark.parametrize(
    "reach",
    [
        lambda session: session["b"],
        lambda session: session.get("b"),
        lambda session: session.setdefault("b", []),
        lambda session: next(iter(session.values())),
        lambda session: dict(session)["b"],
        lambda session: dict(session.items())["b"],
    ],
)
def test_a_nested_change_is_seen_however_the_value_was_reached(reach: Any) -> None:
    """Whatever can be changed from within is compared."""
    session = loaded(b=[1])
    reach(session).append(2)
    assert session.status is Status.CHANGED


def test_what_was_read_at_loading_is_not_read_again() -> None:
    """A session made of text and value takes the value; after a write it starts from the text."""
    value = {"b": [1]}
    session = Session(stored(value), value=value)
    assert session["b"] is value["b"]
    session["b"].append(2)
    assert session.status is Status.CHANGED
    assert session.base() == {"b": [1]}
    session.settle(session.stored)
    assert session["b"] == [1]

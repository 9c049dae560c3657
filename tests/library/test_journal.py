"""What a request asked for, held against what is confirmed: the journal's table and rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tornado_state import Conflict, InvalidValue, Kind, NotKnownHere, StaleValue, TooLarge
from tornado_state.confirmed import Confirmed
from tornado_state.journal import Journal

N = Kind("n", int, default=0)
LIST = Kind("list", list[int], default=[])
BARE = Kind("bare", list[int])
SETS = Kind("sets", set[str])
BARE_N = Kind("bare_n", int)
COUNT = Kind("count", int, concurrent=True)
LAST = Kind("last", int, on_conflict="last_write")
OLD = Kind("shape", list[int])
SHAPE = Kind("shape", list[int], default=[], version=2, migrations={1: lambda value: [*value, 2]})
LOST = Kind("shape", list[int], default=[], version=3, migrations={2: lambda value: value})
SHORT = Kind("short", str, size=8)

Do = Callable[[Journal], Any]


def test_what_is_kept_is_read() -> None:
    """The value of a kind is the one that its text says, and the same one each time."""
    journal = Journal(Confirmed({"list": b"[1]"}))
    assert journal.read(LIST) == [1]
    assert journal.read(LIST) is journal.read(LIST)
    assert journal.has(LIST)
    assert journal.changes() == {}


@pytest.mark.parametrize(
    ("do", "changes"),
    [
        (lambda j: j.read(N), {}),
        (lambda j: j.read(LIST).append(2), {LIST: b"[1,2]"}),
        (lambda j: j.read(BARE, []), {}),
        (lambda j: j.read(BARE, []).append(1), {BARE: b"[1]"}),
        (lambda j: j.assign(N, 1), {}),
        (lambda j: j.assign(N, 2), {N: b"2"}),
        (lambda j: j.assign(BARE, []), {BARE: b"[]"}),
        (lambda j: j.assign(LIST, [1]), {}),
        (lambda j: j.drop(N), {N: None}),
        (lambda j: j.drop(BARE), {}),
        (lambda j: (j.drop(LIST), j.read(LIST)), {LIST: None}),
        (lambda j: (j.drop(LIST), j.read(LIST).append(3)), {LIST: b"[3]"}),
        (lambda j: (j.assign(N, 2), j.assign(N, 1)), {}),
        (lambda j: (j.assign(BARE, [1]), j.read(BARE).append(2)), {BARE: b"[1,2]"}),
        (lambda j: (j.drop(N), j.assign(N, 1)), {}),
    ],
)
def test_what_counts_as_changed(do: Do, changes: dict[Kind[Any], bytes | None]) -> None:
    """Live is compared with what is confirmed, whatever was done to get there."""
    journal = Journal(Confirmed({"n": b"1", "list": b"[1]"}))
    do(journal)
    assert journal.changes() == changes


def test_sets_are_the_same_in_any_order() -> None:
    """They have none, so none of theirs is a change."""
    journal = Journal(Confirmed({"sets": b'["b","a"]'}))
    assert journal.read(SETS) == {"a", "b"}
    journal.assign(SETS, {"a", "b"})
    assert journal.changes() == {}


@pytest.mark.parametrize(
    ("do", "has"),
    [
        (lambda j: None, False),
        (lambda j: j.read(LIST), False),
        (lambda j: j.read(LIST).append(1), True),
        (lambda j: j.assign(LIST, []), True),
        (lambda j: j.drop(LIST), False),
    ],
)
def test_a_default_is_no_value_until_it_is_changed(do: Do, has: bool) -> None:
    """Reading what is not there does not make it be there."""
    journal = Journal()
    do(journal)
    assert journal.has(LIST) is has
    assert (journal.text(LIST) is not None) is has


def test_a_default_that_was_handed_out_is_handed_out_again() -> None:
    """So that what is changed in one is seen in the other, however it was asked for."""
    journal = Journal()
    assert journal.read(LIST) is journal.read(LIST)
    assert journal.read(LIST, []) is journal.read(LIST)
    journal.read(LIST).append(1)
    assert journal.read(LIST, [5]) == [1]


def test_another_default_takes_the_place_of_one_that_is_unchanged() -> None:
    """Whoever asks for a default of their own gets that one, None above all."""
    journal = Journal()
    first = journal.read(LIST)
    assert journal.read(LIST, None) is None
    assert journal.read(LIST, [7]) == [7]
    assert journal.changes() == {}
    first.append(1)
    with pytest.raises(StaleValue, match="list"):
        journal.changes()


@pytest.mark.parametrize("default", ["text", {1}, [b"bytes"]])
def test_a_default_that_is_no_value_of_the_kind_is_given_back_as_it_is(default: Any) -> None:
    """It is the reader's own affair; what is changed inside it cannot be kept."""
    journal = Journal()
    assert journal.read(LIST, default) is default
    assert journal.changes() == {}


def test_a_value_of_another_shape_is_refused_when_it_is_assigned() -> None:
    """And when it was changed from within into one, or into one too large."""
    journal = Journal(Confirmed({"list": b"[1]", "n": b'"text"'}))
    for assign in (lambda: journal.assign(LIST, ["x"]), lambda: journal.assign(SHORT, "123456789")):
        with pytest.raises((InvalidValue, TooLarge)):
            assign()
    with pytest.raises(InvalidValue, match="n"):
        journal.read(N)
    journal.read(LIST).append("x")
    with pytest.raises(InvalidValue, match=r"list\[1\]"):
        journal.changes()


def test_a_value_that_became_none_of_its_kind_from_within_is_refused() -> None:
    """It counts as changed, and whoever asks for the change is told what is wrong with it."""
    journal = Journal(Confirmed({"list": b"[1]"}))
    journal.read(LIST).append(object())
    assert journal.may_have_changed()
    with pytest.raises(InvalidValue, match="list"):
        journal.changes()


def test_what_is_no_value_of_the_kind_may_be_replaced() -> None:
    """Junk under the kind's name is like nothing: assigning replaces it, dropping removes it."""
    journal = Journal(Confirmed({"n": b'"text"', "list": b"{}"}))
    journal.assign(N, 1)
    journal.drop(LIST)
    assert journal.changes() == {N: b"1", LIST: None}


def test_a_confirmation_changes_the_base_and_nothing_else() -> None:
    """What came in hand meanwhile stays in hand, and counts."""
    journal = Journal()
    journal.assign(N, 1)
    journal.read(LIST).append(1)
    confirmed = journal.with_changes(journal.changes())
    journal.assign(N, 2)
    journal.read(LIST).append(2)
    journal.confirm(confirmed)
    assert journal.changes() == {N: b"2", LIST: b"[1,2]"}
    journal.confirm(journal.with_changes(journal.changes()))
    assert journal.changes() == {}


def test_a_changed_default_that_is_as_it_was_again_is_no_value_any_more() -> None:
    """What was stored of it meanwhile is dropped."""
    journal = Journal()
    journal.read(LIST).append(1)
    journal.confirm(journal.with_changes(journal.changes()))
    journal.read(LIST).clear()
    assert not journal.has(LIST)
    assert journal.changes() == {LIST: None}


def test_a_drop_that_came_meanwhile_stays_one() -> None:
    """Though the value is stored by now, and a default was handed out in its place."""
    journal = Journal()
    journal.assign(LIST, [1])
    confirmed = journal.with_changes(journal.changes())
    journal.drop(LIST)
    assert journal.read(LIST) == []
    journal.confirm(confirmed)
    assert journal.changes() == {LIST: None}


def test_learning_adds_to_what_is_confirmed() -> None:
    """Each cookie is read when its kind is first used."""
    journal = Journal(Confirmed({"n": b"1"}))
    journal.learn({"list": b"[1]"})
    assert (journal.read(N), journal.read(LIST)) == (1, [1])
    assert journal.base == {"n": b"1", "list": b"[1]"}


# Under conflict


def test_what_others_stored_is_taken_for_what_did_not_change_here() -> None:
    """Read or not, dropped there or new."""
    journal = Journal(Confirmed({"n": b"1", "list": b"[1]"}))
    journal.read(N)
    journal.read(BARE, [])
    journal.assign(LAST, 1)
    journal.rebase({"n": b"2", "bare": b"[3]"})
    assert (journal.read(N), journal.read(BARE), journal.has(LIST)) == (2, [3], False)
    assert journal.changes() == {LAST: b"1"}


@pytest.mark.parametrize(
    ("kind", "mine", "theirs", "refused"),
    [
        (N, 2, b"3", True),
        (N, 2, b"2", False),
        (N, 2, b"1", False),
        (N, 2, None, True),
        (N, None, b"3", True),
        (N, None, None, False),
        (COUNT, 2, b"2", True),
        (COUNT, None, None, False),
        (BARE_N, 2, None, True),
        (BARE_N, None, b"3", True),
        (BARE_N, None, None, False),
        (LAST, 2, b"3", False),
        (LAST, None, b"3", False),
    ],
)
def test_a_kind_that_both_changed_follows_its_rule(
    kind: Kind[Any], mine: int | None, theirs: bytes | None, refused: bool
) -> None:
    """The same said twice is no conflict, but for a kind in which each may have counted."""
    journal = Journal(Confirmed({kind.name: b"1"}))
    if mine is None:
        journal.drop(kind)
    else:
        journal.assign(kind, mine)
    texts = {} if theirs is None else {kind.name: theirs}
    if refused:
        with pytest.raises(Conflict) as conflict:
            journal.rebase(texts)
        assert conflict.value.kinds == (kind.name,)
    else:
        journal.rebase(texts)
        assert journal.text(kind) == (None if mine is None else b"%d" % mine)


def test_a_conflict_names_every_kind() -> None:
    """In order."""
    journal = Journal()
    for kind in (N, COUNT):
        journal.assign(kind, 1)
    with pytest.raises(Conflict) as conflict:
        journal.rebase({"n": b"2", "count": b"2"})
    assert conflict.value.kinds == ("count", "n")


# What was in hand before


@pytest.mark.parametrize(
    "moved_on",
    [
        lambda j: j.rebase({"list": b"[9]"}),
        lambda j: j.reread({"list": b"[9]"}),
        lambda j: j.confirm_value(LIST, b"[1]", b"[9]"),
        lambda j: j.start_over(()),
    ],
    ids=["rebase", "reread", "update", "sign in"],
)
def test_a_change_inside_a_value_whose_place_was_taken_is_an_error(moved_on: Do) -> None:
    """It would be lost; as long as nothing is changed, nothing is."""
    journal = Journal(Confirmed({"list": b"[1]", "n": b"1"}))
    value = journal.read(LIST)
    moved_on(journal)
    journal.changes()
    value.append(2)
    with pytest.raises(StaleValue, match="list"):
        journal.changes()
    value.pop()
    journal.changes()
    value.append("no int")
    with pytest.raises(StaleValue):
        journal.changes()
    journal.forget()
    journal.changes()


def test_a_value_that_an_update_made_is_in_hand() -> None:
    """Unless another was assigned meanwhile; that one counts as a change."""
    journal = Journal(Confirmed({"n": b"1"}))
    journal.confirm({"n": b"2"})
    journal.confirm_value(N, b"1", b"2")
    assert (journal.read(N), journal.changes()) == (2, {})
    journal.assign(N, 7)
    journal.confirm({"n": b"3"})
    journal.confirm_value(N, b"2", b"3")
    assert (journal.read(N), journal.changes()) == (7, {N: b"7"})


def test_starting_over_keeps_what_is_inherited_and_what_was_assigned_here() -> None:
    """A default that was changed inside is assigned as well."""
    journal = Journal(Confirmed({"n": b"1", "list": b"[1]", "last": b"1"}))
    journal.read(LIST)
    journal.assign(LAST, 2)
    journal.read(BARE, []).append(4)
    journal.start_over({"list"})
    assert journal.base == {"list": b"[1]"}
    assert (journal.has(N), journal.read(LIST)) == (False, [1])
    assert journal.changes() == {LAST: b"2", BARE: b"[4]"}


def test_starting_over_after_a_change_inside_was_confirmed_watches_what_is_confirmed() -> None:
    """What is kept of the value is what it was when it was let go of."""
    journal = Journal(Confirmed({"list": b"[1]"}))
    value = journal.read(LIST)
    value.append(2)
    journal.confirm(journal.with_changes(journal.changes()))
    journal.start_over(())
    assert journal.changes() == {}
    value.append(3)
    with pytest.raises(StaleValue):
        journal.changes()


def test_starting_over_takes_along_what_an_update_made() -> None:
    """It was asked for by this request, like what it assigned."""
    journal = Journal()
    journal.confirm_value(LIST, None, b"[1]")
    journal.start_over(())
    assert journal.changes() == {LIST: b"[1]"}


# Versions


def test_an_older_value_is_brought_up_when_it_is_read() -> None:
    """It is not written for that alone, and in today's version only once it changed."""
    journal = Journal(Confirmed({"shape": b"[1]"}))
    assert journal.has(SHAPE)
    assert journal.read(SHAPE) == [1, 2]
    assert journal.changes() == {}
    journal.read(SHAPE).append(3)
    assert journal.changes() == {SHAPE: b"[1,2,3]"}
    assert journal.with_changes(journal.changes()) == {"shape@2": b"[1,2,3]"}


def test_dropping_drops_the_value_of_whatever_version() -> None:
    """An older one, and one that nothing leads up from."""
    for name, kind in (("shape", SHAPE), ("shape@2", SHAPE), ("shape", LOST)):
        journal = Journal(Confirmed({name: b"[1]", "n": b"1"}))
        journal.drop(kind)
        assert journal.changes() == {kind: None}
        assert journal.with_changes(journal.changes()) == {"n": b"1"}


def test_a_value_that_nothing_leads_up_from_is_absent() -> None:
    """The default is read in its place, and it stays until another is assigned."""
    journal = Journal(Confirmed({"shape": b"[1]"}))
    assert not journal.has(LOST)
    assert journal.read(LOST) == []
    assert journal.changes() == {}
    journal.read(LOST).append(1)
    assert journal.with_changes(journal.changes()) == {"shape@3": b"[1]"}


@pytest.mark.parametrize(
    "use",
    [
        lambda j: j.read(OLD),
        lambda j: j.has(OLD),
        lambda j: j.assign(OLD, [1]),
        lambda j: j.drop(OLD),
        lambda j: j.text(OLD),
    ],
    ids=["read", "has", "assign", "drop", "text"],
)
@pytest.mark.parametrize("name", ["shape@2", "shape@10"])
def test_a_newer_value_is_not_known_here(use: Do, name: str) -> None:
    """Nothing of it is read or replaced; another kind is none of its business."""
    journal = Journal(Confirmed({name: b"[1]", "n": b"1"}))
    with pytest.raises(NotKnownHere, match="shape was written by a newer release"):
        use(journal)
    journal.assign(N, 2)
    assert journal.with_changes(journal.changes()) == {name: b"[1]", "n": b"2"}


def test_a_version_that_is_none_counts_as_the_first() -> None:
    """Whatever stands under such a key, it is no newer release's."""
    journal = Journal(Confirmed({"shape@x": b"[1]", "shape@²": b"[2]"}))
    assert journal.read(SHAPE) in ([1, 2], [2, 2])


# After the answer has begun


def test_a_change_inside_is_told_late_when_the_answer_has_begun() -> None:
    """Once each: of what was told as a change before, and of what was handed out after."""
    journal = Journal(Confirmed({"list": b"[1]", "bare": b"[1]", "n": b"1"}))
    early = journal.read(LIST)
    journal.read(N)
    journal.changes()
    journal.sealed = True
    late = journal.read(BARE)
    default = journal.read(SHAPE)
    journal.read(LAST)
    assert journal.late_changes()[0] == []
    for value in (early, late, default):
        value.append(5)
    assert sorted(journal.late_changes()[0]) == ["bare", "list", "shape"]
    assert journal.late_changes()[0] == []


def test_what_was_kept_in_time_is_not_told_late() -> None:
    """A change before the answer began is a change like any other."""
    journal = Journal(Confirmed({"list": b"[1]"}))
    journal.read(LIST).append(2)
    assert journal.changes() == {LIST: b"[1,2]"}
    journal.sealed = True
    assert journal.late_changes()[0] == []

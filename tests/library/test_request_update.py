"""Updates through a request's state: exact in a session, applied once anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from state_app import (
    ADA,
    ALL,
    BASKET,
    LINES,
    PLACED,
    SEEN,
    WHO,
    Visitor,
    World,
    with_session,
)
from tornado_state import (
    SERVER_SESSION,
    SIGNED_COOKIE,
    InvalidValue,
    Kind,
    SessionEnded,
    StaleValue,
)

MARKS = Kind("marks", list[int], default=[], outlives_logout=True, inherited=True)
WITH_MARKS = {**PLACED, MARKS: SIGNED_COOKIE}
NOTE = Kind("note", list[str], outlives_logout=True, inherited=True)
KEPT_NOTE = Kind("note", list[str], fresh=True)
everywhere = pytest.mark.parametrize("kind", [MARKS, LINES], ids=["cookie", "session"])


def longer(value: list[int]) -> list[int]:
    return [*value, len(value)]


@everywhere
async def test_an_update_returns_what_now_stands(kind: Kind[list[int]]) -> None:
    """In either tier, with a session and without, the function is applied once."""
    visitor = Visitor(World(WITH_MARKS))
    for number in (1, 2, 3):
        state = await visitor.state(kind, *ALL)
        now = await state.update(kind, longer)
        assert now == list(range(number)) == state[kind]
        await visitor.answer(state)
    assert kind.initial() == []


async def test_an_update_keeps_what_was_assigned_before() -> None:
    """What the request assigned before the update is written with it."""
    visitor = await with_session(basket=1, seen=1)
    state = await visitor.state(*ALL)
    state[SEEN] = 2
    state.renew_id()
    await state.update(BASKET, lambda number: number + 1)
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 2, "seen": 2}


async def test_an_update_after_ending_begins_another_session() -> None:
    """As an assignment would."""
    visitor = await with_session(basket=5)
    state = await visitor.state(*ALL)
    state.destroy()
    assert await state.update(BASKET, lambda number: number + 1) == 1
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 1}


async def test_an_update_of_an_ended_session_is_refused() -> None:
    """It stays ended."""
    visitor = await with_session(basket=5)
    state = await visitor.state(BASKET)
    await visitor.world.store.evict()
    with pytest.raises(SessionEnded):
        await state.update(BASKET, lambda number: number + 1)


async def test_parallel_updates_of_requests_are_exact() -> None:
    """Each of the requests in flight counts once."""
    visitor = await with_session(basket=1)
    states = [await visitor.state(BASKET) for _ in range(10)]
    for state in states:
        await state.update(BASKET, lambda number: number + 1)
        await state.commit()
    assert await visitor.data() == {"basket": 11}


@everywhere
async def test_a_value_held_from_before_an_update_must_not_be_changed(
    kind: Kind[list[int]],
) -> None:
    """The change would be lost: the update was of a copy, and another value stands by now."""
    visitor = Visitor(World(WITH_MARKS))
    state = await visitor.state(kind)
    state[kind] = [1]
    await visitor.answer(state)
    state = await visitor.state(kind)
    held = state[kind]
    assert await state.update(kind, longer) == [1, 1]
    assert held == [1]
    held.append(5)
    with pytest.raises(StaleValue, match=kind.name):
        await state.commit()


@everywhere
async def test_an_update_that_makes_no_value_of_the_kind_is_refused(kind: Kind[Any]) -> None:
    """Nothing is stored."""
    visitor = Visitor(World(WITH_MARKS))
    state = await visitor.state(kind)
    with pytest.raises(InvalidValue, match=kind.name):
        await state.update(kind, lambda value: [*value, "x"])
    assert await visitor.answer(state) == []


async def test_an_update_of_who_is_signed_in_may_say_more_of_the_same_person() -> None:
    """The name stays; what else the value says is the application's."""
    visitor = await with_session(who=ADA)
    state = await visitor.state(WHO)
    await state.update(WHO, lambda who: {**(who or {}), "email": "ada@post.example"})
    await visitor.answer(state)
    assert (await visitor.data())["who"] == {"id": "ada", "email": "ada@post.example"}


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("kind", [NOTE, KEPT_NOTE], ids=["cookie", "session"])
async def test_an_update_to_nothing_drops_the_value(kind: Kind[Any], stored: bool) -> None:
    """In either tier, as an assignment of None does; and again where there is none."""
    tier = SIGNED_COOKIE if kind is NOTE else SERVER_SESSION
    visitor = Visitor(World({**PLACED, kind: tier}))
    if stored:
        state = await visitor.state(kind, *ALL)
        state[kind] = ["a"]
        await visitor.answer(state)
    for _ in range(2):
        state = await visitor.state(kind, *ALL)
        assert await state.update(kind, lambda value: None) is None
        assert kind not in state
        await visitor.answer(state)
        assert kind not in await visitor.state(kind, *ALL)


@everywhere
@pytest.mark.parametrize("stored", [False, True])
async def test_a_function_that_only_changes_its_argument_is_refused(
    kind: Kind[list[int]], stored: bool
) -> None:
    """It returns nothing, which would be taken for none; the value stands."""
    visitor = Visitor(World(WITH_MARKS))
    if stored:
        state = await visitor.state(kind, *ALL)
        state[kind] = [1]
        await visitor.answer(state)
    state = await visitor.state(kind, *ALL)
    with pytest.raises(InvalidValue, match="returns the value to keep, not only changes it"):
        await state.update(kind, lambda value: value.append(2))  # type: ignore[func-returns-value,arg-type,return-value]
    assert state[kind] == ([1] if stored else [])

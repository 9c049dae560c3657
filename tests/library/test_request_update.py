"""Updates through a request's state: exact in a session, applied once anywhere."""

from __future__ import annotations

import pytest
from state_app import (
    BASKET,
    SEEN,
    THEME,
    WHO,
    Visitor,
    World,
    with_session,
)
from tornado_state import (
    Kind,
)

ADA = {"id": "ada"}
ALL = (THEME, BASKET, SEEN, WHO)


@pytest.mark.parametrize("kind", [THEME, BASKET])
async def test_an_update_returns_what_now_stands(kind: Kind) -> None:
    """In either tier, with a session and without, the function is applied once."""
    visitor = Visitor(World())
    initial: list[int] = []
    for number in (1, 2, 3):
        state = await visitor.state(*ALL)
        now = await state.update(kind, lambda value: [*value, len(value)], initial)
        assert now == list(range(number)) == state[kind]
        await visitor.answer(state)
    assert initial == []


async def test_an_update_keeps_what_was_assigned_before() -> None:
    """What the request assigned before the update is written with it."""
    visitor = await with_session(basket=1, seen=0)
    state = await visitor.state(*ALL)
    state[SEEN] = 1
    state.renew_id()
    await state.update(BASKET, lambda number: number + 1)
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 2, "seen": 1}


async def test_an_update_after_ending_begins_another_session() -> None:
    """As an assignment would."""
    visitor = await with_session(basket=5)
    state = await visitor.state(*ALL)
    state.destroy()
    assert await state.update(BASKET, lambda number: number + 1, 0) == 1
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 1}


async def test_parallel_updates_of_requests_are_exact() -> None:
    """Each of the requests in flight counts once."""
    visitor = await with_session(basket=0)
    states = [await visitor.state(BASKET) for _ in range(10)]
    for state in states:
        await state.update(BASKET, lambda number: number + 1)
        await state.commit()
    assert await visitor.data() == {"basket": 10}

"""How much a session holds, and that a full one keeps nobody from signing in."""

from __future__ import annotations

import pytest
from state_app import LINES, WHO, Visitor, with_session
from tornado_state import TooLarge

CAPACITY = 65_536
#: Ones and commas: ``[1,1,…]``, with the name in quotes and a colon.
FULL = [1] * ((CAPACITY - len('{"lines":[]}') + 1) // 2)
NOTED = {"id": "ada", "note": "x" * 900}


async def sign_in(visitor: Visitor, who: object = NOTED) -> None:
    state = await visitor.state(WHO)
    state.sign_in(who)
    await visitor.answer(state)


async def full(*, signed_in: bool = True) -> Visitor:
    visitor = await with_session(lines=FULL)
    if signed_in:
        await sign_in(visitor)
    return visitor


async def size(visitor: Visitor) -> int:
    stored = (await visitor.session()).stored
    assert stored is not None
    return stored.size


async def test_a_full_session_keeps_nobody_from_signing_in() -> None:
    """Who is signed in finds room beside what filled the session before."""
    visitor = await full()
    assert await visitor.data() == {"lines": FULL, "who": NOTED}
    assert await size(visitor) > CAPACITY
    await sign_in(visitor, {"id": "bob"})
    assert await visitor.data() == {"lines": FULL, "who": {"id": "bob"}}


async def test_a_sign_in_finds_the_room_its_kind_declares_and_no_more() -> None:
    """1,024 bytes of JSON fit beside a full session; one more is refused, and nothing changes."""
    visitor = await full(signed_in=False)
    fits = {"id": "x" * (1_024 - len('{"id":""}'))}
    with pytest.raises(TooLarge):
        await sign_in(visitor, {"id": fits["id"] + "x"})
    assert await visitor.data() == {"lines": FULL}
    await sign_in(visitor, fits)
    assert await visitor.data() == {"lines": FULL, "who": fits}


async def test_a_sign_in_after_the_session_ended_finds_the_same_room() -> None:
    """Its change is its own, whatever became of the session it began in."""
    visitor = await full(signed_in=False)
    state = await visitor.state(WHO)
    await visitor.world.store.evict()
    state.sign_in(NOTED)
    await visitor.answer(state)
    assert await visitor.data() == {"lines": FULL, "who": NOTED}


async def test_what_a_sign_in_has_overfilled_can_shrink_and_not_grow() -> None:
    """A smaller session is taken though it is still too large, a larger one is not."""
    visitor = await full()
    with pytest.raises(TooLarge):
        await visitor.assign(lines=[*FULL, 1])
    await visitor.assign(lines=FULL[1:])
    state = await visitor.state(LINES)
    await state.update(LINES, lambda lines: lines[1:])
    await visitor.answer(state)
    assert await size(visitor) > CAPACITY
    assert (await visitor.data())["lines"] == FULL[2:]
    with pytest.raises(TooLarge):
        await visitor.assign(lines=FULL[1:])


async def test_what_a_sign_in_has_overfilled_can_be_renewed() -> None:
    """A change of password, say, needs no room that was not taken before."""
    visitor = await full()
    state = await visitor.state(WHO)
    state.renew_id()
    await visitor.answer(state)
    assert await visitor.data() == {"lines": FULL, "who": NOTED}

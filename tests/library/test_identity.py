"""Who is signed in: set by signing in, and by nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from state_app import (
    ADA,
    ALL,
    BASKET,
    EVE,
    NOTES,
    PLACED,
    STEP,
    THEME,
    WHO,
    Visitor,
    World,
    with_session,
)
from tornado_state import (
    SERVER_SESSION,
    SIGNED_COOKIE,
    IdentityAssigned,
    InvalidValue,
    Kind,
    RequestState,
    UndeclaredKind,
)

#: The person is named by the session, or by a cookie of their own.
IN_COOKIE = {**PLACED, WHO: SIGNED_COOKIE, NOTES: SIGNED_COOKIE}
everywhere = pytest.mark.parametrize("placed", [PLACED, IN_COOKIE], ids=["session", "cookie"])
#: An identity whose shape has changed, and one that is never nobody.
OLD_WHO = Kind("who", dict[str, str], identity="id")
NEW_WHO = Kind("who", dict[str, str], identity="id", version=2, migrations={1: lambda who: who})
GUEST = Kind("guest", str, default="guest", identity=True)

Placed = dict[Kind[Any], Any]
Change = Callable[[RequestState], Awaitable[None]]


async def signed_in(placed: Placed) -> Visitor:
    visitor = Visitor(World(placed, allow_misplaced=True))
    state = await visitor.state(*ALL)
    state.sign_in(ADA)
    await visitor.answer(state)
    return visitor


async def assign(state: RequestState) -> None:
    state[WHO] = EVE


async def assign_the_same(state: RequestState) -> None:
    state[WHO] = ADA


async def drop(state: RequestState) -> None:
    del state[WHO]


async def pop(state: RequestState) -> None:
    state.pop(WHO)


async def assign_where_there_is_none(state: RequestState) -> None:
    state.destroy()
    state.setdefault(WHO, EVE)


async def update(state: RequestState) -> None:
    await state.update(WHO, lambda who: EVE)


async def update_to_nobody(state: RequestState) -> None:
    await state.update(WHO, lambda who: None)


async def change_within(state: RequestState) -> None:
    state[WHO]["id"] = "eve"  # type: ignore[index]
    await state.commit()


async def change_within_before_an_update(state: RequestState) -> None:
    state[WHO]["id"] = "eve"  # type: ignore[index]
    await state.update(BASKET, lambda number: number + 1)


async def change_a_default(state: RequestState) -> None:
    state.destroy()
    state.get(WHO, {})["id"] = "eve"  # type: ignore[index]
    await state.commit()


async def change_the_one_who_signs_in(state: RequestState) -> None:
    who = {"id": "bob"}
    state.sign_in(who)
    who["id"] = "eve"
    await state.commit()


async def change_after_a_sign_in_was_committed(state: RequestState) -> None:
    state.sign_in({"id": "bob"})
    await state.commit()
    state[WHO]["id"] = "ada"  # type: ignore[index]
    await state.commit()


async def change_with_cookies_only(state: RequestState) -> None:
    state[WHO]["id"] = "eve"  # type: ignore[index]
    state.commit_cookies()


@pytest.mark.parametrize(
    "change",
    [
        assign,
        assign_the_same,
        drop,
        pop,
        assign_where_there_is_none,
        update,
        update_to_nobody,
        change_within,
        change_within_before_an_update,
        change_a_default,
        change_the_one_who_signs_in,
        change_after_a_sign_in_was_committed,
        change_with_cookies_only,
    ],
)
@everywhere
async def test_only_a_sign_in_says_who_is_signed_in(placed: Placed, change: Change) -> None:
    """Anything else is refused, and nobody is signed in as somebody else by it."""
    visitor = await signed_in(placed)
    state = await visitor.state(*ALL)
    with pytest.raises(IdentityAssigned, match=r"set it with state\.sign_in"):
        await change(state)
    state.discard()
    visitor.take(*state.set_cookies())
    assert (await visitor.state(*ALL)).identity in (ADA, {"id": "bob"})


@everywhere
async def test_what_else_the_value_says_may_change_from_within(placed: Placed) -> None:
    """Of the same person."""
    visitor = await signed_in(placed)
    state = await visitor.state(*ALL)
    state[WHO]["email"] = "ada@post.example"  # type: ignore[index]
    await visitor.answer(state)
    assert (await visitor.state(*ALL)).identity == {"id": "ada", "email": "ada@post.example"}


@everywhere
async def test_a_sign_in_may_be_of_the_next_person_and_be_taken_back(placed: Placed) -> None:
    """The last one in a request counts; after a sign-out nobody is signed in."""
    visitor = await signed_in(placed)
    state = await visitor.state(*ALL)
    state.sign_in({"id": "bob"})
    await state.commit()
    state.sign_in(EVE)
    assert state.identity == EVE
    await visitor.answer(state)
    assert (await visitor.state(*ALL)).identity == EVE
    state = await visitor.state(*ALL)
    state.sign_in(ADA)
    state.destroy()
    await visitor.answer(state)
    assert (await visitor.state(*ALL)).identity is None


@pytest.mark.parametrize("value", [{}, {"id": ""}, {"ID": "ada"}, {"id": 7}, "ada", None])
async def test_a_sign_in_of_nobody_is_refused_at_the_call(value: Any) -> None:
    """And leaves everything as it was."""
    visitor = await with_session(basket=1)
    state = await visitor.state(*ALL)
    with pytest.raises(InvalidValue):
        state.sign_in(value)
    assert state.identity is None
    assert await visitor.answer(state) == []
    assert await visitor.data() == {"basket": 1}


async def test_where_nobody_can_sign_in_nobody_does() -> None:
    """Without an identity kind there is nothing to set."""
    state = await Visitor(World({THEME: SIGNED_COOKIE, STEP: SERVER_SESSION})).state(STEP)
    with pytest.raises(UndeclaredKind, match="an identity kind"):
        state.sign_in(ADA)
    assert state.identity is None


async def test_who_is_signed_in_is_the_same_person_in_another_version() -> None:
    """A value of an older shape is brought up, and may then say more of the same person."""
    old = Visitor(World({OLD_WHO: SERVER_SESSION}))
    state = await old.state(OLD_WHO)
    state.sign_in(ADA)
    await old.answer(state)
    new = Visitor(World({NEW_WHO: SERVER_SESSION}, store=old.world.store, clock=old.world.clock))
    new.cookies = old.cookies
    state = await new.state(NEW_WHO)
    state[NEW_WHO]["email"] = "ada@post.example"  # type: ignore[index]
    await new.answer(state)
    assert (await new.state(NEW_WHO)).identity == {"id": "ada", "email": "ada@post.example"}


async def test_an_identity_with_a_default_is_changed_by_a_sign_in_as_well() -> None:
    """Nobody is the default person by an assignment either."""
    visitor = Visitor(World({GUEST: SERVER_SESSION}))
    state = await visitor.state(GUEST)
    assert (state[GUEST], state.identity) == ("guest", None)
    assert await state.update(GUEST, lambda name: name) == "guest"
    with pytest.raises(IdentityAssigned):
        await state.update(GUEST, lambda name: "eve")
    state.sign_in("ada")
    await visitor.answer(state)
    assert (await visitor.state(GUEST)).identity == "ada"

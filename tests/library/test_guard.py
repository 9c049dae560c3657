"""What a handler may not do with kinds: use others than it names, or misplace them."""

from __future__ import annotations

import pytest
from state_app import (
    BASKET,
    NOTES,
    PLACED,
    SEEN,
    THEME,
    WHO,
    Visitor,
    World,
    with_session,
)
from tornado_state import (
    DATABASE,
    SIGNED_COOKIE,
    Kind,
    MisplacedKind,
    Needs,
    PlacementTable,
    StateTiers,
    UndeclaredKind,
)

ADA = {"id": "ada"}
ALL = (THEME, BASKET, SEEN, WHO)


async def test_a_kind_the_handler_does_not_name_is_refused() -> None:
    """Every use is, whether or not the application knows the kind."""
    state = await Visitor(World()).state(THEME)
    for kind in (BASKET, Kind("unknown", Needs())):
        with pytest.raises(UndeclaredKind, match="the kinds of this handler"):
            state.get(kind)
        with pytest.raises(UndeclaredKind):
            state[kind] = 1
        with pytest.raises(UndeclaredKind):
            del state[kind]
        with pytest.raises(UndeclaredKind):
            await state.update(kind, lambda value: value)
        with pytest.raises(UndeclaredKind):
            state.sign_in(kind, ADA)


async def test_a_handler_without_the_session_cannot_end_or_renew_it() -> None:
    """A session that was not loaded cannot be destroyed, so nobody is told that it was."""
    visitor = await with_session()
    state = await visitor.state(THEME)
    with pytest.raises(UndeclaredKind, match="session"):
        state.destroy()
    with pytest.raises(UndeclaredKind, match="session"):
        state.renew_id()
    assert visitor.operations == {}


async def test_a_kind_outside_the_placement_is_refused() -> None:
    """A handler cannot name what the application places nowhere."""
    with pytest.raises(UndeclaredKind, match="the application's placement"):
        await Visitor(World()).state(NOTES)


async def test_the_guard_refuses_at_assignment() -> None:
    """Whoever got around the guard at composition meets it when a value is assigned."""
    world = World({**PLACED, WHO: SIGNED_COOKIE}, allow_misplaced=True)
    state = await Visitor(world).state(WHO)
    state[WHO] = ADA
    state.placement._allow_misplaced = False
    with pytest.raises(MisplacedKind, match=r"unmet confidential, revocable.* the server session"):
        state[WHO] = ADA


def test_a_tier_that_is_not_there_is_refused() -> None:
    """A placement is refused when it names a tier that no request's state can use."""
    with pytest.raises(ValueError, match="basket is placed in the server session"):
        World(sessions=False)
    everywhere = Kind("everywhere", Needs(cross_device=True))
    table = PlacementTable({everywhere: DATABASE})
    world = World()
    with pytest.raises(ValueError, match="everywhere is placed in the database"):
        StateTiers(table, world.cookies, world.sessions)

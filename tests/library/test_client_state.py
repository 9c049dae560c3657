"""Kinds in signed cookies that are bound to the person signed in."""

from __future__ import annotations

from typing import Any

import pytest
from state_app import ADA, BASKET, EVE, NEW, NOTES, PLACED, SECRET, THEME, WHO, Visitor, World
from tornado_state import SIGNED_COOKIE, Kind, NotKnownHere, StoreUnavailable

DRAFT = Kind("draft", str)

#: The person is named by the session, or by a cookie of their own.
NAMED_THERE = {**PLACED, NOTES: SIGNED_COOKIE, DRAFT: SIGNED_COOKIE}
NAMED_HERE = dict.fromkeys((WHO, THEME, NOTES, DRAFT), SIGNED_COOKIE)
everywhere = pytest.mark.parametrize("placed", [NAMED_THERE, NAMED_HERE], ids=["session", "cookie"])
KINDS = (WHO, THEME, NOTES, DRAFT)
Placed = dict[Kind[Any], Any]


def visitor_of(placed: Placed) -> Visitor:
    options = {} if BASKET in placed else {"session_store": None}
    return Visitor(World(placed, allow_misplaced=True, **options))


async def assign(visitor: Visitor, **values: object) -> list[str]:
    """Assign in a request of its own; return the names of the cookies sent."""
    kinds = {kind.name: kind for kind in KINDS}
    state = await visitor.state(*KINDS)
    for name, value in values.items():
        state[kinds[name]] = value
    return [cookie.name for cookie in await visitor.answer(state)]


async def sign_in(visitor: Visitor, who: object, *reading: Kind[Any]) -> None:
    state = await visitor.state(*KINDS)
    for kind in reading:
        state[kind]
    state.sign_in(who)
    await visitor.answer(state)


async def read(visitor: Visitor, *kinds: Kind[Any]) -> list[object]:
    state = await visitor.state(*KINDS)
    return [state[kind] for kind in kinds]


@everywhere
async def test_promise_6_what_was_kept_for_one_person_is_refused_for_another(
    placed: Placed,
) -> None:
    """A cookie carried over from one person's browser to another's holds nothing there."""
    ada, eve = visitor_of(placed), visitor_of(placed)
    eve.world = ada.world
    await sign_in(ada, ADA)
    await sign_in(eve, EVE)
    await assign(ada, notes="ada's", theme="dark")
    stolen = ada.world.cookies.cookie_name(NOTES)
    eve.cookies[stolen] = ada.cookies[stolen]
    assert await read(ada, NOTES, THEME) == ["ada's", "dark"]
    assert await read(eve, NOTES) == [None]
    nobody = Visitor(ada.world, {stolen: ada.cookies[stolen]})
    assert await read(nobody, NOTES) == [None]


@everywhere
async def test_what_an_anonymous_visitor_has_is_handed_over(placed: Placed) -> None:
    """Signing in keeps what is inherited, signed anew for the person, and drops the rest."""
    visitor = visitor_of(placed)
    assert len(await assign(visitor, notes="mine", draft="old", theme="dark")) == 3
    anonymous = visitor.copy()
    await sign_in(visitor, ADA)
    assert await read(visitor, NOTES, DRAFT, THEME) == ["mine", None, "dark"]
    name = visitor.world.cookies.cookie_name(NOTES)
    assert visitor.cookies[name] != anonymous.cookies[name]
    assert visitor.world.cookies.cookie_name(DRAFT) not in visitor.cookies


@everywhere
@pytest.mark.parametrize("reading", [(), (NOTES, DRAFT)], ids=["unread", "read"])
async def test_a_second_sign_in_does_with_the_first_ones_what_a_first_does(
    placed: Placed, reading: tuple[Kind[Any], ...]
) -> None:
    """Inherited kinds stay, the others go, read before or not, as in a session."""
    visitor = visitor_of(placed)
    await sign_in(visitor, ADA)
    await assign(visitor, notes="mine", draft="old")
    await sign_in(visitor, EVE, *reading)
    assert await read(visitor, NOTES, DRAFT) == ["mine", None]
    assert visitor.world.cookies.cookie_name(DRAFT) not in visitor.cookies


@everywhere
async def test_signing_out_deletes_what_does_not_outlive_it(placed: Placed) -> None:
    """Read or not, readable or not, the browser is asked to forget it; the theme stays."""
    visitor = visitor_of(placed)
    await sign_in(visitor, ADA)
    await assign(visitor, notes="mine", theme="dark")
    visitor.cookies[visitor.world.cookies.cookie_name(DRAFT)] = "junk"
    state = await visitor.state(WHO)
    state.destroy()
    await visitor.answer(state)
    assert set(visitor.cookies) == {visitor.world.cookies.cookie_name(THEME)}


@everywhere
async def test_signing_out_deletes_only_what_was_presented(placed: Placed) -> None:
    """Nobody signed in, nothing there: no cookie is sent."""
    visitor = visitor_of(placed)
    state = await visitor.state(*KINDS)
    state.destroy()
    assert await visitor.answer(state) == []


@everywhere
async def test_a_failed_sign_out_deletes_no_cookie(placed: Placed) -> None:
    """What is discarded leaves no trace, the deletion of cookies never read included."""
    visitor = visitor_of(placed)
    await sign_in(visitor, ADA)
    await assign(visitor, notes="mine")
    state = await visitor.state(*KINDS)
    state.destroy()
    state.discard()
    assert state.set_cookies() == []
    state = await visitor.state(*KINDS)
    state.sign_in(EVE)
    state.discard()
    assert state.set_cookies() == []
    assert state[NOTES] == "mine"


async def test_a_kind_bound_to_the_person_needs_the_session_that_names_the_person() -> None:
    """While the store is away nobody can tell whose it is; what is bound to nobody is there."""
    visitor = visitor_of(NAMED_THERE)
    await sign_in(visitor, ADA)
    await assign(visitor, notes="mine", theme="dark")
    visitor.world.store.fail("load")
    state = await visitor.state(NOTES, THEME)
    assert state[THEME] == "dark"
    for use in (lambda: state[NOTES], lambda: state.__setitem__(NOTES, ""), state.destroy):
        with pytest.raises(StoreUnavailable):
            use()
    assert await visitor.answer(state) == []


async def test_an_application_where_nobody_signs_in_binds_to_nobody() -> None:
    """Without a kind that identifies, there is one owner: nobody."""
    visitor = Visitor(World({NOTES: SIGNED_COOKIE}, session_store=None))
    state = await visitor.state(NOTES)
    state[NOTES] = "mine"
    await visitor.answer(state)
    assert (await visitor.state(NOTES))[NOTES] == "mine"


@everywhere
async def test_promise_5_what_an_older_secret_signed_is_signed_anew_when_written(
    placed: Placed,
) -> None:
    """The same value assigned again is a cookie to send once, and none when it is only read."""
    visitor = visitor_of(placed)
    await assign(visitor, theme="dark")
    visitor.world = visitor.world.like(cookie_secret={**SECRET, 9: NEW})
    name = visitor.world.cookies.cookie_name(THEME)
    assert await read(visitor, THEME) == ["dark"]
    assert await assign(visitor, theme="dark") == [name]
    assert await assign(visitor, theme="dark") == []
    visitor.world = visitor.world.like(cookie_secret={9: NEW})
    assert await read(visitor, THEME) == ["dark"]


async def test_a_cookie_that_does_not_verify_is_cleared_when_its_kind_is_dropped() -> None:
    """The browser would keep it otherwise, for others to read."""
    visitor = visitor_of(NAMED_HERE)
    name = visitor.world.cookies.cookie_name(THEME)
    visitor.cookies[name] = "junk"
    assert await read(visitor, THEME) == [None]
    state = await visitor.state(*KINDS)
    del state[THEME]
    (cookie,) = await visitor.answer(state)
    assert (cookie.name, cookie.max_age) == (name, 0)
    visitor.cookies[name] = "junk"
    state = await visitor.state(*KINDS)
    del state[THEME]
    state[THEME] = "dark"
    (cookie,) = await visitor.answer(state)
    assert cookie.keeps


async def test_a_cookie_of_a_later_secret_is_not_replaced() -> None:
    """Whoever needs the kind is told that this process does not know; others are served."""
    visitor = visitor_of(NAMED_HERE)
    ahead = Visitor(visitor.world.like(cookie_secret={**SECRET, 1: NEW}))
    await assign(ahead, theme="dark")
    visitor.cookies = dict(ahead.cookies)
    state = await visitor.state(*KINDS)
    for use in (lambda: state[THEME], lambda: state.__setitem__(THEME, ""), lambda: THEME in state):
        with pytest.raises(NotKnownHere):
            use()
    state[NOTES] = "mine"
    (cookie,) = await visitor.answer(state)
    assert cookie.name == visitor.world.cookies.cookie_name(NOTES)
    assert await read(Visitor(ahead.world, visitor.cookies), THEME) == ["dark"]


async def test_what_comes_while_a_commit_is_under_way_is_in_the_next() -> None:
    """A sign-out asked for meanwhile clears what was just about to be sent."""
    visitor = visitor_of(NAMED_THERE)
    await sign_in(visitor, ADA)
    await assign(visitor, notes="old", draft="x")
    state = await visitor.state(*KINDS, BASKET)
    state[NOTES], state[BASKET] = "new", 5

    async def meanwhile() -> None:
        state.destroy()

    visitor.world.store.let_go_first("cas", meanwhile)
    await state.commit()
    await visitor.answer(state)
    assert visitor.cookies == {}


async def test_a_kind_of_another_version_is_brought_up_in_a_cookie_too() -> None:
    """And written in today's, with its number, when it changes."""
    older = Kind("marks", list[int], outlives_logout=True)
    newer = Kind(
        "marks",
        list[int],
        outlives_logout=True,
        version=2,
        migrations={1: lambda value: [*value, 2]},
    )
    visitor = Visitor(World({older: SIGNED_COOKIE}))
    state = await visitor.state(older)
    state[older] = [1]
    await visitor.answer(state)
    visitor.world = World({newer: SIGNED_COOKIE})
    state = await visitor.state(newer)
    assert state[newer] == [1, 2]
    assert await visitor.answer(state) == []
    state = await visitor.state(newer)
    state[newer].append(3)
    await visitor.answer(state)
    assert (await visitor.state(newer))[newer] == [1, 2, 3]
    visitor.world = World({older: SIGNED_COOKIE})
    with pytest.raises(NotKnownHere):
        (await visitor.state(older))[older]

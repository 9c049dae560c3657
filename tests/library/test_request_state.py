"""One request's state, addressed by kind, whichever tier keeps it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from state_app import (
    ABSOLUTE,
    ADA,
    ALL,
    BASKET,
    IDLE,
    LINES,
    NEW,
    NOTES,
    PLACED,
    REMEMBERED,
    SECRET,
    SEEN,
    STEP,
    THEME,
    WHO,
    Visitor,
    World,
    with_session,
)
from tornado_state import (
    SIGNED_COOKIE,
    InvalidValue,
    Kind,
    NotKnownHere,
    ResponseStarted,
    SessionEnded,
    StaleValue,
    StateError,
    StoreUnavailable,
    TooLarge,
    Unsupported,
)

#: The same in a cookie as `LINES` is in a session.
MARKS = Kind("marks", list[int], default=[], outlives_logout=True, inherited=True)
WITH_MARKS = {**PLACED, MARKS: SIGNED_COOKIE}
everywhere = pytest.mark.parametrize("kind", [MARKS, LINES], ids=["cookie", "session"])


@everywhere
async def test_a_value_is_found_wherever_it_is_kept(kind: Kind[list[int]]) -> None:
    """A handler assigns, reads and deletes by kind, and the same holds in both tiers."""
    visitor = Visitor(World(WITH_MARKS))
    state = await visitor.state(kind, *ALL)
    assert kind not in state
    assert state[kind] == []
    state[kind] = [1]
    await visitor.answer(state)
    state = await visitor.state(kind, *ALL)
    assert kind in state
    state[kind].append(2)
    await visitor.answer(state)
    state = await visitor.state(kind, *ALL)
    assert state[kind] == [1, 2]
    del state[kind]
    del state[kind]
    assert kind not in state
    await visitor.answer(state)
    assert kind not in await visitor.state(kind, *ALL)


@everywhere
async def test_a_default_that_is_changed_counts(kind: Kind[list[int]]) -> None:
    """The kind's own, and one that the reader brings."""
    visitor = Visitor(World(WITH_MARKS))
    state = await visitor.state(kind)
    state[kind].append(1)
    assert kind in state
    await visitor.answer(state)
    assert (await visitor.state(kind))[kind] == [1]
    visitor = Visitor(World(WITH_MARKS))
    state = await visitor.state(kind)
    state.get(kind, [5]).append(6)
    await visitor.answer(state)
    assert (await visitor.state(kind))[kind] == [5, 6]


async def test_the_kinds_of_a_handler_that_have_a_value_are_a_mapping() -> None:
    """In the order of their declaration, with what a mapping can do."""
    visitor = await with_session(basket=2, lines=[1])
    state = await visitor.state(*ALL)
    assert list(state) == [BASKET, LINES]
    assert (len(state), dict(state)) == (2, {BASKET: 2, LINES: [1]})
    assert state.get(THEME, "none") == "none"
    assert "theme" not in state
    assert state.pop(LINES) == [1]
    assert (state.pop(LINES), state.pop(LINES, None), state.pop(STEP)) == ([], None, None)
    assert (state.setdefault(SEEN), state.setdefault(SEEN, 7)) == (0, 0)
    assert (state.setdefault(THEME, "dark"), state.setdefault(THEME, "light")) == ("dark", "dark")
    assert state.setdefault(STEP) is None
    assert list(state) == [THEME, BASKET, SEEN]
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 2, "seen": 0}


async def test_what_looks_like_state_and_is_none_is_refused() -> None:
    """Nothing is assigned to the state but by kind."""
    state = await Visitor(World()).state(THEME, BASKET)
    with pytest.raises(AttributeError, match="basket"):
        state.basket = 1  # type: ignore[attr-defined]
    assert repr(state) == "<RequestState of basket, theme>"
    assert repr(await Visitor(World()).state()) == "<RequestState of nothing>"


async def test_a_cookie_is_sent_only_when_its_value_changed() -> None:
    """Reading, and assigning the same, send nothing; a value that goes is deleted once."""
    visitor = Visitor(World())
    state = await visitor.state(THEME)
    state[THEME] = "dark"
    (cookie,) = await visitor.answer(state)
    assert cookie.name == "__Host-shop-theme"
    state = await visitor.state(THEME)
    state[THEME] = "dark"
    assert await visitor.answer(state) == []
    state = await visitor.state(THEME)
    del state[THEME]
    (cookie,) = await visitor.answer(state)
    assert cookie.max_age == 0
    state = await visitor.state(THEME)
    del state[THEME]
    assert await visitor.answer(state) == []


async def test_promise_5_a_cookie_is_signed_anew_when_next_written() -> None:
    """Reading under a new secret sends nothing; a change is signed with it."""
    visitor = Visitor(World())
    state = await visitor.state(THEME)
    state[THEME] = "dark"
    await visitor.answer(state)
    visitor.world = visitor.world.like(cookie_secret={**SECRET, 1: NEW})
    state = await visitor.state(THEME)
    assert state[THEME] == "dark"
    assert await visitor.answer(state) == []
    state = await visitor.state(THEME)
    state[THEME] = "light"
    (cookie,) = await visitor.answer(state)
    assert cookie.value.startswith("2|1:1|")


async def test_promise_5_an_update_signs_the_session_id_anew() -> None:
    """A session written by `update` is written, so its cookie is re-signed as well."""
    visitor = await with_session()
    visitor.world = visitor.world.like(cookie_secret={**SECRET, 1: NEW})
    state = await visitor.state(BASKET)
    await state.update(BASKET, lambda number: number + 1)
    (cookie,) = await visitor.answer(state)
    assert cookie.value.startswith("2|1:1|")


AWAY = {
    "store": (StoreUnavailable("away"), StoreUnavailable),
    "unforeseen": (ZeroDivisionError(), StateError),
}


@pytest.mark.parametrize(("why", "told"), AWAY.values(), ids=AWAY)
async def test_a_store_away_is_raised_at_use_only(why: Exception, told: type[Exception]) -> None:
    """A request that uses no kind of the session succeeds; one that does is told."""
    visitor = await with_session()
    visitor.world.store.fail("load", why=why)
    state = await visitor.state(*ALL)
    state[THEME] = "dark"
    assert state[THEME] == "dark"
    assert not state.ended
    assert (state.store_key, state.created_at, state.last_used_at, state.expires_at) == (None,) * 4
    assert not state.must_wait()
    for use in (
        lambda: state[BASKET],
        lambda: BASKET in state,
        lambda: state.__setitem__(BASKET, 1),
        lambda: state.__delitem__(BASKET),
        lambda: state.pop(BASKET),
        lambda: state.identity,
        lambda: state.sign_in(ADA),
        state.renew_id,
        state.destroy,
    ):
        with pytest.raises(told):
            use()
    for wait in (state.update(BASKET, lambda number: number), state.reload()):
        with pytest.raises(told):
            await wait
    assert [cookie.name for cookie in await visitor.answer(state)] == ["__Host-shop-theme"]


async def test_a_session_of_a_later_secret_is_neither_absent_nor_ended() -> None:
    """Who needs it is told that this process does not know; a page without it answers."""
    ahead = await with_session(World(cookie_secret={**SECRET, 1: NEW}))
    visitor = Visitor(ahead.world.like(cookie_secret=SECRET), ahead.cookies)
    state = await visitor.state(THEME, BASKET)
    assert state[THEME] is None
    assert not state.ended
    for use in (lambda: state[BASKET], state.destroy):
        with pytest.raises(NotKnownHere):
            use()
    assert await visitor.answer(state) == []
    assert await ahead.data() == {"basket": 1}


async def test_a_handler_of_cookies_only_asks_no_store() -> None:
    """Where no kind of the handler lives in the session, it is not loaded."""
    visitor = await with_session()
    state = await visitor.state(THEME)
    assert state[THEME] is None
    assert await visitor.answer(state) == []
    assert visitor.operations == {}


async def test_a_change_after_the_response_began_is_refused() -> None:
    """It could not be kept before the answer, so it raises; reading is as before."""
    visitor = await with_session()
    state = await visitor.state(*ALL)
    await visitor.answer(state)
    for kind, value in ((THEME, "dark"), (BASKET, 2)):
        for change in (
            lambda kind=kind, value=value: state.__setitem__(kind, value),
            lambda kind=kind: state.__delitem__(kind),
            lambda kind=kind: state.pop(kind),
        ):
            with pytest.raises(ResponseStarted):
                change()
        with pytest.raises(ResponseStarted):
            await state.update(kind, lambda value: value)
    for late in (lambda: state.sign_in(ADA), state.renew_id, state.destroy):
        with pytest.raises(ResponseStarted):
            late()
    assert state[BASKET] == 1


@everywhere
async def test_a_change_inside_a_value_after_the_response_began_is_told(
    kind: Kind[list[int]],
) -> None:
    """By the kind's name, once."""
    visitor = Visitor(World(WITH_MARKS))
    state = await visitor.state(kind)
    state[kind] = [1]
    await visitor.answer(state)
    assert state.late_changes() == []
    state[kind].append(2)
    assert state.late_changes() == [kind.name]
    assert state.late_changes() == []


async def test_a_value_too_large_for_its_cookie_is_refused_before_anything_is_written() -> None:
    """Neither the session nor the cookie changes."""
    large = Kind("large_enough_to_fill_a_cookie_32", str, size=2_982, outlives_logout=True)
    world = World({**PLACED, large: SIGNED_COOKIE})
    visitor = await with_session(world, basket=1)
    state = await visitor.state(large, *ALL)
    state[BASKET] = 2
    state[large] = "x" * 2_980
    with pytest.raises(TooLarge, match="the cookie of large_enough"):
        await state.commit()
    assert visitor.operations == {"load": 1}
    state[large] = "x"
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 2}


@everywhere
async def test_what_is_no_value_of_the_kind_is_refused(kind: Kind[Any]) -> None:
    """In either tier, by name and path, when it is assigned or when it was changed into one."""
    state = await Visitor(World(WITH_MARKS)).state(kind)
    with pytest.raises(InvalidValue) as refused:
        state[kind] = [1, "x"]
    assert refused.value.path == f"{kind.name}[1]"
    state[kind].append("x")
    with pytest.raises(InvalidValue):
        await state.commit()


async def test_discarding_forgets_every_change() -> None:
    """A request that failed leaves state and cookies as they came."""
    visitor = Visitor(World())
    state = await visitor.state(*ALL)
    state[THEME], state[BASKET] = "dark", 1
    await visitor.answer(state)
    state = await visitor.state(*ALL)
    state[THEME], state[BASKET], state[SEEN] = "light", 2, 2
    state.sign_in(ADA)
    state.discard()
    assert (state[THEME], state[BASKET], state[SEEN], state.identity) == ("dark", 1, 0, None)
    visitor.world.store.forget()
    assert await visitor.answer(state) == []
    assert visitor.operations == {}


async def test_what_was_committed_is_sent_whatever_becomes_of_the_request() -> None:
    """After `commit`, discarding takes back what came after it and nothing else."""
    visitor = Visitor(World())
    state = await visitor.state(*ALL)
    state[THEME] = "dark"
    state.sign_in(ADA)
    await state.commit()
    state[THEME], state[BASKET] = "light", 7
    state.destroy()
    state.discard()
    state.close()
    visitor.take(*state.set_cookies())
    state = await visitor.state(*ALL)
    assert (state[THEME], state[BASKET], state.identity) == ("dark", 0, ADA)


async def test_what_is_assigned_while_a_commit_is_under_way_is_in_the_next() -> None:
    """In a cookie as in a session: it is not taken for confirmed with the rest."""
    visitor = Visitor(World())
    state = await visitor.state(*ALL)
    state[THEME], state[BASKET] = "dark", 1

    async def meanwhile() -> None:
        state[THEME], state[SEEN] = "light", 5

    visitor.world.store.let_go_first("add", meanwhile)
    await state.commit()
    assert [cookie.name for cookie in state.set_cookies()] == [
        "__Host-shop-theme",
        "__Host-shop-session-id",
    ]
    await visitor.answer(state)
    assert (await visitor.state(THEME))[THEME] == "light"
    assert await visitor.data() == {"basket": 1, "seen": 5}


async def test_a_sign_in_keeps_only_what_is_inherited() -> None:
    """New ID, new record, and nothing that an attacker could have planted."""
    visitor = await with_session(basket=1, seen=2, step="planted")
    thief = visitor.copy()
    state = await visitor.state(SEEN, WHO)
    before = state.store_key
    state.sign_in(ADA)
    state[SEEN] = 3
    await state.commit()
    assert state.store_key not in (before, None)
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 1, "seen": 3, "who": ADA}
    assert (await thief.state(WHO)).ended


async def test_ending_a_session_keeps_what_outlives_it() -> None:
    """After sign-out the theme is still there, and nothing else."""
    visitor = Visitor(World())
    state = await visitor.state(*ALL)
    state.sign_in(ADA)
    state[THEME] = "dark"
    await visitor.answer(state)
    state = await visitor.state(*ALL)
    state.destroy()
    assert state.identity is None
    (cookie,) = await visitor.answer(state)
    assert cookie.name == "__Host-shop-session-id"
    state = await visitor.state(*ALL)
    assert (state[THEME], state[WHO]) == ("dark", None)


async def test_an_application_without_sessions_says_what_it_cannot_do() -> None:
    """Signed cookies cannot be listed or ended; there is no ID to renew, and nothing to load."""
    visitor = Visitor(World({THEME: SIGNED_COOKIE}, session_store=None))
    state = await visitor.state(THEME)
    state[THEME] = "dark"
    state.renew_id()
    state.destroy()
    await state.reload()
    assert state[THEME] is None
    assert not state.ended
    assert (state.store_key, state.identity) == (None, None)
    assert not state.must_wait()
    with pytest.raises(Unsupported):
        await state.living([])
    with pytest.raises(Unsupported):
        await state.end([])
    await visitor.answer(state)


async def test_what_the_tier_of_a_kind_can_do_is_told() -> None:
    """A handler asks for a capability, not for a tier."""
    visitor = await with_session(who=ADA)
    state = await visitor.state(THEME, WHO)
    assert state.supports(WHO, "revocable")
    assert not state.supports(THEME, "revocable")
    assert state.store_key is not None
    assert await state.living([state.store_key]) == {state.store_key}
    await state.end([state.store_key])
    assert (await visitor.state(WHO)).ended
    with pytest.raises(SessionEnded):
        await state.update(WHO, lambda who: {**who, "note": "late"})


async def test_assigning_none_is_dropping_where_none_is_the_default() -> None:
    """What is nothing is kept nowhere; where it is no default, it is a value like any other."""
    visitor = Visitor(World())
    state = await visitor.state(*ALL)
    for kind in (THEME, STEP):
        state[kind] = "a"
        state[kind] = None
        assert kind not in state
        assert state.get(kind, "none") == "none"
    with pytest.raises(InvalidValue):
        state[LINES] = None  # type: ignore[assignment]


async def test_what_is_known_of_a_session_is_told_in_utc() -> None:
    """When it began, was last used, and will end if it is not used again."""
    visitor = Visitor(World())
    began = visitor.world.clock()
    state = await visitor.state(WHO)
    assert (state.created_at, state.last_used_at, state.expires_at) == (None,) * 3
    state.sign_in(ADA)
    await visitor.answer(state)
    visitor.world.clock.pass_(600)
    state = await visitor.state(WHO)
    assert state.created_at == state.last_used_at == datetime.fromtimestamp(began, UTC)
    assert state.expires_at == datetime.fromtimestamp(began + IDLE, UTC)
    await visitor.answer(state)
    visitor.world.clock.pass_(60)
    state = await visitor.state(WHO)
    assert state.last_used_at == datetime.fromtimestamp(began + 600, UTC)


@pytest.mark.parametrize(("remember", "lasts"), [(False, ABSOLUTE), (True, REMEMBERED)])
async def test_remembering_somebody_is_a_matter_of_the_sign_in(remember: bool, lasts: int) -> None:
    """A renewal later keeps to it."""
    visitor = Visitor(World())
    state = await visitor.state(WHO)
    state.sign_in(ADA, remember=remember)
    (cookie,) = await visitor.answer(state)
    assert cookie.max_age == lasts
    visitor.world.clock.pass_(100)
    state = await visitor.state(WHO)
    state.renew_id()
    (cookie,) = await visitor.answer(state)
    assert cookie.max_age == lasts - 100


# Reloading


@everywhere
async def test_reloading_forgets_what_is_not_saved(kind: Kind[list[int]]) -> None:
    """In both tiers; what is changed after it counts, also what another request stored."""
    visitor = Visitor(World(WITH_MARKS))
    state = await visitor.state(kind, BASKET)
    state[kind], state[BASKET] = [1], 1
    await visitor.answer(state)
    state = await visitor.state(kind, BASKET)
    held = state[kind]
    state[BASKET] = 9
    await visitor.elsewhere().assign(basket=5)
    await state.reload()
    assert (state[kind], state[BASKET]) == ([1], 5)
    state[kind].append(2)
    await visitor.answer(state)
    assert (await visitor.state(kind))[kind] == [1, 2]
    held.append(3)
    state = await visitor.state(kind)
    assert state[kind] == [1, 2]


@everywhere
async def test_a_value_held_from_before_reloading_must_not_be_changed(
    kind: Kind[list[int]],
) -> None:
    """The change would be lost."""
    visitor = Visitor(World(WITH_MARKS))
    state = await visitor.state(kind)
    state[kind] = [1]
    await visitor.answer(state)
    state = await visitor.state(kind)
    held = state[kind]
    await state.reload()
    held.append(2)
    with pytest.raises(StaleValue, match=kind.name):
        await state.commit()


async def test_reloading_takes_back_a_sign_in_and_a_sign_out() -> None:
    """What was asked for and not committed is not done."""
    visitor = await with_session(basket=1)
    state = await visitor.state(*ALL)
    state.sign_in(ADA)
    await state.reload()
    assert state.identity is None
    state.destroy()
    await state.reload()
    assert await visitor.answer(state) == []
    assert await visitor.data() == {"basket": 1}


async def test_reloading_finds_out_that_the_session_has_ended() -> None:
    """Nothing of it is there any more."""
    visitor = await with_session(basket=1)
    state = await visitor.state(BASKET)
    assert not state.ended
    await visitor.world.store.evict()
    await state.reload()
    assert (state.ended, BASKET in state) == (True, False)


# Whom an answer depends on


@pytest.mark.parametrize(
    "look",
    [
        lambda state: state[THEME],
        lambda state: BASKET in state,
        lambda state: state.ended,
        lambda state: state.created_at,
        lambda state: state.identity,
        lambda state: state.store_key,
        lambda state: state.renew_id(),
    ],
)
async def test_whoever_looks_at_state_has_an_answer_that_depends_on_it(look: Any) -> None:
    """Loading alone is no looking."""
    visitor = await with_session()
    state = await visitor.state(*ALL)
    assert not state.was_read
    assert not state.changed
    look(state)
    assert state.was_read


async def test_a_kind_kept_for_a_person_is_read_for_whoever_is_signed_in() -> None:
    """Where the session names the person, that is loaded for it, declared or not."""
    world = World({**PLACED, NOTES: SIGNED_COOKIE})
    visitor = Visitor(world)
    state = await visitor.state(WHO, NOTES)
    state.sign_in(ADA)
    state[NOTES] = "ada's"
    await visitor.answer(state)
    assert (await visitor.state(NOTES))[NOTES] == "ada's"


@everywhere
async def test_what_is_first_looked_at_after_the_answer_began_is_watched_as_well(
    kind: Kind[list[int]],
) -> None:
    """A change inside comes too late whenever the value was read."""
    visitor = Visitor(World(WITH_MARKS))
    state = await visitor.state(kind)
    state[kind] = [1]
    await visitor.answer(state)
    state = await visitor.state(kind)
    await visitor.answer(state)
    state[kind].append(2)
    assert state.late_changes() == [kind.name]


@everywhere
async def test_reloading_after_the_answer_began_shows_what_there_is(kind: Kind[list[int]]) -> None:
    """Nothing is forgotten that could still be told."""
    visitor = Visitor(World(WITH_MARKS))
    state = await visitor.state(kind, BASKET)
    state[kind], state[BASKET] = [1], 1
    await visitor.answer(state)
    state = await visitor.state(kind, BASKET)
    await visitor.answer(state)
    assert state[BASKET] == 1
    await visitor.elsewhere().assign(basket=5)
    await state.reload()
    assert (state[kind], state[BASKET]) == ([1], 5)


async def test_what_must_be_told_of_a_new_session_may_refuse_it() -> None:
    """The old one stands as it was, nobody has the new ID, and nothing of it is made later."""

    class Refused(Exception):
        pass

    told: list[str] = []

    async def refuse(store_key: str) -> None:
        told.append(store_key)
        raise Refused

    for before in ({"basket": 1}, {}):
        visitor = await with_session(**before) if before else Visitor(World())
        state = await visitor.state(BASKET, WHO)
        state.sign_in(ADA)
        with pytest.raises(Refused):
            await state.commit(refuse)
        assert state.identity is None
        await visitor.answer(state)
        assert await visitor.data() == before
        assert visitor.world.store.records() == len(before)
        assert await state.living(told) == set()


async def test_what_must_be_told_of_a_new_session_is_told_before_the_old_one_goes() -> None:
    """With the key of a record that is there, and again for each try that is necessary."""
    visitor = await with_session(basket=1)
    state = await visitor.state(BASKET, WHO)
    old = state.store_key
    told: list[str] = []

    async def confirm(store_key: str) -> None:
        assert await state.living([store_key, str(old)]) == {store_key, old}
        told.append(store_key)

    visitor.world.store.let_go_first("cas", lambda: visitor.elsewhere().assign(basket=5))
    state.sign_in(ADA)
    assert state.store_key == old
    await state.commit(confirm)
    assert len(told) == 2
    assert state.store_key == told[-1]
    assert await state.living([*told, str(old)]) == {told[-1]}

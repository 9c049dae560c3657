"""One request's state, addressed by kind, whichever tier keeps it."""

from __future__ import annotations

import pytest
from state_app import (
    BASKET,
    SECRET,
    SEEN,
    THEME,
    WHO,
    Visitor,
    World,
    with_session,
)
from tornado_state import (
    SIGNED_COOKIE,
    InvalidValue,
    ResponseStarted,
    SessionEnded,
    StoreUnavailable,
    TooLarge,
    Unsupported,
)

ADA = {"id": "ada"}
ALL = (THEME, BASKET, SEEN, WHO)


async def test_a_value_is_found_wherever_it_is_kept() -> None:
    """A handler assigns, reads and deletes by kind, and the same holds in both tiers."""
    visitor = Visitor(World())
    for kind in (THEME, BASKET):
        state = await visitor.state(*ALL)
        assert state.get(kind, "none") == "none"
        assert kind not in state
        with pytest.raises(KeyError, match=kind.name):
            state[kind]
        state[kind] = {"a": [1]}
        await visitor.answer(state)
        state = await visitor.state(*ALL)
        assert kind in state
        state[kind]["a"].append(2)
        await visitor.answer(state)
        state = await visitor.state(*ALL)
        assert state[kind] == {"a": [1, 2]}
        del state[kind]
        del state[kind]
        assert kind not in state
        await visitor.answer(state)
        assert kind not in await visitor.state(*ALL)


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
    visitor.world = visitor.world.like(secret={**SECRET, 1: "t" * 32})
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
    visitor.world = visitor.world.like(secret={**SECRET, 1: "t" * 32})
    state = await visitor.state(BASKET)
    await state.update(BASKET, lambda number: number + 1)
    (cookie,) = await visitor.answer(state)
    assert cookie.value.startswith("2|1:1|")


async def test_a_store_away_is_raised_at_use_only() -> None:
    """A request that uses no kind of the session succeeds; one that does is told."""
    visitor = await with_session()
    visitor.world.store.fail("load")
    state = await visitor.state(*ALL)
    state[THEME] = "dark"
    assert state[THEME] == "dark"
    assert not state.ended
    assert state.store_key is None
    assert not state.must_wait()
    for use in (
        lambda: state.get(BASKET),
        lambda: state.__setitem__(BASKET, 1),
        lambda: state.__delitem__(BASKET),
        lambda: state.sign_in(WHO, ADA),
        state.renew_id,
        state.destroy,
    ):
        with pytest.raises(StoreUnavailable):
            use()
    with pytest.raises(StoreUnavailable):
        await state.update(BASKET, lambda number: number)
    assert [cookie.name for cookie in await visitor.answer(state)] == ["__Host-shop-theme"]


async def test_a_handler_of_cookies_only_asks_no_store() -> None:
    """Where no kind of the handler lives in the session, it is not loaded."""
    visitor = await with_session()
    state = await visitor.state(THEME)
    assert state.get(THEME) is None
    assert await visitor.answer(state) == []
    assert visitor.operations == {}


async def test_a_change_after_the_response_began_is_refused() -> None:
    """It could not be kept before the answer, so it raises."""
    visitor = await with_session()
    state = await visitor.state(*ALL)
    await visitor.answer(state)
    for kind in (THEME, BASKET):
        with pytest.raises(ResponseStarted):
            state[kind] = 1
        with pytest.raises(ResponseStarted):
            del state[kind]
        with pytest.raises(ResponseStarted):
            await state.update(kind, lambda value: value)
    for late in (lambda: state.sign_in(WHO, ADA), state.renew_id, state.destroy):
        with pytest.raises(ResponseStarted):
            late()
    assert state[BASKET] == 0


async def test_a_value_too_large_for_its_cookie_is_refused_before_anything_is_written() -> None:
    """Neither the session nor the cookie changes."""
    visitor = await with_session(basket=1)
    state = await visitor.state(*ALL)
    state[BASKET] = 2
    state[THEME] = "x" * 4096
    with pytest.raises(TooLarge):
        await state.commit()
    assert visitor.operations == {"load": 1}


async def test_what_json_cannot_carry_is_refused() -> None:
    """In either tier, by name."""
    for kind in (THEME, BASKET):
        state = await Visitor(World()).state(*ALL)
        state[kind] = {1}
        with pytest.raises(InvalidValue, match=kind.name):
            await state.commit()


async def test_discarding_forgets_every_change() -> None:
    """A request that failed leaves state and cookies as they came."""
    visitor = Visitor(World())
    state = await visitor.state(*ALL)
    state[THEME], state[BASKET] = "dark", 1
    await visitor.answer(state)
    state = await visitor.state(*ALL)
    state[THEME], state[BASKET], state[SEEN] = "light", 2, 2
    state.discard()
    assert (state[THEME], state[BASKET], state.get(SEEN)) == ("dark", 1, None)
    visitor.world.store.forget()
    assert await visitor.answer(state) == []
    assert visitor.operations == {}


async def test_a_sign_in_keeps_only_what_is_inherited() -> None:
    """New ID, new record, and nothing that an attacker could have planted."""
    visitor = await with_session(basket=1, seen=2)
    thief = visitor.copy()
    state = await visitor.state(WHO)
    before = state.store_key
    state.sign_in(WHO, ADA)
    await state.commit()
    assert state.store_key not in (before, None)
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 1, "who": ADA}
    assert (await thief.state(WHO)).ended


async def test_ending_a_session_keeps_what_outlives_it() -> None:
    """After sign-out the theme is still there, and nothing else."""
    visitor = Visitor(World())
    state = await visitor.state(*ALL)
    state[THEME], state[WHO] = "dark", ADA
    await visitor.answer(state)
    state = await visitor.state(*ALL)
    state.destroy()
    (cookie,) = await visitor.answer(state)
    assert cookie.name == "__Host-shop-session-id"
    state = await visitor.state(*ALL)
    assert (state.get(THEME), state.get(WHO)) == ("dark", None)


async def test_an_application_without_sessions_says_what_it_cannot_do() -> None:
    """Signed cookies cannot be listed or ended; there is no ID to renew."""
    visitor = Visitor(World({THEME: SIGNED_COOKIE}, sessions=False))
    state = await visitor.state(THEME)
    state.renew_id()
    state.destroy()
    assert not state.ended
    assert state.store_key is None
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
        await visitor.world.sessions.update(await visitor.session(), "who", lambda who: who, ADA)


async def test_assigning_none_is_deleting_in_both_tiers() -> None:
    """What is nothing is kept nowhere, so that reading it gives the default everywhere."""
    visitor = Visitor(World())
    state = await visitor.state(*ALL)
    for kind in (THEME, BASKET):
        state[kind] = {"a": 1}
        state[kind] = None
        assert kind not in state
        assert state.get(kind, "none") == "none"

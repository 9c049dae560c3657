"""A write that was interrupted may have happened: it is looked up before anything else is done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from state_app import ADA, BASKET, LINES, SEEN, STEP, WHO, Visitor, with_session
from tornado_state import OutcomeUnknown, SessionEnded, StoreUnavailable
from tornado_state.sessions.session import Session
from watched_store import WatchedStore

Do = Callable[[Session], Awaitable[Any]]


class Lossy:
    """Has the next compare-and-swap happen or not, and its answer be lost."""

    def __init__(self, store: WatchedStore, *, happens: bool, how: str) -> None:
        self._cas = WatchedStore.cas.__get__(store)
        self._store, self._happens, self._how = store, happens, how
        store.cas = self.cas  # type: ignore[method-assign]

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        self._store.cas = self._cas  # type: ignore[method-assign]
        if self._happens:
            await self._cas(key, sealed, token, idle)
        if self._how == "no answer":
            raise StoreUnavailable("no answer")
        raise asyncio.CancelledError


def lossy(visitor: Visitor, *, happens: bool, how: str = "no answer") -> None:
    Lossy(visitor.world.store, happens=happens, how=how)


happening = pytest.mark.parametrize("happens", [True, False], ids=["happened", "did not"])
losing = pytest.mark.parametrize("how", ["no answer", "cancelled"])


@losing
@happening
async def test_an_interrupted_change_is_made_once(happens: bool, how: str) -> None:
    """Committed again it stands, whether or not it stood already, and nobody conflicts with it."""
    visitor = await with_session(basket=1)
    state = await visitor.state(BASKET)
    state[BASKET] = 2
    lossy(visitor, happens=happens, how=how)
    with pytest.raises((StoreUnavailable, asyncio.CancelledError)):
        await state.commit()
    assert state[BASKET] == 2
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 2}


@losing
@happening
async def test_an_interrupted_update_counts_once_when_it_is_repeated_knowingly(
    happens: bool, how: str
) -> None:
    """Until it is looked up nobody can read the value; after that it is what stands."""
    visitor = await with_session(basket=1)
    state = await visitor.state(BASKET, SEEN)
    lossy(visitor, happens=happens, how=how)
    with pytest.raises((StoreUnavailable, asyncio.CancelledError)):
        await state.update(BASKET, lambda number: number + 1)
    with pytest.raises(OutcomeUnknown, match="basket"):
        state[BASKET]
    assert state[SEEN] == 0
    await state.reload()
    assert state[BASKET] == (2 if happens else 1)
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 2 if happens else 1}


@losing
@happening
async def test_an_interrupted_update_to_nothing_is_found_out(happens: bool, how: str) -> None:
    """As that to any value."""
    visitor = await with_session(step="a")
    state = await visitor.state(BASKET, STEP)
    lossy(visitor, happens=happens, how=how)
    with pytest.raises((StoreUnavailable, asyncio.CancelledError)):
        await state.update(STEP, lambda text: None)
    await state.reload()
    assert (STEP in state) is not happens


@happening
async def test_what_follows_an_interrupted_update_does_not_write_over_it(happens: bool) -> None:
    """An update again, or another assignment: what had happened has counted."""
    visitor = await with_session(basket=1)
    session = await visitor.session()
    update = visitor.world.sessions.update
    lossy(visitor, happens=happens)
    with pytest.raises(StoreUnavailable):
        await update(session, BASKET, lambda number: number + 1)
    assert await update(session, BASKET, lambda number: number + 10) == (12 if happens else 11)
    lossy(visitor, happens=happens)
    with pytest.raises(StoreUnavailable):
        await update(session, BASKET, lambda number: number + 100)
    session.journal.assign(SEEN, 5)
    await visitor.commit(session)
    assert await visitor.data() == {"basket": 112 if happens else 11, "seen": 5}


@happening
async def test_of_an_interrupted_change_that_others_have_written_over_the_outcome_is_unknown(
    happens: bool,
) -> None:
    """Nobody can tell whether it was in between: it is no conflict, and not made again."""
    visitor = await with_session(basket=1)
    session = await visitor.session()
    session.journal.assign(BASKET, 2)
    lossy(visitor, happens=happens)
    with pytest.raises(StoreUnavailable):
        await visitor.commit(session)
    await visitor.elsewhere().assign(basket=7)
    with pytest.raises(OutcomeUnknown, match="basket"):
        await visitor.commit(session)
    assert await visitor.data() == {"basket": 7}


@losing
@happening
async def test_an_interrupted_sign_in_is_found_out(happens: bool, how: str) -> None:
    """At once where the store answers, with the next commit otherwise; then it is done once."""
    visitor = await with_session(basket=1)
    thief = visitor.copy()
    state = await visitor.state(BASKET, WHO)
    state.sign_in(ADA)
    lossy(visitor, happens=happens, how=how)
    with contextlib.suppress(StoreUnavailable, asyncio.CancelledError):
        await state.commit()
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 1, "who": ADA}
    assert (await thief.session()).ended
    visitor.world.clock.pass_(60)
    assert visitor.world.store.records() == 1


@happening
async def test_a_sign_in_that_cannot_be_found_out_about_yet_is_not_given_up(happens: bool) -> None:
    """The record it may have continued in is kept until the store answers; then it is done once."""
    visitor = await with_session(basket=1)
    state = await visitor.state(BASKET, WHO)
    state.sign_in(ADA)
    lossy(visitor, happens=happens, how="cancelled")
    with pytest.raises(StoreUnavailable):
        await state.commit()
    kept = visitor.world.store.records()
    visitor.world.store.fail("load")
    with pytest.raises(StoreUnavailable):
        await state.commit()
    assert visitor.world.store.records() == kept
    visitor.world.store.failing.clear()
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 1, "who": ADA}
    visitor.world.clock.pass_(60)
    assert visitor.world.store.records() == 1


async def test_an_interrupted_sign_in_that_had_happened_is_found_by_reloading() -> None:
    """Its cookie goes out with whatever answer there is."""
    visitor = await with_session(basket=1)
    state = await visitor.state(BASKET, WHO)
    state.sign_in(ADA)
    lossy(visitor, happens=True, how="cancelled")
    with pytest.raises(StoreUnavailable):
        await state.commit()
    await state.reload()
    assert state.identity == ADA
    state.discard()
    state.close()
    visitor.take(*state.set_cookies())
    assert await visitor.data() == {"basket": 1, "who": ADA}


@pytest.mark.parametrize("then", ["evicted", "signed out"])
async def test_a_sign_in_that_was_interrupted_stands_though_its_session_has_ended(
    then: str,
) -> None:
    """As one that was not; a change that was interrupted does not bring the session back."""
    visitor = await with_session(basket=1)
    changed, signing_in = await visitor.session(), await visitor.session()
    changed.journal.assign(BASKET, 2)
    signing_in.sign_in(remember=False)
    signing_in.journal.assign(WHO, ADA)
    for session in (changed, signing_in):
        lossy(visitor, happens=False)
        with pytest.raises(StoreUnavailable):
            await visitor.world.sessions.commit(session)
    if then == "evicted":
        await visitor.world.store.evict()
    else:
        ending = await visitor.session()
        ending.destroy()
        await visitor.world.sessions.commit(ending)
    with pytest.raises(SessionEnded):
        await visitor.world.sessions.commit(changed)
    await visitor.commit(signing_in)
    assert (await visitor.data())["who"] == ADA


async def test_what_was_interrupted_and_is_not_wanted_any_more_is_forgotten() -> None:
    """A sign-out ends the session, whatever became of the write."""
    visitor = await with_session(basket=1, lines=[1])
    thief = visitor.copy()
    state = await visitor.state(BASKET, LINES)
    lossy(visitor, happens=True)
    with pytest.raises(StoreUnavailable):
        await state.update(BASKET, lambda number: number + 1)
    state.destroy()
    await visitor.answer(state)
    assert (await thief.session()).ended


async def test_a_write_that_was_refused_is_no_interruption() -> None:
    """The store has said what is so."""
    visitor = await with_session(basket=1)
    session = await visitor.session()
    await visitor.world.store.evict()
    with pytest.raises(SessionEnded):
        await visitor.world.sessions.update(session, BASKET, lambda number: number + 1)
    assert session.interrupted is None

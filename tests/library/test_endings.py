"""The server tier: renewing an ID, signing in, and that ending a session always wins."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

import pytest
from state_app import ABSOLUTE, ADA, BASKET, EVE, IDLE, SEEN, WHO, Visitor, put, with_session
from tornado_state import Conflict, SessionEnded, StoreUnavailable
from tornado_state.cookies.wire import SetCookie

Meanwhile = Callable[[Visitor], Awaitable[None]]


async def end(visitor: Visitor) -> SetCookie | None:
    session = await visitor.session()
    session.destroy()
    return await visitor.commit(session)


async def renew(visitor: Visitor, *, sign_in: bool = False, **values: object) -> SetCookie | None:
    session = await visitor.session()
    if sign_in:
        session.sign_in(remember=False)
    else:
        session.renew_id()
    put(session, **values)
    return await visitor.commit(session)


async def test_ending_deletes_the_cookie() -> None:
    """A sign-out asks the browser to forget, and a copy of the cookie opens nothing."""
    visitor = await with_session()
    thief = visitor.copy()
    cookie = await end(visitor)
    assert cookie is not None
    assert (cookie.value, cookie.max_age) == ("", 0)
    assert visitor.cookies == {}
    assert (await thief.session()).ended


@pytest.mark.parametrize("steps", [1, 2], ids=["gone", "long gone"])
async def test_a_late_write_never_brings_a_session_back(steps: int) -> None:
    """Whoever loaded the session before it ended is refused, soon after and long after."""
    visitor = await with_session()
    late, renewing = await visitor.session(), await visitor.session()
    await end(visitor.copy())
    visitor.world.clock.pass_(2 * (steps - 1))
    put(late, basket=2)
    with pytest.raises(SessionEnded):
        await visitor.commit(late)
    renewing.renew_id()
    with pytest.raises(SessionEnded):
        await visitor.commit(renewing)
    assert (await visitor.session()).ended
    visitor.world.clock.pass_(2)
    assert visitor.world.store.records() == 0


async def test_ending_wins_over_a_change_made_meanwhile() -> None:
    """A session changed or renewed since it was loaded still ends, under every ID."""
    visitor = await with_session()
    ending = await visitor.session()
    other = visitor.copy()
    await other.assign(basket=1)
    await renew(other)
    await renew(other)
    ending.destroy()
    await visitor.commit(ending)
    assert (await other.session()).ended


@pytest.mark.parametrize("before", ["cas", "load"])
async def test_ending_a_session_that_goes_by_itself_is_done(before: str) -> None:
    """Changed by another request and evicted at whatever moment: it is over, and that is all."""
    visitor = await with_session()
    ending = await visitor.session()
    await visitor.copy().assign(basket=1)
    visitor.world.store.let_go_first(before, lambda: evict(visitor))
    ending.destroy()
    assert await visitor.commit(ending) is not None
    assert (await visitor.session()).stored is None


async def test_what_is_assigned_after_ending_begins_another_session() -> None:
    """The old record is gone, the new one holds only what came after."""
    visitor = await with_session(basket=1)
    thief = visitor.copy()
    session = await visitor.session()
    session.destroy()
    put(session, seen=1)
    assert await visitor.commit(session) is not None
    assert await visitor.data() == {"seen": 1}
    assert (await thief.session()).ended


async def test_ending_is_not_claimed_without_an_answer() -> None:
    """If the store does not confirm, there is an error and no cookie."""
    visitor = await with_session()
    visitor.world.store.fail("cas")
    with pytest.raises(StoreUnavailable):
        await end(visitor)
    assert visitor.cookies


async def test_renewal_gives_a_new_id_to_the_same_data() -> None:
    """The old ID opens nothing, the data is there, and the absolute clock goes on."""
    visitor = await with_session(basket=1)
    thief = visitor.copy()
    visitor.world.clock.pass_(1000)
    cookie = await renew(visitor, seen=2)
    assert cookie is not None
    assert cookie.max_age == ABSOLUTE - 1000
    assert await visitor.data() == {"basket": 1, "seen": 2}
    assert (await thief.session()).ended


async def test_a_sign_in_restarts_the_absolute_clock() -> None:
    """Who signs in anew has the whole time."""
    visitor = await with_session()
    visitor.world.clock.pass_(1000)
    cookie = await renew(visitor, sign_in=True)
    assert cookie is not None
    assert cookie.max_age == ABSOLUTE


async def test_a_renewal_takes_along_what_others_had_acknowledged() -> None:
    """A write that was confirmed before the old record was retired is in the new one."""
    visitor = await with_session(basket=0, seen=0)
    other = visitor.copy()
    visitor.world.store.let_go_first("cas", lambda: other.assign(seen=1))
    await renew(visitor, basket=1)
    assert await visitor.data() == {"basket": 1, "seen": 1}
    assert (await other.session()).ended


async def test_a_renewal_refused_leaves_one_session() -> None:
    """After a conflict the old session is as the other request left it, and no new one is."""
    visitor = await with_session(basket=0)
    other = visitor.copy()
    visitor.world.store.let_go_first("cas", lambda: other.assign(basket=1))
    with pytest.raises(Conflict):
        await renew(visitor, basket=2)
    assert await visitor.data() == {"basket": 1}
    assert visitor.world.store.records() == 1


async def test_a_write_after_a_renewal_is_told() -> None:
    """Whoever loaded before the renewal and writes after it is refused, not silently lost."""
    visitor = await with_session()
    late = await visitor.session()
    await renew(visitor.copy())
    put(late, basket=2)
    with pytest.raises(SessionEnded):
        await visitor.commit(late)


async def test_a_session_ended_during_a_renewal_stays_ended() -> None:
    """The renewal is refused, and what it had added already is gone."""
    visitor = await with_session()
    owner = visitor.copy()
    visitor.world.store.let_go_first("cas", lambda: end(owner))
    with pytest.raises(SessionEnded):
        await renew(visitor)
    visitor.world.clock.pass_(2)
    assert visitor.world.store.records() == 0


async def evict(visitor: Visitor) -> None:
    await visitor.world.store.evict()


async def sign_out(visitor: Visitor) -> None:
    await end(visitor.copy())


async def sign_in_elsewhere(visitor: Visitor) -> None:
    await renew(visitor.copy(), sign_in=True)


@pytest.mark.parametrize("meanwhile", [evict, sign_out, sign_in_elsewhere])
@pytest.mark.parametrize("when", ["before", "during"])
async def test_a_sign_in_stands_on_its_own(meanwhile: Meanwhile, when: str) -> None:
    """Whatever became of the session it began in, who signs in is signed in."""
    visitor = await with_session()
    session = await visitor.session()
    session.sign_in(remember=False)
    put(session, who=ADA)
    if when == "before":
        await meanwhile(visitor)
    else:
        visitor.world.store.let_go_first("add", lambda: meanwhile(visitor))
    await visitor.commit(session)
    assert (await visitor.data())["who"] == ADA


async def test_a_sign_in_works_on_an_ended_session() -> None:
    """A cookie whose session is gone is no obstacle."""
    visitor = await with_session()
    await evict(visitor)
    session = await visitor.session()
    assert session.ended
    session.sign_in(remember=False)
    put(session, who=ADA)
    assert await visitor.commit(session) is not None
    assert await visitor.data() == {"who": ADA}


@pytest.mark.parametrize("seed", range(20))
async def test_any_order_of_requests_leaves_an_ended_session_ended(seed: int) -> None:
    """However a sign-out falls among readers, writers and renewers, nobody is left signed in."""
    rng = random.Random(seed)
    visitor = await with_session()
    jars = [visitor.copy() for _ in range(6)]

    async def act(jar: Visitor) -> None:
        session = await jar.session()
        for _ in range(rng.randrange(4)):
            await asyncio.sleep(0)
        if session.stored is None:
            return
        put(session, **{rng.choice(("basket", "seen")): rng.randrange(2, 100)})
        if rng.random() < 0.5:
            session.renew_id()
        with contextlib.suppress(SessionEnded, Conflict):
            await jar.commit(session)

    ending = await visitor.session()
    ending.destroy()
    tasks = [asyncio.create_task(act(jar)) for jar in jars]
    for _ in range(rng.randrange(6)):
        await asyncio.sleep(0)
    await visitor.commit(ending)
    await asyncio.gather(*tasks)
    assert [await jar.data() for jar in jars] == [{}] * 6


async def test_an_update_of_an_ended_session_is_refused() -> None:
    """It stays ended."""
    visitor = await with_session()
    session = await visitor.session()
    await end(visitor.copy())
    with pytest.raises(SessionEnded):
        await visitor.world.sessions.update(session, BASKET, lambda number: number + 1)
    assert await visitor.data() == {}


async def test_signing_out_of_an_ended_session_clears_its_cookie() -> None:
    """The store is not asked again."""
    visitor = await with_session()
    other = visitor.copy()
    await end(visitor)
    visitor.world.store.forget()
    cleared = await end(other)
    assert cleared is not None
    assert cleared.max_age == 0
    assert visitor.operations == {"load": 1}


async def test_signing_out_under_an_id_that_was_renewed_ends_what_it_goes_on_as() -> None:
    """The page was older than the cookie is by now: who signs out there is signed out."""
    visitor = await with_session()
    late = visitor.copy()
    await renew(visitor)
    await renew(visitor)
    assert await end(late) is not None
    assert (await visitor.session()).ended
    assert late.cookies == {}


async def test_what_is_assigned_after_signing_out_under_a_renewed_id_begins_another() -> None:
    """What it went on as is ended as well, though something new begins at once."""
    visitor = await with_session()
    late = visitor.copy()
    await renew(visitor)
    session = await late.session()
    session.destroy()
    put(session, seen=5)
    assert await late.commit(session) is not None
    assert await late.data() == {"seen": 5}
    assert (await visitor.session()).ended


async def test_a_write_under_an_id_that_was_renewed_begins_no_other_session() -> None:
    """A new cookie would take the place of the one that the renewal, a sign-in say, has sent."""
    visitor = await with_session(basket=1)
    late = visitor.copy()
    await renew(visitor, sign_in=True, who=ADA)
    visitor.world.store.forget()
    with pytest.raises(SessionEnded):
        await late.assign(basket=2)
    assert visitor.operations == {"load": 1}
    assert late.cookies != visitor.cookies
    assert await late.commit(await late.session()) is None
    assert await visitor.data() == {"basket": 1, "who": ADA}


async def test_a_sign_in_under_an_id_that_was_renewed_stands_on_its_own() -> None:
    """Whoever sends the form twice is signed in twice, and what follows is kept."""
    visitor = await with_session()
    again = visitor.copy()
    await renew(visitor, sign_in=True)
    session = await again.session()
    session.sign_in(remember=False)
    put(session, who=ADA)
    assert await again.commit(session) is not None
    session.destroy()
    put(session, basket=1)
    assert await again.commit(session) is not None
    assert await again.data() == {"basket": 1}


async def test_a_session_begins_anew_once_its_renewal_is_long_ago() -> None:
    """Who never got the new cookie is not kept out for good."""
    visitor = await with_session()
    late = visitor.copy()
    await renew(visitor)
    visitor.world.clock.pass_(60)
    assert await late.assign(basket=2) is not None


async def test_a_session_begins_anew_after_it_has_ended() -> None:
    """Signed out is not renewed: there is no other cookie to take the place of."""
    visitor = await with_session()
    late = visitor.copy()
    await end(visitor)
    assert await late.assign(basket=2) is not None


@pytest.mark.parametrize("before", ["add", "cas"])
async def test_a_sign_in_takes_nothing_along_that_was_planted_meanwhile(before: str) -> None:
    """What another request commits to a kind that is not inherited stays behind; the rest comes."""
    visitor = await with_session(basket=1, seen=1)
    attacker = visitor.copy()
    state = await visitor.state(WHO)
    planted = {"seen": 2, "who": EVE, "basket": 2, "step": "planted"}
    visitor.world.store.let_go_first(before, lambda: attacker.assign(**planted))
    state.sign_in(ADA)
    await visitor.answer(state)
    assert await visitor.data() == {"basket": 2, "who": ADA}


async def test_a_sign_in_keeps_what_the_same_request_assigned() -> None:
    """Whatever the kind, and whatever another request made of it meanwhile."""
    visitor = await with_session(seen=1)
    attacker = visitor.copy()
    state = await visitor.state(WHO, SEEN)
    visitor.world.store.let_go_first("cas", lambda: attacker.assign(seen=2))
    state.sign_in(ADA)
    state[SEEN] = 3
    await visitor.answer(state)
    assert await visitor.data() == {"who": ADA, "seen": 3}


@pytest.mark.parametrize("last", ["renew", "end"])
async def test_a_late_reader_does_not_make_an_ended_session_look_alive(last: str) -> None:
    """It may keep the record that says so, but not for what it was, nor for news."""
    visitor = await with_session()
    visitor.world.clock.pass_(IDLE / 2)
    late, copy = await visitor.session(), visitor.copy()
    assert late.stored is not None
    await (renew(visitor) if last == "renew" else end(visitor))
    await copy.commit(late)
    assert visitor.operations["touch"] == 1
    visitor.world.clock.pass_(60)
    assert await visitor.world.store.load(late.stored.store_key) is not None
    assert await visitor.world.sessions.living([late.stored.store_key]) == set()
    assert (await copy.session()).ended
    assert await copy.assign(basket=2) is not None


# Grace


async def test_a_request_under_way_reads_what_stood_there_under_the_old_id() -> None:
    """For ten seconds, and never what came after; then it has ended like any other."""
    visitor = await with_session(basket=1, who=ADA)
    late = visitor.copy()
    await renew(visitor, seen=2)
    await visitor.assign(basket=5)
    assert await late.data() == {"basket": 1, "who": ADA}
    visitor.world.clock.pass_(9)
    assert await late.data() == {"basket": 1, "who": ADA}
    visitor.world.clock.pass_(1)
    assert await late.data() == {}


async def test_without_grace_the_old_id_is_dead_at_once() -> None:
    """After a change of password, say."""
    visitor = await with_session(basket=1)
    late = visitor.copy()
    session = await visitor.session()
    session.renew_id(grace=False)
    await visitor.commit(session)
    assert await late.data() == {}
    assert await visitor.data() == {"basket": 1}


async def test_under_the_old_id_nothing_is_seen_of_who_signs_in() -> None:
    """Nor of what was there before: whoever planted the ID must not read what its owner does."""
    visitor = await with_session(basket=1)
    attacker = visitor.copy()
    await renew(visitor, sign_in=True, who=ADA)
    assert await attacker.data() == {}


@pytest.mark.parametrize("renewals", [1, 2])
@pytest.mark.parametrize("how", ["signed out", "evicted", "too old"])
async def test_grace_ends_with_the_session(how: str, renewals: int) -> None:
    """Once it has ended under its new ID, nobody reads anything under an old one."""
    visitor = await with_session(basket=1, who=ADA)
    if how == "too old":
        visitor.world.clock.pass_(IDLE - 1)
        for _ in range(ABSOLUTE // (IDLE - 1) - 1):
            await visitor.commit(await visitor.session())
            visitor.world.clock.pass_(IDLE - 1)
    late = visitor.copy()
    for _ in range(renewals):
        await renew(visitor)
    assert await late.data() == {"basket": 1, "who": ADA}
    match how:
        case "signed out":
            await end(visitor)
        case "evicted":
            stored = (await visitor.session()).stored
            assert stored is not None
            await visitor.world.store.delete(stored.store_key)
        case "too old":
            stored = (await visitor.session()).stored
            assert stored is not None
            visitor.world.clock.pass_(ABSOLUTE - (visitor.world.clock() - stored.created_at))
    assert await late.data() == {}

"""The server tier: IDs, thrift, rotation, and what it says when the store does not."""

from __future__ import annotations

import pytest
from state_app import (
    ABSOLUTE,
    BASKET,
    IDLE,
    LINES,
    NEW,
    REMEMBERED,
    SECRET,
    Visitor,
    World,
    put,
    with_session,
)
from tornado_state import NotKnownHere, StoreUnavailable, TooLarge
from tornado_state.sessions.sealing import new_session_id


async def test_no_cookie_costs_no_lookup() -> None:
    """Reading without a cookie asks the store nothing, stores nothing and sends nothing."""
    visitor = Visitor(World())
    session = await visitor.session()
    assert not session.journal.has(BASKET)
    assert not visitor.world.sessions.must_wait(session)
    assert await visitor.commit(session) is None
    assert visitor.operations == {}


async def test_the_first_assignment_creates_a_record() -> None:
    """One `add`, and the cookie with the ID for as long as the session may last."""
    visitor = Visitor(World())
    cookie = await visitor.assign(basket=1)
    assert cookie is not None
    assert (cookie.name, cookie.max_age) == ("__Host-shop-session-id", ABSOLUTE)
    assert visitor.operations == {"add": 1}
    assert await visitor.data() == {"basket": 1}


async def test_reading_costs_one_lookup_until_a_tenth_of_the_idle_time_is_used() -> None:
    """The idle clock is pushed once it is due, and then not again for as long."""
    visitor = await with_session()
    for passed, expected in (
        (IDLE / 10 - 1, {"load": 1}),
        (1, {"load": 1, "touch": 1}),
        (IDLE / 10 - 1, {"load": 1}),
    ):
        visitor.world.clock.pass_(passed)
        visitor.world.store.forget()
        session = await visitor.session()
        assert visitor.world.sessions.must_wait(session) is ("touch" in expected)
        assert await visitor.commit(session) is None
        assert visitor.operations == expected


async def test_another_process_touches_what_it_has_not_seen() -> None:
    """What a process does not remember having touched is touched, to be safe."""
    visitor = await with_session()
    other = visitor.elsewhere()
    await other.commit(await other.session())
    assert visitor.operations == {"load": 1, "touch": 1}


async def test_a_clock_set_back_pushes_the_idle_clock() -> None:
    """A clock that went backwards is no reason to let a session end early."""
    visitor = await with_session()
    visitor.world.clock.pass_(-1)
    await visitor.commit(await visitor.session())
    assert visitor.operations == {"load": 1, "touch": 1}


async def test_what_did_not_change_is_not_written() -> None:
    """Assigning the same value again is no write and no cookie."""
    visitor = await with_session(lines=[1])
    assert await visitor.assign(lines=[1]) is None
    assert visitor.operations == {"load": 1}


async def test_a_change_is_one_write_and_no_cookie() -> None:
    """The ID has not changed, so nothing is sent; a nested change is a change."""
    visitor = await with_session(lines=[1])
    session = await visitor.session()
    session.journal.read(LINES).append(2)
    assert await visitor.commit(session) is None
    assert visitor.operations == {"load": 1, "cas": 1}
    assert await visitor.data() == {"lines": [1, 2]}


async def test_a_request_may_commit_twice() -> None:
    """What is assigned after a commit is committed by the next one."""
    visitor = await with_session()
    session = await visitor.session()
    for number in (2, 3):
        put(session, basket=number)
        await visitor.commit(session)
    assert await visitor.data() == {"basket": 3}


async def test_promise_2_an_unknown_id_is_not_adopted() -> None:
    """A well-formed, signed ID that the store does not know creates nothing, and a new one does."""
    world = World()
    planted = new_session_id(0)
    visitor = Visitor(world)
    visitor.take(world.sessions._cookie.keep(planted, ABSOLUTE, False))
    session = await visitor.session()
    assert session.ended
    assert session.stored is None
    assert await visitor.commit(session) is None
    assert visitor.operations == {"load": 1}
    await visitor.assign(basket=2)
    stored = (await visitor.session()).stored
    assert stored is not None
    assert stored.session_id != planted
    assert await world.sessions.records.fetch(planted) is None


@pytest.mark.parametrize("text", ["", "short", "A" * 44, "ü" * 43, "A" * 42 + "/"])
async def test_promise_3_a_signed_value_that_is_no_id_costs_no_lookup(text: str) -> None:
    """Even under a true signature, only a session ID is looked up."""
    world = World()
    name = world.sessions.cookie_name
    signed = world.composition._signer.sign(name, text.encode(), stamped=False)
    for value in (signed, text):
        session = await Visitor(world, {name: value}).session()
        assert session.stored is None
        assert session.presented.named
    assert not world.store.operations


async def test_promise_5_rotation_keeps_sessions_and_signs_again_when_written() -> None:
    """While the old secret is listed the session lives; its cookie is re-signed at a write."""
    old = await with_session()
    rotated = Visitor(old.world.like(cookie_secret={**SECRET, 1: NEW}), old.cookies)
    assert await rotated.data() == {"basket": 1}
    assert await rotated.commit(await rotated.session()) is None
    cookie = await rotated.assign(basket=2)
    assert cookie is not None
    assert cookie.value.startswith("2|1:1|")
    assert await rotated.assign(basket=3) is None
    assert await Visitor(rotated.world, old.cookies).data() == {"basket": 3}


async def test_promise_5_what_a_dropped_secret_is_part_of_has_ended() -> None:
    """A session's keys keep the secret it began under; without that nobody finds it any more."""
    old = await with_session()
    rotated = Visitor(old.world.like(cookie_secret={**SECRET, 1: NEW}), old.cookies)
    await rotated.assign(basket=2)
    begun = await with_session(rotated.world)
    new_only = old.world.like(cookie_secret={1: NEW})
    assert await Visitor(new_only, begun.cookies).data() == {"basket": 1}
    for cookies in (old.cookies, rotated.cookies):
        visitor = Visitor(new_only, cookies)
        assert await visitor.data() == {}
        assert await visitor.assign(basket=5) is not None


async def test_promise_5_keys_of_a_secret_to_come_are_another_process_s() -> None:
    """A cookie signed here whose session was begun under a later secret: not known here."""
    visitor = await with_session()
    visitor.take(visitor.world.sessions._cookie.keep(new_session_id(9), ABSOLUTE, False))
    with pytest.raises(NotKnownHere):
        await visitor.session()


async def test_a_renewal_under_a_later_secret_is_not_known_here() -> None:
    """What an ID was renewed to by a process that has a secret more, this one can neither read nor
    end."""
    old = await with_session()
    rotated = Visitor(old.world.like(cookie_secret={**SECRET, 1: NEW}), old.cookies)
    late, session = await old.session(), await rotated.session()
    session.renew_id()
    await rotated.commit(session)
    late.destroy()
    with pytest.raises(NotKnownHere):
        await old.commit(late)
    with pytest.raises(NotKnownHere):
        await old.session()
    assert await rotated.data() == {"basket": 1}


async def test_promise_6_another_applications_session_is_refused() -> None:
    """A cookie copied under the name of an application with the same secret costs no lookup."""
    visitor = await with_session()
    (value,) = visitor.cookies.values()
    other = visitor.world.like(state_name="other")
    session = await Visitor(other, {other.sessions.cookie_name: value}).session()
    assert session.stored is None
    assert visitor.operations == {}


async def test_sessions_are_told_apart_and_ended_by_their_store_keys() -> None:
    """Living ones are named, ended ones are not, and ending is confirmed."""
    world = World()
    one, two = await with_session(world), await with_session(world)
    keys = [(await who.session()).stored.store_key for who in (one, two)]  # type: ignore[union-attr]
    assert await world.sessions.living([*keys, "x" * 43]) == set(keys)
    await world.sessions.end(keys[:1])
    assert await world.sessions.living(keys) == set(keys[1:])
    assert (await one.session()).ended
    world.store.fail("delete")
    with pytest.raises(StoreUnavailable):
        await world.sessions.end(keys)


async def test_an_unknown_store_is_not_an_absent_session() -> None:
    """No answer raises; it is never taken for an ended session."""
    visitor = await with_session()
    visitor.world.store.fail("load")
    with pytest.raises(StoreUnavailable):
        await visitor.session()


async def test_what_is_too_large_leaves_the_old_value() -> None:
    """A session over 65,536 bytes is refused, and the record stands."""
    visitor = await with_session(basket=1)
    with pytest.raises(TooLarge):
        await visitor.assign(lines=[1] * 33_000)
    assert await visitor.data() == {"basket": 1}
    assert visitor.operations == {"load": 2}


async def test_a_session_of_a_secret_not_known_here_is_not_taken_for_ended() -> None:
    """Another process has the new secret already; nothing is looked up, ended or replaced."""
    ahead = await with_session(World(cookie_secret={**SECRET, 1: NEW}))
    behind = Visitor(ahead.world.like(cookie_secret=SECRET), ahead.cookies)
    with pytest.raises(NotKnownHere, match="secret"):
        await behind.session()
    assert behind.operations == {}
    assert await ahead.data() == {"basket": 1}


async def test_of_two_session_cookies_none_is_used() -> None:
    """Nobody can tell which of them was planted."""
    world = World()
    one, two = await with_session(world), await with_session(world)
    name = world.sessions.cookie_name
    world.store.forget()
    session = await Visitor(
        world, {name: f"{one.cookies[name]}; {name}={two.cookies[name]}"}
    ).session()
    assert session.stored is None
    assert not session.ended
    assert not world.store.operations


@pytest.mark.parametrize("begins", [False, True], ids=["ends", "begins another"])
async def test_a_sign_out_ends_every_session_that_a_readable_cookie_names(begins: bool) -> None:
    """Both of two, though junk stands beside them; the name is cleared."""
    world = World()
    one, two = await with_session(world), await with_session(world)
    name = world.sessions.cookie_name
    cookies = (one.cookies[name], "junk", two.cookies[name], one.cookies[name])
    visitor = Visitor(world, {name: f"; {name}=".join(cookies)})
    session = await visitor.session()
    session.destroy()
    if begins:
        put(session, seen=1)
    cookie = await visitor.commit(session)
    assert cookie is not None
    assert cookie.keeps is begins
    for ended in (one, two):
        assert (await ended.session()).ended


async def test_a_session_cookie_of_a_later_secret_among_others_is_not_passed_over() -> None:
    """Nobody could say that all are ended: whoever needs the session has to ask elsewhere."""
    one = await with_session()
    later = await with_session(World(cookie_secret={**SECRET, 1: NEW}))
    name = one.world.sessions.cookie_name
    both = f"{one.cookies[name]}; {name}={later.cookies[name]}"
    with pytest.raises(NotKnownHere):
        await Visitor(one.world, {name: both}).session()


@pytest.mark.parametrize(
    ("persistent", "remember", "max_age"),
    [
        (True, False, ABSOLUTE),
        (True, True, REMEMBERED),
        (False, False, None),
        (False, True, REMEMBERED),
    ],
)
async def test_the_cookie_lasts_as_long_as_it_is_to(
    persistent: bool, remember: bool, max_age: int | None
) -> None:
    """As long as the session at most, or as the browser, unless the person is to be remembered."""
    visitor = Visitor(World(session_persistent=persistent))
    session = await visitor.session()
    session.sign_in(remember=remember)
    put(session, basket=1)
    cookie = await visitor.commit(session)
    assert cookie is not None
    assert cookie.max_age == max_age


async def test_signing_again_is_left_to_the_one_cookie_that_is_sent() -> None:
    """A renewed session's cookie is signed anew as it is."""
    old = await with_session()
    rotated = Visitor(old.world.like(cookie_secret={**SECRET, 1: NEW}), old.cookies)
    session = await rotated.session()
    session.renew_id()
    await rotated.commit(session)
    cookie = session.cookie
    put(session, basket=7)
    await rotated.commit(session)
    assert session.cookie is cookie

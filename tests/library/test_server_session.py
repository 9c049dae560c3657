"""The server tier: IDs, thrift, rotation, and what it says when the store does not."""

from __future__ import annotations

import pytest
from state_app import ABSOLUTE, IDLE, SECRET, Visitor, World, with_session
from tornado_state import StoreUnavailable, TooLarge
from tornado_state.sessions.sealing import new_session_id


async def test_no_cookie_costs_no_lookup() -> None:
    """Reading without a cookie asks the store nothing, stores nothing and sends nothing."""
    visitor = Visitor(World())
    session = await visitor.session()
    assert session.get("basket") is None
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
    other = Visitor(visitor.world.like(), visitor.cookies)
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
    visitor = await with_session(basket=[1])
    assert await visitor.assign(basket=[1]) is None
    assert visitor.operations == {"load": 1}


async def test_a_change_is_one_write_and_no_cookie() -> None:
    """The ID has not changed, so nothing is sent; a nested change is a change."""
    visitor = await with_session(basket={"tea": 1})
    session = await visitor.session()
    session["basket"]["tea"] = 2
    assert await visitor.commit(session) is None
    assert visitor.operations == {"load": 1, "cas": 1}
    assert await visitor.data() == {"basket": {"tea": 2}}


async def test_a_request_may_commit_twice() -> None:
    """What is assigned after a commit is committed by the next one."""
    visitor = await with_session()
    session = await visitor.session()
    for number in (1, 2):
        session["basket"] = number
        await visitor.commit(session)
    assert await visitor.data() == {"basket": 2}


async def test_promise_2_an_unknown_id_is_not_adopted() -> None:
    """A well-formed, signed ID that the store does not know creates nothing, and a new one does."""
    world = World()
    planted = new_session_id()
    visitor = Visitor(world)
    visitor.take(world.sessions._cookie.keep(planted, ABSOLUTE))
    session = await visitor.session()
    assert session.ended
    assert session.stored is None
    assert await visitor.commit(session) is None
    assert visitor.operations == {"load": 1}
    await visitor.assign(basket=1)
    stored = (await visitor.session()).stored
    assert stored is not None
    assert stored.session_id != planted
    assert await world.sessions.records.fetch(planted) is None


@pytest.mark.parametrize("text", ["", "short", "A" * 44, "ü" * 43, "A" * 42 + "/"])
async def test_promise_3_a_signed_value_that_is_no_id_costs_no_lookup(text: str) -> None:
    """Even under a true signature, only a session ID is looked up."""
    world = World()
    name = world.sessions.cookie_name
    signed = world.signer.sign(name, text.encode())
    assert (await world.sessions.load({name: signed})).stored is None
    assert (await world.sessions.load({name: text})).stored is None
    assert not world.store.operations


async def test_promise_5_rotation_keeps_sessions_and_signs_again_when_written() -> None:
    """While the old secret is listed the session lives; its cookie is re-signed at a write."""
    old = await with_session()
    rotated = Visitor(old.world.like(secret={**SECRET, 1: "t" * 32}), old.cookies)
    assert await rotated.data() == {"basket": 0}
    assert await rotated.commit(await rotated.session()) is None
    cookie = await rotated.assign(basket=1)
    assert cookie is not None
    assert cookie.value.startswith("2|1:1|")
    assert await rotated.assign(basket=2) is None
    new_only = Visitor(old.world.like(secret={1: "t" * 32}), rotated.cookies)
    assert await new_only.data() == {"basket": 2}
    assert await Visitor(new_only.world, old.cookies).data() == {}


async def test_promise_6_another_applications_session_is_refused() -> None:
    """A cookie copied under the name of an application with the same secret costs no lookup."""
    visitor = await with_session()
    (value,) = visitor.cookies.values()
    other = visitor.world.like(application="other")
    session = await other.sessions.load({other.sessions.cookie_name: value})
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
        await visitor.assign(basket="x" * 65_536)
    assert await visitor.data() == {"basket": 1}
    assert visitor.operations == {"load": 2}

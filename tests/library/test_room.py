"""How much of the store sessions may take: those of nobody, and large ones of those signed in."""

from __future__ import annotations

from typing import Any

import pytest
from state_app import ADA, IDLE, Visitor, World, put
from tornado_state import StoreRefused, StoreUnavailable, TooManySessions
from tornado_state.sessions.room import OVERHEAD

MIB = 2**20
SHARE = MIB // 8
ANONYMOUS = 600


class Crowd:
    """Visitors of one application from many addresses."""

    def __init__(self, **settings: Any) -> None:
        self.world = World(
            session_anonymous_room=MIB,
            session_signed_in_room=MIB,
            session_anonymous_idle_timeout=ANONYMOUS,
            **settings,
        )
        self.records = self.world.sessions.records
        self.room = self.records._rooms.of(anonymous=True)
        self.signed_in = self.records._rooms.of(anonymous=False)

    async def visit(self, address: str, visitor: Visitor | None = None, **values: Any) -> Visitor:
        """Assign values in a request from ``address``."""
        visitor = visitor or Visitor(self.world)
        session = await visitor.session()
        session.address = address
        put(session, **values)
        await visitor.commit(session)
        return visitor

    async def sign_in(self, address: str, visitor: Visitor | None = None, **values: Any) -> Visitor:
        """Sign in in a request from ``address``, with values."""
        visitor = visitor or Visitor(self.world)
        session = await visitor.session()
        session.address = address
        session.sign_in(remember=False)
        put(session, who=ADA, **values)
        await visitor.commit(session)
        return visitor

    async def fill(self, address: str) -> int:
        """Begin sessions from ``address`` until it is refused; return how many."""
        begun = self.world.store.records()
        with pytest.raises(TooManySessions) as refused:
            await self.flood(address)
        assert 1 <= refused.value.retry_after <= ANONYMOUS
        return int(self.world.store.records() - begun)

    async def flood(self, *addresses: str) -> None:
        """Begin more sessions from ``addresses``, in turn, than there is room for."""
        for _ in range(100):
            for address in addresses:
                await self.visit(address, lines=of_size(20_000))


def of_size(size: int) -> list[int]:
    """Return a value that takes so many bytes of JSON, and one."""
    return [100_000_000] * (size // 10)


async def test_one_network_has_an_eighth_and_is_then_refused() -> None:
    """Its sessions stay within their share, and nobody else's visit is refused for them."""
    crowd = Crowd()
    begun = await crowd.fill("192.0.2.1")
    kept = sum(len(kept.record.sealed) + OVERHEAD for kept in crowd.world.store._kept.values())
    assert 0 < SHARE - kept < 20_000 + 300
    assert crowd.room.taken == kept
    assert begun == crowd.world.store.records()
    await crowd.visit("192.0.2.2", basket=1)
    assert "refused" in crowd.world.events


async def test_this_machine_has_no_share_but_the_room() -> None:
    """It is its owner, or a proxy whose visitors would have an eighth together."""
    crowd = Crowd()
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        with pytest.raises(StoreRefused) as refused:
            await crowd.flood(address)
        assert not isinstance(refused.value, TooManySessions)
        assert MIB - 20_300 < crowd.room.taken <= MIB


async def test_all_networks_together_have_no_more_than_the_room() -> None:
    """Beyond it nobody is given a session without signing in; it is told as a full store is."""
    crowd = Crowd()
    for last in range(8):
        await crowd.fill(f"192.0.2.{last}")
    with pytest.raises(StoreRefused) as refused:
        await crowd.flood(*(f"192.0.2.{last}" for last in range(8, 20)))
    assert not isinstance(refused.value, TooManySessions)
    assert crowd.room.taken <= MIB


async def test_a_sign_in_takes_none_of_the_room_and_gives_its_own_back() -> None:
    """However full it is, people sign in, and what they have is theirs."""
    crowd = Crowd()
    first = await crowd.visit("192.0.2.1", lines=of_size(20_000))
    await crowd.fill("192.0.2.1")
    taken = crowd.room.taken
    session = await first.session()
    session.address = "192.0.2.1"
    session.sign_in(remember=False)
    put(session, who=ADA)
    await first.commit(session)
    assert crowd.room.taken < taken - 20_000
    taken = crowd.room.taken
    await crowd.visit("192.0.2.1", first, lines=of_size(50_000))
    assert crowd.room.taken == taken


async def test_full_sessions_of_people_who_are_signed_in_have_a_room_of_their_own() -> None:
    """A network has an eighth of it, whoever signs in there; small ones are nobody's concern."""
    crowd = Crowd()
    full = [await crowd.sign_in("192.0.2.1", lines=of_size(60_000)) for _ in range(2)]
    small = await crowd.sign_in("192.0.2.1", basket=1)
    assert SHARE - 11_000 < crowd.signed_in.taken < SHARE
    for large in (crowd.sign_in, crowd.visit):
        with pytest.raises(TooManySessions):
            await large("192.0.2.1", small, lines=of_size(20_000), basket=2)
    assert await small.data() == {"who": ADA, "basket": 1}
    await crowd.visit("192.0.2.1", small, basket=3)
    await crowd.sign_in("192.0.2.2", lines=of_size(20_000))
    await crowd.visit("192.0.2.1", full.pop(), lines=[])
    await crowd.visit("192.0.2.1", small, lines=of_size(20_000))
    assert crowd.signed_in.taken < 110_000
    assert crowd.room.taken == 0


async def test_what_is_used_keeps_its_room_and_what_is_small_has_none() -> None:
    """The idle clock of a large record is that of its room."""
    crowd = Crowd()
    people = [await crowd.sign_in("192.0.2.1", lines=of_size(size)) for size in (20_000, 10)]
    for _ in range(2):
        crowd.world.clock.pass_(IDLE // 2)
        for person in people:
            session = await person.session()
            session.address = "192.0.2.1"
            await person.commit(session)
        assert 20_000 < crowd.signed_in.taken < 21_000


async def test_a_session_that_grows_takes_more_and_one_that_ends_gives_it_back() -> None:
    """What is counted is what is kept: a change, a renewal, a sign-out."""
    crowd = Crowd()
    visitor = await crowd.visit("192.0.2.1", lines=of_size(10))
    small = crowd.room.taken
    await crowd.visit("192.0.2.1", visitor, lines=of_size(1_010))
    assert crowd.room.taken == small + 1_000
    session = await visitor.session()
    session.renew_id()
    await visitor.commit(session)
    assert crowd.room.taken == small + 1_000
    await crowd.fill("192.0.2.1")
    with pytest.raises(TooManySessions):
        await crowd.visit("192.0.2.1", visitor, lines=of_size(60_000))
    assert (await visitor.data())["lines"] == of_size(1_010)
    await crowd.visit("192.0.2.1", visitor, lines=of_size(10))
    session = await visitor.session()
    session.destroy()
    before = crowd.room.taken
    await visitor.commit(session)
    assert crowd.room.taken == before - small


async def test_what_is_not_used_for_the_idle_timeout_takes_no_room() -> None:
    """And what is used takes its room on, though another process has begun it."""
    crowd = Crowd()
    used = await crowd.visit("192.0.2.1", lines=of_size(20_000))
    await crowd.fill("192.0.2.1")
    for taken in (SHARE - 20_500, 20_000):
        crowd.world.clock.pass_(ANONYMOUS // 2)
        session = await used.session()
        session.address = "192.0.2.1"
        await used.commit(session)
        assert 0 <= crowd.room.taken - taken < 20_500
    await crowd.visit("192.0.2.2", basket=1)
    assert 20_000 < crowd.room.taken < 21_000
    elsewhere = Crowd(clock=crowd.world.clock, store=crowd.world.store)
    visitor = Visitor(elsewhere.world, used.cookies)
    session = await visitor.session()
    session.address = "192.0.2.1"
    await visitor.commit(session)
    assert 20_000 < elsewhere.room.taken < 21_000


async def test_a_session_without_a_sign_in_ends_sooner() -> None:
    """It has an idle timeout of its own; whoever signs in has the longer one."""
    crowd = Crowd()
    anonymous = await crowd.visit("192.0.2.1", basket=1)
    person = await crowd.visit("192.0.2.1", who=ADA)
    stored = (await anonymous.session()).stored
    assert stored is not None
    assert crowd.records.expires_at(stored) == crowd.world.clock() + ANONYMOUS
    crowd.world.clock.pass_(ANONYMOUS)
    assert await anonymous.data() == {}
    assert await person.data() == {"who": ADA}
    crowd.world.clock.pass_(IDLE - ANONYMOUS - 1)
    assert await person.data() == {"who": ADA}


async def test_what_the_store_did_not_keep_takes_no_room() -> None:
    """A write that was refused or not answered has taken nothing."""
    crowd = Crowd()
    crowd.world.store.fail("add")
    with pytest.raises(StoreUnavailable):
        await crowd.visit("192.0.2.1", lines=of_size(20_000))
    assert crowd.room.taken == 0

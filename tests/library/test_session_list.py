"""The sessions of a person: listed, and ended from another one, without an index of one's own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import pytest
from state_app import OLD, Browser, serving_application
from tornado_state import CompositionError, Kind, StateApplication, StateHandler, Unsupported
from tornado_state.sessions import listing
from tornado_state.sessions.listing import Listed, Listing, SessionList
from watched_store import Clock, WatchedStore

USER = Kind("user", str, identity=True, revocable=True)
SEEN = Kind("seen", int, default=0, fresh=True)


class Account(StateHandler):
    """One's sessions."""

    user = USER
    seen = SEEN

    async def get(self) -> None:
        sessions = await self.state.sessions()
        since = await self.state.sessions_since()
        rows = [(each.handle, each.label, each.current) for each in sessions]
        self.write({"sessions": rows, "since": since.timestamp()})

    async def put(self) -> None:
        self.state.sign_in(self.get_argument("name"), label=self.get_argument("label", ""))
        if self.get_argument("and_list", ""):
            await self.state.sessions()

    def patch(self) -> None:
        self.state.renew_id()

    async def post(self) -> None:
        handle = self.get_argument("handle", "")
        ended = (
            await self.state.end_session(handle)
            if handle
            else await self.state.end_other_sessions()
        )
        self.write({"ended": ended})

    def delete(self) -> None:
        self.state.destroy()


class Anonymous(StateHandler):
    seen = SEEN

    def get(self) -> None:
        self.seen += 1


class People:
    """Browsers at an application that lists sessions."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.store = WatchedStore(self.clock)
        self.settings = {
            "cookie_secret": OLD,
            "session_store": self.store,
            "state_clock": self.clock,
            "session_list": True,
            **settings,
        }

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[People]:
        """Serve it."""
        routes = [("/", Account), ("/anonymous", Anonymous)]
        application = StateApplication(routes, **self.settings)
        self.composition = application.composition
        async with serving_application(application) as browser:
            self.port = browser.port
            yield self

    def store_key_of_list(self, person: str) -> str:
        """Return where the list of somebody's sessions is kept."""
        assert self.composition.sessions is not None
        sealer = self.composition.sessions.records.sealer
        return sealer.store_key(sealer.derived_id("sessions of", person.encode()))

    async def sign_in(self, name: str, *labels: str) -> list[Browser]:
        """Return the browsers of somebody who has signed in with each."""
        return [await self.signs_in(name, label) for label in labels]

    async def signs_in(self, name: str, label: str = "") -> Browser:
        """Return the browser of somebody who has just signed in."""
        browser = Browser(self.port)
        answer = await browser.get(f"/?name={name}&label={label}", method="PUT")
        assert answer.code == 200, answer.body
        return browser


async def listed(browser: Browser) -> list[tuple[str, bool]]:
    """Return the labels of one's sessions, and which is this one."""
    answer = await browser.get("/")
    assert answer.code == 200, answer.body
    return [(label, current) for _, label, current in json.loads(answer.body)["sessions"]]


async def handles(browser: Browser) -> dict[str, str]:
    """Return the handles of one's sessions by their labels."""
    answer = json.loads((await browser.get("/")).body)
    return {label: handle for handle, label, _ in answer["sessions"]}


async def test_sessions_are_listed_and_ended_everywhere() -> None:
    """One's own, and nobody else's; what is ended is over at once."""
    async with People().serving() as people:
        phone, laptop = (
            await people.signs_in("ann", "phone"),
            await people.signs_in("ann", "laptop"),
        )
        other = await people.signs_in("bob", "desk")
        assert await listed(phone) == [("phone", True), ("laptop", False)]
        assert await listed(other) == [("desk", True)]
        assert json.loads((await laptop.get("/", method="POST")).body) == {"ended": 1}
        assert (await phone.get("/")).code == 401
        assert await listed(laptop) == [("laptop", True)]
        assert await listed(other) == [("desk", True)]


async def test_one_session_is_ended_by_its_handle() -> None:
    """Of one's own only; a handle that is none ends nothing."""
    async with People().serving() as people:
        phone, laptop = (
            await people.signs_in("ann", "phone"),
            await people.signs_in("ann", "laptop"),
        )
        bob = await people.signs_in("bob")
        handle = (await handles(phone))["laptop"]
        assert json.loads((await bob.get(f"/?handle={handle}", method="POST")).body) == {
            "ended": False
        }
        assert json.loads((await phone.get(f"/?handle={handle}", method="POST")).body) == {
            "ended": True
        }
        assert (await laptop.get("/")).code == 401
        mine = (await handles(phone))["phone"]
        await phone.get(f"/?handle={mine}", method="POST")
        assert (await phone.get("/")).code == 401


async def test_a_session_that_goes_on_under_a_new_id_stays_listed() -> None:
    """By its label, once; one that is over is not."""
    async with People().serving() as people:
        phone, laptop = (
            await people.signs_in("ann", "phone"),
            await people.signs_in("ann", "laptop"),
        )
        await phone.get("/", method="PATCH")
        assert await listed(laptop) == [("laptop", True), ("phone", False)]
        await phone.get("/", method="DELETE")
        assert await listed(laptop) == [("laptop", True)]


async def test_a_list_is_bounded_and_the_oldest_session_ends() -> None:
    """What is over goes first."""
    async with People().serving() as people:
        first, second = (
            await people.signs_in("ann", "first"),
            await people.signs_in("ann", "second"),
        )
        for _ in range(listing.MOST - 2):
            last = await people.signs_in("ann")
        await second.get("/", method="DELETE")
        last = await people.signs_in("ann", "last")
        assert len(await listed(first)) == listing.MOST
        await people.signs_in("ann", "more")
        assert (await first.get("/")).code == 401
        assert len(await listed(last)) == listing.MOST


async def test_sign_ins_at_once_are_all_listed() -> None:
    """The list is changed by compare-and-swap."""
    async with People().serving() as people:
        browsers = await asyncio.gather(*(people.signs_in("ann") for _ in range(8)))
        assert len(await listed(browsers[0])) == 8


async def test_a_session_that_cannot_be_listed_does_not_begin() -> None:
    """503, no cookie, and no record of a session that nobody could end."""
    async with People().serving() as people:
        await people.signs_in("ann")
        people.store.fail("cas")
        browser = Browser(people.port)
        answer = await browser.get("/?name=ann", method="PUT")
        assert (answer.code, browser.jar) == (503, {})
        assert people.store.records() == 2


async def test_a_list_that_the_store_has_lost_says_since_when_it_knows() -> None:
    """This session is in it all the same; what began before is not, and cannot be ended."""
    async with People().serving() as people:
        await people.signs_in("ann", "lost")
        phone = await people.signs_in("ann", "phone")
        await people.store.delete(people.store_key_of_list("ann"))
        people.clock.pass_(60)
        assert await listed(phone) == [("", True)]
        laptop = await people.signs_in("ann", "laptop")
        answer = json.loads((await laptop.get("/")).body)
        assert answer["since"] == people.clock.now
        assert await listed(laptop) == [("laptop", True)]


async def test_a_list_that_is_none_begins_anew() -> None:
    """Foreign bytes in its place are no list; those of a newer release are left alone."""
    async with People().serving() as people:
        phone = await people.signs_in("ann", "phone")
        key = people.store_key_of_list("ann")
        for junk, status in ((b"\x01junk", 200), (b"\x0fnewer", 503)):
            await people.store.delete(key)
            await people.store.add(key, junk, 60)
            assert (await phone.get("/")).code == status
            browser = Browser(people.port)
            assert (await browser.get("/?name=ann", method="PUT")).code == status


async def test_who_is_not_signed_in_has_no_list() -> None:
    """Nor is a session without a sign-in in any."""
    async with People().serving() as people:
        browser = Browser(people.port)
        assert (await browser.get("/")).code == 401
        await browser.get("/anonymous")
        assert (await browser.get("/")).code == 401
        assert people.store.records() == 1


async def test_an_application_without_a_list_says_so() -> None:
    """By `Unsupported`, 501."""
    async with People(session_list=False).serving() as people:
        browser = await people.signs_in("ann")
        assert (await browser.get("/")).code == Unsupported.status


class InDatabase(SessionList):
    """A list of the application's own."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Listed]] = {}
        self.renewed: list[str | None] = []

    async def add(self, person: str, session: Listed, renewed: str | None) -> None:
        self.rows.setdefault(person, []).append(session)
        self.renewed.append(renewed)

    async def of(self, person: str) -> Listing:
        return Listing(self.rows.get(person, []))

    async def forget(self, person: str, store_keys: Collection[str]) -> None:
        self.rows[person] = [e for e in self.rows[person] if e.store_key not in store_keys]


async def test_the_application_may_keep_the_list() -> None:
    """Then the store has none, and loses none."""
    mine = InDatabase()
    async with People(session_list=mine).serving() as people:
        await people.signs_in("ann", "phone")
        laptop = await people.signs_in("ann", "laptop")
        assert people.store.records() == 2
        assert await listed(laptop) == [("phone", False), ("laptop", True)]
        await laptop.get("/", method="POST")
        assert [each.label for each in mine.rows["ann"]] == ["laptop"]


async def test_a_list_of_ones_own_is_told_of_a_renewal_and_of_no_other_end() -> None:
    """The label is the old session's to give; what is signed out stays until it is let go of."""
    mine = InDatabase()
    async with People(session_list=mine).serving() as people:
        laptop = await people.signs_in("ann", "laptop")
        (old,) = mine.rows["ann"]
        await laptop.get("/", method="PATCH")
        assert mine.renewed == [None, old.store_key]
        assert [each.label for each in mine.rows["ann"]] == ["laptop", ""]
        await laptop.get("/", method="DELETE")
        assert len(mine.rows["ann"]) == 2


def test_what_a_list_in_the_store_cannot_cover_is_refused() -> None:
    """Sessions that last longer than the list; and what is no list."""
    longer: dict[str, Any] = {"session_remember_timeout": 2_592_001}
    with pytest.raises(CompositionError, match="give a SessionList of your own"):
        StateApplication([], cookie_secret=OLD, session_list=True, **longer)
    with pytest.raises(CompositionError, match="session_list is True or False"):
        StateApplication([], cookie_secret=OLD, session_list="redis")
    StateApplication([], cookie_secret=OLD, session_list=InDatabase(), **longer)


class Taken(WatchedStore):
    """A store in which somebody else is always faster."""

    async def cas(self, key: str, sealed: bytes, token: bytes, idle: int) -> bool | None:
        return False


async def test_a_list_that_nobody_gets_to_change_is_a_conflict() -> None:
    """After many tries the sign-in is refused: it would not be listed."""
    people = People(session_store=Taken(Clock()))
    async with people.serving():
        await people.signs_in("ann")
        assert (await Browser(people.port).get("/?name=ann", method="PUT")).code == 409


async def test_a_sign_in_is_listed_once_it_is_confirmed() -> None:
    """Before that, there is no session to list."""
    async with People().serving() as people:
        answer = await Browser(people.port).get("/?name=ann&and_list=1", method="PUT")
        assert answer.code == 401

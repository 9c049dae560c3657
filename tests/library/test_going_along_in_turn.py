"""Cookies go along with one sign-in or sign-out after another, and with those under way."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from abroad_app import SECRET
from commanded_store import Clock, CommandedStore, fails, loses_its_answer
from tornado_state import Kind, StateApplication, StateHandler, StoreUnavailable
from visitor_with_draft import (
    THEN,
    after,
    counted,
    counted_unheard,
    failed,
    in_flight,
    raised,
    reloaded,
)
from without_sockets import ask


async def committed_in_vain(h: Any, how: Any, *operations: str) -> None:
    """Commit, and hear nothing of it."""
    for operation in operations:
        h.application.settings["store"].tell(operation, how)
    with suppress(StoreUnavailable):
        await h.state.commit()


@pytest.mark.parametrize(("then", "status"), THEN)
async def test_who_signs_in_after_a_sign_out_finds_nothing_of_who_was_there(
    then: Any, status: int
) -> None:
    """A draft is inherited by who signs in over somebody, not by who comes after a sign-out."""

    async def post(h: Any) -> None:
        h.state.destroy()
        h.state.sign_in("ben")
        await counted(h)
        await then(h)

    code, seen = await after({}, post, "ann")
    assert code == status
    assert seen == {"user": "ben", "draft": [], "hint": ""}


@pytest.mark.parametrize("then", [reloaded, failed, raised])
async def test_a_sign_out_that_was_done_counts_when_a_sign_in_after_it_was_not(then: Any) -> None:
    """The browser is told to forget, whatever else was asked for and forgotten."""

    async def post(h: Any) -> None:
        h.state.destroy()
        await counted(h)
        h.state.sign_in("ben")
        await then(h)

    jar: dict[str, str] = {}
    assert (await after(jar, post, "ann"))[1] == {"user": None, "draft": [], "hint": "seen"}
    assert not any("draft" in name for name in jar)


async def test_of_two_sign_ins_the_last_one_done_has_the_draft() -> None:
    """The first was heard of, the second one not, until the answer."""

    async def post(h: Any) -> None:
        h.state.sign_in("ann")
        await counted(h)
        h.state.sign_in("ben")
        await counted_unheard(h)
        await failed(h)

    assert (await after({}, post))[1] == {"user": "ben", "draft": ["mine"], "hint": ""}


async def test_a_sign_out_that_was_done_drops_no_more_than_it_was_to() -> None:
    """Another one that was to drop all was forgotten before the store was asked for it."""

    async def post(h: Any) -> None:
        h.state.destroy()
        await counted(h)
        h.state.destroy(everything=True)
        await failed(h)

    assert (await after({}, post, "ann"))[1] == {"user": None, "draft": [], "hint": "seen"}


async def test_nor_does_it_drop_less_when_the_other_one_turns_out_to_be_done() -> None:
    """Nobody had heard of that until it was looked up."""

    async def post(h: Any) -> None:
        h.state.destroy()
        h.count = 5
        await counted(h)
        h.state.destroy(everything=True)
        await committed_in_vain(h, loses_its_answer, "cas", "delete")
        await h.state.reload()

    assert (await after({}, post, "ann"))[1] == {"user": None, "draft": [], "hint": ""}


async def test_a_sign_out_that_was_forgotten_drops_nothing() -> None:
    """Though the session's ID has ended meanwhile: another request has renewed it."""
    jar: dict[str, str] = {}

    async def renew(h: Any) -> None:
        h.state.renew_id()

    async def post(h: Any) -> None:
        h.state.destroy(everything=True)
        h.application.settings["post"] = renew
        await ask(h.application, "/", jar)
        await h.state.reload()

    assert (await after(jar, post, "ann"))[1] == {"user": "ann", "draft": ["mine"], "hint": "seen"}


async def test_a_sign_out_nobody_heard_of_leaves_no_cookie_once_it_is_seen() -> None:
    """The session was to end, and has ended."""

    async def post(h: Any) -> None:
        h.state.destroy()
        await committed_in_vain(h, loses_its_answer, "cas", "delete")
        await h.state.reload()

    jar: dict[str, str] = {}
    assert (await after(jar, post, "ann"))[1] == {"user": None, "draft": [], "hint": "seen"}
    assert not any("draft" in name for name in jar)


async def test_what_a_commit_has_confirmed_is_kept_though_it_was_forgotten_on_the_way() -> None:
    """It returned, so what it began with stands: a reload meanwhile takes nothing back."""

    async def post(h: Any) -> None:
        h.draft, h.hint = ["new"], "new"
        h.state.sign_in("ann")
        gate, commit = await in_flight(h)
        reload = asyncio.ensure_future(h.state.reload())
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(commit, reload)
        assert (h.user, h.draft, h.hint) == ("ann", ["new"], "new")
        h.draft.append("newer")

    assert await after({}, post) == (
        200,
        {"user": "ann", "draft": ["new", "newer"], "hint": "new"},
    )


@pytest.mark.parametrize(("who", "before"), [("", ""), ("ann", "ben")])
async def test_who_signs_in_while_a_commit_is_under_way_has_his_draft(
    who: str, before: str
) -> None:
    """That commit has not gone along with him, but with whom it has signed in itself."""

    async def post(h: Any) -> None:
        h.count = 5
        if before:
            h.state.sign_in(before)
        gate, commit = await in_flight(h)
        h.state.sign_in("ann")
        gate.opened.set()
        await commit
        await counted(h)
        await failed(h)

    assert (await after({}, post, who))[1] == {"user": "ann", "draft": ["mine"], "hint": ""}


async def test_who_is_forgotten_before_a_commit_gets_to_him_has_nothing_signed() -> None:
    """It looks first what became of an earlier one."""

    async def post(h: Any) -> None:
        h.state.sign_in("ann")
        await committed_in_vain(h, fails, "cas")
        gate, commit = await in_flight(h, "load")
        reload = asyncio.ensure_future(h.state.reload())
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.gather(commit, reload)

    assert (await after({}, post))[1] == {"user": None, "draft": ["mine"], "hint": "seen"}


async def test_who_turns_out_to_be_signed_in_stays_so_where_another_cannot_be() -> None:
    """Nobody could tell when another one was asked for, and was answered 503."""

    async def post(h: Any) -> None:
        h.state.sign_in("ann")
        await committed_in_vain(h, loses_its_answer, "cas")
        h.state.sign_in("ben")
        h.application.settings["store"].tell("load", fails)

    code, seen = await after({}, post)
    assert (code, seen) == (503, {"user": "ann", "draft": ["mine"], "hint": ""})


class Named(StateHandler):
    """Has one signed in of whom the session says more than the name."""

    async def post(self) -> None:
        await self.application.settings["post"](self, self.state)

    def put(self) -> None:
        self.state.sign_in({"name": "ann"})


def named(version: int, store: CommandedStore, post: Any) -> tuple[Kind[Any], Any]:
    """Return the kind that says who is signed in, and an application that has it."""
    needs = {"confidential": True, "revocable": True, "version": version}
    made = dict.fromkeys(range(1, version), dict)
    user = Kind("user", dict[str, str], identity="name", migrations=made, **needs)
    page = type("Page", (Named,), {"user": user, "draft": Kind("draft", str, default="")})
    settings = {"cookie_secure": False, "session_store": store, "state_clock": store._clock}
    return user, StateApplication([("/", page)], cookie_secret=SECRET, post=post, **settings)


async def test_who_is_signed_out_need_not_be_known() -> None:
    """What became of his name is not, or a newer release has written it: he may go all the same."""

    async def unheard(h: Any, state: Any) -> None:
        store.tell("cas", loses_its_answer)
        with suppress(StoreUnavailable):
            await state.update(user, lambda value: {**value, "more": "1"})
        state.destroy()

    async def signed_out(h: Any, state: Any) -> None:
        state.destroy()

    store = CommandedStore(Clock())
    user, made = named(1, store, unheard)
    _, newer = named(2, store, signed_out)
    jar: dict[str, str] = {}
    assert (await ask(made, "/", jar, "PUT")).code == 200
    assert ((await ask(made, "/", jar)).code, jar) == (200, {})
    made.settings["post"] = signed_out
    assert (await ask(newer, "/", jar, "PUT")).code == 200
    assert ((await ask(made, "/", jar)).code, jar) == (200, {})

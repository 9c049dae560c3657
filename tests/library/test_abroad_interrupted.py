"""A write that was interrupted may have happened: the answer tells what is so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from abroad_app import ANN, CART, EMPTY, FILLED, ROUTES, VISITS, Everything, serving
from commanded_store import Gate, fails, loses_its_answer
from tornado_state import StoreUnavailable
from tornado_state.exceptions import OutcomeUnknown

Program = Callable[[Any], Awaitable[None]]

#: How a write is interrupted, and whether it was done.
INTERRUPTIONS = {
    "cancelled before": False,
    "cancelled after": True,
    "no answer, not done": False,
    "no answer, done": True,
}


def up(count: int) -> int:
    return count + 1


async def interrupted(h: Any, how: str, write: Callable[[], Awaitable[Any]]) -> None:
    """Have ``write`` interrupted at its compare-and-swap."""
    store = h.application.session_store
    if how.startswith("no answer"):
        store.tell("cas", loses_its_answer if INTERRUPTIONS[how] else fails)
        with suppress(StoreUnavailable):
            await write()
        return
    gate = Gate()
    store.tell("cas", gate.after if INTERRUPTIONS[how] else gate.before)
    task = asyncio.ensure_future(write())
    await gate.reached.wait()
    task.cancel()
    await asyncio.wait([task])


def running(program: Program) -> dict[str, Any]:
    async def post(h: Any) -> None:
        await program(h)

    return ROUTES | {"/run": type("Run", (Everything,), {"post": post})}


# Row 3
@pytest.mark.parametrize("how", INTERRUPTIONS)
async def test_a_value_that_nobody_knows_is_not_read(how: str) -> None:
    """After an interrupted update its value cannot be read or answered with, until `reload`."""

    async def program(h: Any) -> None:
        await interrupted(h, how, lambda: h.state.update(VISITS, up))
        with pytest.raises(OutcomeUnknown):
            h.state.get(VISITS)
        assert h.cart == ["a"]
        if h.get_argument("reload", ""):
            await h.state.reload()
        h.write({"visits": h.visits})

    async with serving(running(program)) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 503
        done = INTERRUPTIONS[how]
        assert (await browser.values())["visits"] == 1 + done
        told = await browser.fetch("/run?reload=1", "POST")
        assert told.body == b'{"visits": %d}' % (1 + 2 * done)
        assert (await browser.values())["visits"] == 1 + 2 * done


# Row 3
@pytest.mark.parametrize("how", INTERRUPTIONS)
async def test_what_else_was_changed_is_kept_beside_it(how: str) -> None:
    """An answer of 200 after an interrupted update keeps the rest, and the update as it is."""

    async def program(h: Any) -> None:
        cart = h.cart
        await interrupted(h, how, lambda: h.state.update(VISITS, up))
        cart.append("x")
        h.draft = ["e"]

    async with serving(running(program)) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        assert await browser.values() == FILLED | {
            "visits": 1 + INTERRUPTIONS[how],
            "cart": ["a", "x"],
            "draft": ["e"],
        }


# Row 3
@pytest.mark.parametrize("how", INTERRUPTIONS)
async def test_a_second_update_goes_on_from_what_is_so(how: str) -> None:
    """An update after an interrupted one is applied to what stands, and returns what is kept."""

    async def program(h: Any) -> None:
        await interrupted(h, how, lambda: h.state.update(VISITS, up))
        assert await h.state.update(VISITS, up) == 2 + INTERRUPTIONS[how]

    async with serving(running(program)) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        assert (await browser.values())["visits"] == 2 + INTERRUPTIONS[how]


# Row 3
@pytest.mark.parametrize("how", INTERRUPTIONS)
@pytest.mark.parametrize("kind", ["visits", "cart"])
async def test_an_interrupted_commit_is_never_called_refused(kind: str, how: str) -> None:
    """409 says that nothing was stored; where that is not known, the answer is another one."""
    theirs = {"visits": 9, "cart": ["theirs"]}

    async def other(h: Any) -> None:
        h.state[VISITS if kind == "visits" else CART] = theirs[kind]

    async def program(h: Any) -> None:
        h.visits, h.cart = 2, ["mine"]
        await interrupted(h, how, h.state.commit)
        await browser.copy().fetch("/other", "POST")

    routes = running(program) | {"/other": type("Other", (Everything,), {"post": other})}
    async with serving(routes) as browser:
        await browser.fetch("/fill", "POST")
        response = await browser.fetch("/run", "POST")
        assert response.code == (503 if INTERRUPTIONS[how] else response.code)
        mine = {"visits": 2, "cart": ["mine"]} if INTERRUPTIONS[how] else {}
        assert await browser.values() == FILLED | mine | {kind: theirs[kind]}


# Row 3
@pytest.mark.parametrize("how", INTERRUPTIONS)
async def test_what_an_interrupted_commit_wrote_can_be_taken_back(how: str) -> None:
    """A handler that drops again what may have been written is answered once it is gone."""

    async def program(h: Any) -> None:
        h.cart = ["mine"]
        await interrupted(h, how, h.state.commit)
        del h.cart

    async with serving(running(program)) as browser:
        await browser.fetch("/login", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        assert (await browser.values())["cart"] == []


#: What is asked for under a new ID, and what the visitor has then.
RENEWALS: dict[str, tuple[Callable[[Any], None], dict[str, Any]]] = {
    "renew_id": (lambda h: h.state.renew_id(), FILLED),
    "sign_in": (lambda h: h.state.sign_in(ANN), EMPTY | {"user": "ann"}),
}


# Rows 2 and 3
@pytest.mark.parametrize("then", ["answers", "reloads", "fails", "signs out"])
@pytest.mark.parametrize("how", INTERRUPTIONS)
@pytest.mark.parametrize("asked", RENEWALS)
async def test_an_interrupted_renewal_leaves_nobody_without_a_session(
    asked: str, how: str, then: str
) -> None:
    """Whether a new ID came to count or not: the visitor's cookie leads to what does."""
    ask, renewed = RENEWALS[asked]

    async def program(h: Any) -> None:
        ask(h)
        await interrupted(h, how, h.state.commit)
        if then == "reloads":
            await h.state.reload()
        elif then == "signs out":
            h.state.destroy()
        elif then == "fails":
            raise RuntimeError

    async with serving(running(program)) as browser:
        await browser.fetch("/fill", "POST")
        code = (await browser.fetch("/run", "POST")).code
        assert code == (500 if then == "fails" else 200)
        values = await browser.values()
        if then == "signs out":
            assert values == EMPTY | {"theme": values["theme"]}
            assert not browser.jar.keys() & {"state-session-id"}
        elif then == "answers" or INTERRUPTIONS[how]:
            assert values | {"theme": "", "draft": []} == renewed | {"theme": "", "draft": []}
        else:
            assert values["visits"] == 1


# Rows 2 and 3
@pytest.mark.parametrize("how", INTERRUPTIONS)
@pytest.mark.parametrize("asked", RENEWALS)
async def test_a_look_in_vain_loses_no_session_that_was_renewed(asked: str, how: str) -> None:
    """That the store did not answer a reload, either, takes nothing from who is then answered."""
    ask, renewed = RENEWALS[asked]

    async def program(h: Any) -> None:
        ask(h)
        await interrupted(h, how, h.state.commit)
        h.application.session_store.tell("load", fails)
        with pytest.raises(StoreUnavailable):
            await h.state.reload()

    async with serving(running(program)) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        values = await browser.values()
        assert values == FILLED | (renewed if INTERRUPTIONS[how] else {}) | {
            name: values[name] for name in ("theme", "draft")
        }


# Rows 3 and 12
@pytest.mark.parametrize("write", ["assigns", "updates", "renews", "signs in", "signs out"])
async def test_a_store_that_goes_away_within_the_write_is_answered_503(write: str) -> None:
    """A request whose write is lost in the middle of an outage is answered, by each process."""

    async def program(h: Any) -> None:
        h.cart = ["x"]
        if write == "updates":
            await h.state.update(VISITS, up)
        elif write == "renews":
            h.state.renew_id()
        elif write == "signs in":
            h.state.sign_in(ANN)
        elif write == "signs out":
            h.state.destroy()

    async with (
        serving(running(program)) as browser,
        serving(
            running(program),
            session_store=browser.store,
            state_clock=browser.application.settings["state_clock"],
        ) as elsewhere,
    ):
        await browser.fetch("/fill", "POST")
        elsewhere.jar = browser.jar

        async def goes_away(call: Any) -> Any:
            browser.store.away = True
            return await loses_its_answer(call)

        browser.store.tell("cas", goes_away)
        response = await elsewhere.fetch("/run", "POST")
        assert response.code == 503
        assert response.headers["Retry-After"]

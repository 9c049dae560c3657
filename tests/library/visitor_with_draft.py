"""A visitor with a draft in a cookie, a request of his, and what he sees afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from abroad_app import SECRET
from commanded_store import Clock, CommandedStore, Gate, fails, loses_its_answer
from tornado_state import Kind, StateApplication, StateHandler, StoreUnavailable
from without_sockets import ask

USER = Kind("user", str, identity=True, confidential=True, revocable=True)
COUNT = Kind("count", int, default=0, concurrent=True, fresh=True)
#: For one person, and inherited; for anybody, and not inherited.
DRAFT = Kind("draft", list[str], default=[], inherited=True)
HINT = Kind("hint", str, default="", outlives_logout=True)


class Page(StateHandler):
    user, count, draft, hint = USER, COUNT, DRAFT, HINT

    def get(self) -> None:
        self.write({"user": self.user, "draft": self.draft, "hint": self.hint})

    async def put(self) -> None:
        if who := self.application.settings["who"]:
            self.state.sign_in(who)
        self.count, self.draft, self.hint = 1, ["mine"], "seen"

    async def post(self) -> None:
        await self.application.settings["post"](self)


async def after(
    jar: dict[str, str], post: Callable[[Any], Awaitable[None]], who: str = ""
) -> tuple[int, dict[str, Any]]:
    """Have a visitor with a draft post; return the status, and what he sees next."""
    clock = Clock()
    store = CommandedStore(clock)
    made = StateApplication(
        [("/", Page)],
        cookie_secret=SECRET,
        cookie_secure=False,
        session_store=store,
        state_clock=clock,
        log_function=lambda handler: None,
        post=post,
        store=store,
    )
    made.settings["who"] = who
    assert (await ask(made, "/", jar, "PUT")).code == 200
    answer = await ask(made, "/", jar)
    store.commands.clear()
    return answer.code, json.loads((await ask(made, "/", jar, "GET")).body)


async def counted(h: Any) -> None:
    await h.state.update(COUNT, lambda n: n + 1)


async def counted_unheard(h: Any) -> None:
    """As it was done, and nobody heard of it."""
    h.application.settings["store"].tell("cas", loses_its_answer)
    with suppress(StoreUnavailable):
        await counted(h)


async def reloaded(h: Any) -> None:
    await h.state.reload()


async def failed(h: Any) -> None:
    h.set_status(500)


async def raised(h: Any) -> None:
    raise ZeroDivisionError


async def unanswered(h: Any) -> None:
    h.count = 9
    h.application.settings["store"].tell("cas", fails)
    h.application.settings["store"].tell("add", fails)


async def in_flight(h: Any, operation: str = "cas") -> tuple[Gate, asyncio.Future[None]]:
    """Return a commit that is at the store, and what has it go on."""
    gate = Gate()
    h.application.settings["store"].tell(operation, gate.before)
    task = asyncio.ensure_future(h.state.commit())
    await gate.reached.wait()
    return gate, task


#: What forgets all that is in hand, and what is answered then.
THEN = [(reloaded, 200), (failed, 500), (raised, 500), (unanswered, 503)]

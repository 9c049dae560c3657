"""A visitor of two processes on one store, his requests, and what comes in between."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from abroad_app import SECRET
from commanded_store import Clock, CommandedStore, Gate, fails, loses_its_answer
from request_model import Model
from request_steps import COUNT, SESSION, Look, Step, Steps, word
from tornado.web import HTTPError
from tornado_state import StateApplication
from without_sockets import ask


class Run(Look):
    """Does what the program at hand says."""

    async def post(self) -> None:
        world: World = self.application.settings["world"]
        for step in world.steps:
            await world.do(self, step)
        if world.ending == "raise":
            raise RuntimeError
        if world.ending == "fail":
            self.set_status(500)
        elif world.ending == "refuse":
            raise HTTPError(418)


class Other(Look):
    """What another request of the visitor does, in another process."""

    async def post(self) -> None:
        what, value = self.application.settings["other"]
        if what == "count":
            await self.state.update(COUNT, lambda n: n + 1)
        elif what == "note":
            self.note = value
        elif what == "items":
            self.items.append(value)
        elif what == "drop":
            del self.items
        else:
            self.state.destroy()


class World(Steps):
    """A visitor, two processes on one store, and what the model expects."""

    def __init__(self) -> None:
        clock = Clock()
        self.clock, self.store = clock, CommandedStore(clock)
        self.here = self._application()
        self.there = self._application()
        self.jar: dict[str, str] = {}
        self.dead: set[str] = set()
        self.model = Model()
        self.steps: list[Step] = []
        self.ending = ""
        self.held: Any = None
        self.held_free = True
        self.renewed = self.others = False

    def _application(self) -> Any:
        return StateApplication(
            [("/look", Look), ("/run", Run), ("/other", Other)],
            cookie_secret=SECRET,
            cookie_secure=False,
            session_store=self.store,
            state_clock=self.clock,
            log_function=lambda handler: None,
            world=self,
            other=("", ""),
        )

    async def request(self, steps: list[Step], ending: str) -> None:
        """Have a program run, and see that the visitor has what he must have."""
        self.steps, self.ending = steps, ending
        self.held, self.held_free, self.renewed, self.others = None, True, False, False
        before = self.jar.get(SESSION)
        answer = await ask(self.here, "/run", self.jar)
        self.store.commands.clear()
        self.model.answered(answer.code)
        self.clock.pass_(20)
        self.model = self.model.seen(await self.look(self.jar))
        if before and self.jar.get(SESSION) != before:
            self.dead.add(before)

    async def look(self, jar: dict[str, str]) -> dict[str, Any]:
        answer = await ask(self.there, "/look", dict(jar), "GET")
        assert answer.code == 200, answer.body
        return dict(json.loads(answer.body))

    async def see_that_the_dead_are_dead(self) -> None:
        """No ID that a renewal, sign-in or sign-out has ended leads to anything."""
        for cookie in self.dead:
            seen = await self.look({SESSION: cookie})
            assert not any(seen[name] for name in ("items", "note", "count", "user", "record"))

    async def other(self, h: Any, what: str) -> None:
        if not self.model.record or len(self.model.kept) > 1 or self.renewed or self.model.unsure:
            return
        if what == "destroy" and self.others:
            return  # what they did may be in hand or not, and ends with the session
        self.others = True
        self.store.commands.clear()
        value = word()
        self.there.settings["other"] = (what, value)
        answer = await ask(self.there, "/other", dict(self.jar))
        assert answer.code == 200
        kept = self.model.kept[-1]
        if what == "count":
            self.model.others_counted()
        elif what == "note":
            self.model.others_noted(value)
        elif what == "destroy":
            self.model.others_ended()
            self.dead.add(self.jar[SESSION])
        elif what == "items" or kept.items:
            self.model.others_had((*kept.items, value) if what == "items" else ())

    async def fault(self, h: Any, operation: str, how: str) -> None:
        self.model.faults += 1
        self.store.tell(operation, fails if how == "before" else loses_its_answer)

    async def interrupt(self, h: Any, what: str, how: str) -> None:
        """Have a commit or an update cancelled at its compare-and-swap, if it gets there."""
        gate = Gate()
        self.store.tell("cas", gate.before if how == "before" else gate.after)
        slow = h.state.commit() if what == "commit" else h.state.update(COUNT, lambda n: n + 1)
        if not await self.stopped(gate, task := asyncio.ensure_future(slow)):
            await self.settled(h, task, what)
            return
        task.cancel()
        await asyncio.wait([task])
        self.model.faults += 1
        cancelled = asyncio.CancelledError()
        if what == "commit":
            self.model.failed(cancelled)
        else:
            self.model.failed_to_count(cancelled)

    async def during(self, h: Any, what: str, operation: str) -> None:
        """Do something else while a commit is at the store."""
        gate = Gate()
        self.store.tell(operation, gate.before)
        before = self.model.live, self.model.carried
        task = asyncio.ensure_future(h.state.commit())
        if not await self.stopped(gate, task):
            await self.settled(h, task, "commit")
            await self.do(h, (what, "ben") if what == "sign_in" else (what,))
            return
        await self.do(h, (what, "ben") if what == "sign_in" else (what,))
        gate.opened.set()
        await asyncio.wait([task])
        self.renewed = True
        self.model.unsure |= what in {"sign_in", "destroy"}
        # What it began with is confirmed; after a conflict, perhaps what there was by then.
        self.model.either = self.others and operation == "cas"
        self.model.told, after = before, (self.model.live, self.model.carried)
        for live, carried in (before, after) if self.model.either else (after, before):
            self.model.kept.append(live)
            self.model.sent.append(carried)
        self.model.record = None
        self.model.on_top()

    async def stopped(self, gate: Gate, task: asyncio.Future[Any]) -> bool:
        reached = asyncio.ensure_future(gate.reached.wait())
        await asyncio.wait([reached, task], return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()
        self.store.commands.clear()
        return not task.done()

    async def settled(self, h: Any, task: asyncio.Future[Any], what: str) -> None:
        """Tell the model of a call that came to its end after all."""
        error = task.exception()
        renews = self.model.renews or self.model.ends or not self.model.record
        if what == "commit":
            self.model.failed(error) if error else self.have_committed(h)
        elif error:
            self.model.failed_to_count(error)
        else:
            self.model.updated(count=(task.result(), task.result()))
        self.renewed |= renews and not error

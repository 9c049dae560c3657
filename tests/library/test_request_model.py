"""Any programs of any requests, with any failures between, against a small model of what is kept.

`request_model` says what must be so. The handler here does step by step what a program says, and
tells the model; what the visitor's cookies lead to afterwards is looked up with an honest store.
``MODEL_EXAMPLES=5000`` tries that many, at random, instead of the same 150 each time.
"""

from __future__ import annotations

import asyncio
import json
import os

from contextlib import suppress
from itertools import count
from typing import Any

from abroad_app import SECRET
from commanded_store import Clock, CommandedStore, Gate, fails, loses_its_answer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from request_model import Model
from tornado.web import HTTPError
from tornado_state import Kind, StateApplication, StateError, StateHandler
from without_sockets import ask

ITEMS = Kind("items", list[str], default=[], fresh=True)
NOTE = Kind("note", str, default="", fresh=True, on_conflict="last_write", inherited=True)
COUNT = Kind("count", int, default=0, fresh=True, concurrent=True, inherited=True)
USER = Kind("user", str, identity=True, confidential=True, revocable=True)
THEME = Kind("theme", str, default="", outlives_logout=True, inherited=True)
DRAFT = Kind("draft", list[str], default=[], inherited=True)

SESSION = "state-session-id"
Step = tuple[str, ...]

new = count()


def word() -> str:
    return f"w{next(new)}"


class Look(StateHandler):
    items, note, count, user, theme, draft = ITEMS, NOTE, COUNT, USER, THEME, DRAFT

    def get(self) -> None:
        self.write(looked(self))


def looked(h: Any) -> dict[str, Any]:
    values = {kind.name: h.state[kind] for kind in (ITEMS, NOTE, COUNT, USER, THEME, DRAFT)}
    return values | {"record": h.state.store_key is not None}


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


class World:
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
        self.renewed = False

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
        self.held, self.held_free, self.renewed = None, True, False
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

    # Steps

    async def do(self, h: Any, step: Step) -> None:
        name, *rest = step
        await getattr(self, name)(h, *rest)

    async def assign(self, h: Any) -> None:
        made = [word()]
        with suppress(StateError):
            seen = list(h.items)
            h.items = made
            self.model.set_items(tuple(made), seen, assigned=True)
            self.held_free = True

    async def change(self, h: Any) -> None:
        with suppress(StateError):
            seen, value = list(h.items), word()
            h.items.append(value)
            self.model.set_items((*seen, value), seen, assigned=False)

    async def drop(self, h: Any) -> None:
        with suppress(StateError):
            seen = list(h.items)
            del h.items
            self.model.set_items((), seen, assigned=True)
            self.held_free = True

    async def hold(self, h: Any) -> None:
        with suppress(StateError):
            self.held, self.held_free = h.items, False

    async def change_held(self, h: Any) -> None:
        if self.held is None:
            return
        with suppress(StateError):
            if h.items is self.held:
                await self.change(h)
            elif not self.held_free:
                self.held.append(word())
                self.model.stale = True

    async def note(self, h: Any) -> None:
        value = word()
        with suppress(StateError):
            h.note = value
            self.model.have(note=value)

    async def theme(self, h: Any) -> None:
        value = word()
        h.theme = value
        self.model.carry(theme=value)

    async def draft(self, h: Any) -> None:
        with suppress(StateError):
            value = word()
            h.draft.append(value)
            draft = tuple(h.draft)
            self.model.carry(draft=draft, owner=self.model.live.user)

    async def sign_in(self, h: Any, user: str) -> None:
        with suppress(StateError):
            h.state.sign_in(user)
            self.model.sign_in(user)

    async def renew(self, h: Any) -> None:
        with suppress(StateError):
            h.state.renew_id(grace=False)
            self.model.renews = True

    async def destroy(self, h: Any) -> None:
        with suppress(StateError):
            h.state.destroy()
            self.model.destroy()
            self.held_free = True

    async def commit(self, h: Any) -> None:
        renews = self.model.renews or self.model.ends or not self.model.record
        try:
            await h.state.commit()
        except StateError as error:
            self.model.failed(error)
        else:
            self.renewed |= renews
            self.model.committed()

    async def count(self, h: Any) -> None:
        renews = self.model.renews or self.model.ends or not self.model.record
        try:
            returned = await h.state.update(COUNT, lambda n: n + 1)
        except StateError as error:
            self.model.failed_to_count(error)
        else:
            self.renewed |= renews
            low, high = self.model.live.counted().count
            assert low <= returned <= high
            self.model.updated(count=(returned, returned))

    async def add(self, h: Any) -> None:
        value = word()
        renews = self.model.renews or self.model.ends or not self.model.record
        try:
            returned = await h.state.update(ITEMS, lambda items: [*items, value])
        except StateError as error:
            before = self.model.live
            self.model.failed(error)
            self.model.have(items=(*before.items, value))
            self.model.failed(error)
            self.model.live = before
            if len(self.model.kept) > 1:
                self.model.unsure = True
        else:
            self.renewed |= renews
            if self.model.record and not self.model.items_changed and not self.model.ends:
                assert tuple(returned) == (*self.model.kept[-1].items, value)
            self.model.updated(items=tuple(returned))
            self.model.assigned = True

    async def reload(self, h: Any) -> None:
        try:
            await h.state.reload()
            self.model.forget(looked(h))
        except StateError:
            self.model.forget(None)

    async def other(self, h: Any, what: str) -> None:
        if not self.model.record or len(self.model.kept) > 1 or self.renewed or self.model.unsure:
            return
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
        else:
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
            await self.settled(task, what)
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
            await self.settled(task, "commit")
            await self.do(h, (what, "ben") if what == "sign_in" else (what,))
            return
        await self.do(h, (what, "ben") if what == "sign_in" else (what,))
        gate.opened.set()
        await asyncio.wait([task])
        self.renewed = True
        self.model.unsure |= what in {"sign_in", "destroy"}
        self.model.kept += [before[0], self.model.live]
        self.model.sent += [before[1], self.model.carried]
        self.model.record = None
        self.model.items_on_top = True

    async def stopped(self, gate: Gate, task: asyncio.Future[Any]) -> bool:
        reached = asyncio.ensure_future(gate.reached.wait())
        await asyncio.wait([reached, task], return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()
        self.store.commands.clear()
        return not task.done()

    async def settled(self, task: asyncio.Future[Any], what: str) -> None:
        """Tell the model of a call that came to its end after all."""
        error = task.exception()
        renews = self.model.renews or self.model.ends or not self.model.record
        if what == "commit":
            self.model.failed(error) if error else self.model.committed()
        elif error:
            self.model.failed_to_count(error)
        else:
            self.model.updated(count=(task.result(), task.result()))
        self.renewed |= renews and not error


PLAIN = st.sampled_from(
    ["assign", "change", "drop", "hold", "change_held", "note", "theme", "draft"]
    + ["renew", "destroy", "commit", "count", "add", "reload"]
)
STEPS = st.one_of(
    st.tuples(PLAIN),
    st.tuples(PLAIN),
    st.tuples(st.just("sign_in"), st.sampled_from(["ann", "ben"])),
    st.tuples(st.just("other"), st.sampled_from(["count", "note", "items", "drop", "destroy"])),
    st.tuples(
        st.just("fault"),
        st.sampled_from(["load", "add", "cas", "cas", "delete", "touch"]),
        st.sampled_from(["before", "after"]),
    ),
    st.tuples(
        st.just("interrupt"),
        st.sampled_from(["commit", "count"]),
        st.sampled_from(["before", "after"]),
    ),
    st.tuples(
        st.just("during"),
        st.sampled_from(
            ["assign", "change", "drop", "note", "theme", "draft", "sign_in", "destroy"]
        ),
        st.sampled_from(["add", "cas"]),
    ),
)
REQUESTS = st.lists(
    st.tuples(
        st.lists(STEPS, max_size=7),
        st.sampled_from(["answer", "answer", "refuse", "fail", "raise"]),
    ),
    min_size=1,
    max_size=4,
)
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))


@settings(
    max_examples=EXAMPLES or 150,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(REQUESTS)
def test_whatever_requests_do_the_visitor_has_what_was_confirmed(requests: Any) -> None:
    """An answer below 500 keeps all, 500 and above only what was committed, and no ID comes back."""

    async def program() -> None:
        world = World()
        for steps, ending in requests:
            await world.request(steps, ending)
        await world.see_that_the_dead_are_dead()

    asyncio.run(program())

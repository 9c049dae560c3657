"""What a handler does, step by step, each told to the model as it is done."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import Any

from request_model import Model
from tornado_state import Kind, StateError, StateHandler

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


class Steps:
    """The steps of one request after the other; see `request_world.World`."""

    model: Model
    held: Any
    held_free: bool
    renewed: bool

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
        if self.model.shared and (self.model.assigned or self.model.changed_within):
            return  # whose items are taken along then depends on who looked when
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
            self.have_committed(h)

    def have_committed(self, h: Any) -> None:
        self.model.committed()
        if self.model.unsure and not self.model.ended_elsewhere:
            self.model.learn(looked(h))

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
            self.model.have(items=(*before.items, value))
            self.model.added = self.model.live.items
            self.model.failed(error)
            self.model.live = before
            self.model.failed(error)
            if len(self.model.kept) > 1:
                self.model.unsure = True
        else:
            self.renewed |= renews
            if self.model.record and not self.model.items_changed and not self.model.ends:
                assert tuple(returned) == (*self.model.base.items, value)
            self.model.updated(items=tuple(returned))
            self.model.assigned = True

    async def reload(self, h: Any) -> None:
        if self.model.either:
            return
        try:
            await h.state.reload()
            self.model.forget(looked(h))
        except StateError:
            self.model.forget(None)

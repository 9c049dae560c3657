"""Uses that cannot be; each marked line is refused, and no other."""

from __future__ import annotations

from dataclasses import dataclass

from tornado_state import Kind, StateHandler


@dataclass
class User:
    name: str


def longer(text: str) -> str:
    return text + "."


VISITS = Kind("visits", int, default=0)
NOTE = Kind("note", str)
USER = Kind("user", User, identity="name")


class Page(StateHandler):
    visits = VISITS
    note = NOTE
    user = USER

    def reading(self) -> None:
        self.write(self.user.name)  # refused
        len(self.note)  # refused
        len(self.visits)  # refused
        len(self.state[VISITS])  # refused
        self.write(self.state[USER].name)  # refused

    async def updating(self) -> None:
        await self.state.update(VISITS, longer)  # refused
        await self.state.update(VISITS, lambda n: f"{n}")  # refused
        text: str = await self.state.update(VISITS, lambda n: n + 1)  # refused
        self.write(text)

    async def after(self) -> None:
        async with self.open_state() as state:
            state[VISITS] = "three"  # refused
            state[USER].name = "bob"  # refused


WRONG: Kind[str] = Kind("wrong", int, default=0)  # refused
MISSPELT = Kind("misspelt", int, default=0, frehs=True)  # refused
POLITE = Kind("polite", int, default=0, on_conflict="refues")  # refused
SIZED = Kind("sized", int, default=0, size="large")  # refused

"""A job that goes on after the answer, and a page that asks again and again how far it is."""

import asyncio
from typing import Any, ClassVar

from tornado_state import Kind, StateApplication, StateHandler

PROGRESS = Kind("progress", int, fresh=True)


class Export(StateHandler):
    progress = PROGRESS
    running: ClassVar[set["asyncio.Task[None]"]] = set()

    def post(self) -> None:
        self.progress = 0
        task = asyncio.create_task(self.export())
        self.running.add(task)  # or the task is collected before it is done
        task.add_done_callback(self.running.discard)

    async def export(self) -> None:
        await asyncio.sleep(0)  # what takes its time; the answer has left meanwhile
        for done in (50, 100):
            async with self.open_state() as state:
                state[PROGRESS] = done


class Progress(StateHandler):
    counts_as_use = False  # a page that polls does not keep its session alive
    progress = PROGRESS

    def get(self) -> None:
        self.write({"progress": self.progress})


def make_app(**settings: Any) -> StateApplication:
    return StateApplication([("/export", Export), ("/progress", Progress)], **settings)

"""An application that serves one event loop after the other, as in a suite of tests."""

from __future__ import annotations

import asyncio
from typing import Any

from abroad_app import Fill, application, handler
from without_sockets import ask


async def never(call: Any) -> Any:
    await asyncio.Event().wait()


def count(self: Any) -> None:
    self.visits += 1


async def update(self: Any) -> None:
    await self.state.update(type(self).visits, lambda visits: visits + 1)


def test_a_write_that_ended_with_its_loop_is_in_nobodys_way() -> None:
    """The loop ends while the store is asked: whoever is served by the next one does not wait."""
    routes = {"/fill": Fill, "/": handler(Fill, post=count), "/update": handler(Fill, post=update)}
    made, jar = application(routes), dict[str, str]()

    async def is_cut_short(path: str) -> None:
        made.session_store.tell("cas", never)
        asking = asyncio.ensure_future(ask(made, path, jar))
        while made.session_store.commands["cas"]:
            await asyncio.sleep(0)
        assert not asking.done()

    async def asked(path: str) -> int:
        async with asyncio.timeout(2):
            return (await ask(made, path, jar)).code

    assert asyncio.run(asked("/fill")) == 200
    for path in ("/", "/update"):
        asyncio.run(is_cut_short(path))
        assert [asyncio.run(asked(each)) for each in ("/", "/update")] == [200, 200]

"""What the page is told, whenever something has changed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tornado.iostream import StreamClosedError

from .booth import Booth
from .handler import DemoHandler
from .matrix import matrix, placements
from .store_view import key_of, records_shown
from .troubles import TROUBLES
from .wire import described_cookie

#: Seconds after which the page hears from us even when nothing has changed: records grow old.
_QUIET = 2.0
_SHOWN_EXCHANGES = 12


class EventsHandler(DemoHandler):
    """``GET /events``: what the visitor's booth looks like, whenever it has changed."""

    async def get(self) -> None:
        """Send it until the page is left, or the booth closed."""
        booth = self.booth()
        self.set_header("Content-Type", "text/event-stream")
        booth.pages += 1
        try:
            while self.booths.get(self.visitor) is booth:
                await booth.mend()
                version = booth.version
                self.write(f"data: {json.dumps(await _state(booth))}\n\n")
                await self.flush()
                await booth.wait(version, _QUIET)
        except StreamClosedError:
            return
        finally:
            booth.pages -= 1


async def _state(booth: Booth) -> dict[str, Any]:
    return {
        "frozen": booth.frozen,
        "busy": booth.busy.locked(),
        "notice": booth.notice,
        "person": booth.person.username,
        "last": booth.last,
        "results": booth.results,
        "stories": {name: story["version"] for name, story in booth.stories.items()},
        "store": await _records(booth),
        "matrix": matrix(booth.measured),
        "placements": placements(),
        "sides": {
            name: {
                "path": side.path,
                "guest": side.guest.path if side.guest else None,
                "whose": side.guest.whose if side.guest else None,
                "jar": [
                    described_cookie(each, value, side.prefix) for each, value in side.jar.items()
                ],
                "exchanges": list(side.exchanges)[:_SHOWN_EXCHANGES],
            }
            for name, side in booth.sides.items()
        },
    }


async def _records(booth: Booth) -> dict[str, Any] | None:
    """Return what is in the store, None where it cannot be looked into right now."""
    if booth.busy.locked():
        return None
    session = booth.sides["session"]
    async with booth.looking:
        if booth.frozen:
            return None
        try:
            mine = key_of(session.target, session.jar)
            return await asyncio.to_thread(records_shown, session.target.memcached, mine)
        except TROUBLES:
            return None

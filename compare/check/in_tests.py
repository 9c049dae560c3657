"""An application checked in its own tests: what the fixture `check_sessions` does.

A Tornado application is served on a free port of 127.0.0.1 for the length of the call, on an event
loop in a thread of its own; another one runs already, and its address is given instead. Its file
says how to sign in and so on; ``[start]`` and ``[store]`` are left out.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType

import msgspec
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from .address import refuse_others
from .described_target import DescribedTarget
from .description import Description, read
from .trial import BROKEN, Checked, trial

#: Makes the application; called on the event loop that it is to run on.
MakeApp = Callable[[], Application | Awaitable[Application]]


class BrokenPromises(AssertionError):
    """Promises of session handling that an application does not keep; ``checked`` has all."""

    def __init__(self, message: str, checked: list[Checked]) -> None:
        super().__init__(message)
        self.checked = checked


def check(app: MakeApp | str, file: str | Path, known: Collection[str] = ()) -> list[Checked]:
    """Return what every experiment says of an application: what makes it, or the URL it is at.

    Raises `BrokenPromises` for what is broken, could not be tried as its file says, or must not be
    left out and was; experiments named in ``known`` may be. Raises `Unusable` where it cannot be
    used.
    """
    description = msgspec.structs.replace(read(Path(file)), start=None, store=None)
    if isinstance(app, str):
        refuse_others(app)
    with nullcontext(app) if isinstance(app, str) else _Served(app) as url:
        checked = _tried(_at(description, url))
    wrong = [
        _line(each)
        for each in checked
        if each.verdict == BROKEN or each.strange or each.is_missing
        if each.experiment.name not in known
    ]
    if wrong:
        raise BrokenPromises("\n".join(wrong), checked)
    return checked


def _line(each: Checked) -> str:
    demand = each.demand or each.experiment.demand
    return f"{each.experiment.name} ({demand}): {each.word}. {each.sentence}"


def _tried(description: Description) -> list[Checked]:
    with DescribedTarget(description) as target:
        return list(trial(target))


def _at(description: Description, url: str) -> Description:
    timeouts = msgspec.structs.replace(description.timeouts, environment={})
    return msgspec.structs.replace(description, url=url, timeouts=timeouts)


class _Served:
    """An application on an event loop in a thread, for a ``with`` block that gets its URL."""

    def __init__(self, make_app: MakeApp) -> None:
        self._make_app = make_app
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._error: BaseException | None = None
        self._url = ""

    def __enter__(self) -> str:
        self._thread.start()
        self._ready.wait()
        if self._error:
            raise self._error
        return self._url

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            made = self._make_app()
            server = HTTPServer(await made if isinstance(made, Awaitable) else made)
            listener, port = bind_unused_port()
            server.add_socket(listener)
            self._url = f"http://127.0.0.1:{port}"
        except BaseException as error:  # noqa: BLE001 (it is raised where the block begins)
            self._error = error
            return
        finally:
            self._ready.set()
        await self._stop.wait()
        server.stop()
        await server.close_all_connections()

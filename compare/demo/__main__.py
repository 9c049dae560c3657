"""``python -m compare.demo``: the demo at http://localhost:8000, until Ctrl-C.

Exit status 0 when it was told to stop, 2 when it could not start.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from socket import socket
from types import MappingProxyType
from typing import NoReturn

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from ..processes import end_in_order
from .booths import Booths
from .guest_pane import GuestPaneHandler
from .pages import make_demo
from .pane import PaneHandler, make_pane
from .record import recorded
from .troubles import TROUBLES, plainly

#: The frames of the page: of which application, and in front of whom.
PANES: Mapping[str, tuple[str, type[PaneHandler]]] = MappingProxyType(
    {
        "cookie": ("cookie", PaneHandler),
        "session": ("session", PaneHandler),
        "cookie-guest": ("cookie", GuestPaneHandler),
        "session-guest": ("session", GuestPaneHandler),
    }
)

_TIDY_EVERY = 30.0
#: Bytes of a body; the shops refuse far smaller ones, and say so.
_MOST_BODY = 1_048_576


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop."""
    parser = _Parser(prog="python -m compare.demo", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--port",
        type=int,
        default=8000,
        help="where the page is; what it shows is at ports that are free (default: 8000)",
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="do all of the tour once, and write it as a page that needs no server",
    )
    given = parser.parse_args(arguments)
    port = given.port
    if not 1 <= port <= 65_535:
        parser.error(f"--port: 1 to 65535, not {port}")
    if shutil.which("memcached") is None:
        parser.error("please install memcached")
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    logging.getLogger("tornado.access").setLevel(logging.CRITICAL)
    if given.record:
        return _record(parser, given.record)
    try:
        asyncio.run(_serve(port))
    except OSError as error:
        parser.error(f"cannot listen on port {port}: {error.strerror}")
    return 0


def _record(parser: _Parser, file: Path) -> int:
    end_in_order()
    try:
        for told in recorded(file):
            print(told, flush=True)
    except TROUBLES as error:
        parser.error(f"the tour could not be recorded: {plainly(error)}")
    print(f"Open {file} in a browser, or send it to somebody.")
    return 0


async def _serve(port: int) -> None:
    """Serve the page at ``port``, and the panes wherever there is room: all that the page names."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    page = bind_sockets(port, "127.0.0.1")
    sockets = {name: bind_sockets(0, "127.0.0.1") for name in PANES}
    demo = f"http://localhost:{port}"
    panes = {name: f"http://localhost:{sockets[name][0].getsockname()[1]}" for name in sockets}
    booths = Booths(f"demo{port}")
    servers = [_serving(make_demo(booths, demo, panes), page)]
    for name, (application, handler) in PANES.items():
        pane = make_pane(application, booths, demo, panes[name], handler)
        servers.append(_serving(pane, sockets[name]))
    print(f"Open {demo} in a browser. Ctrl-C ends it.", flush=True)
    await _until(stop, booths)
    logging.disable()  # what was under way fails now, and that is no news
    for server in servers:
        server.stop()
    await booths.close()


def _serving(application: Application, sockets: Iterable[socket]) -> HTTPServer:
    server = HTTPServer(application, max_body_size=_MOST_BODY, max_buffer_size=2 * _MOST_BODY)
    server.add_sockets(sockets)
    return server


async def _until(stop: asyncio.Event, booths: Booths) -> None:
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), _TIDY_EVERY)
        except TimeoutError:
            booths.tidy()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

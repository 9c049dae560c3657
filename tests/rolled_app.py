"""A small application as a process of its own, of one of two releases, with one of several secrets.

``python tests/rolled_app.py PORT STORE RELEASE STEP``; see `campaign_releases`,
`campaign_sockets` and `campaign_outage`. SIGTERM has it finish what is in flight.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from typing import Any

from tornado.httpserver import HTTPServer
from tornado_state import Kind, StateApplication, StateHandler, StateWebSocketHandler

OLD = "the secret of which everybody has cookies"
NEW = "another secret, which is to take its place"

#: As :doc:`deploying` has it, step by step.
SECRETS: list[dict[str, Any]] = [
    {"cookie_secret": OLD},
    {"cookie_secret": {0: OLD, 1: NEW}, "key_version": 0},
    {"cookie_secret": {0: OLD, 1: NEW}, "key_version": 1},
]

USER = Kind("user", str, identity=True, confidential=True, revocable=True)


def made(store: str, release: int, step: int) -> StateApplication:
    """Return the application; what it counts has another shape in the second release."""
    visits: Kind[Any] = Kind("visits", int, default=0, fresh=True, concurrent=True)
    if release == 2:
        visits = Kind(
            "visits",
            dict[str, int],
            default={"count": 0},
            fresh=True,
            concurrent=True,
            version=2,
            migrations={1: lambda count: {"count": count}},
        )

    def one_more(value: Any) -> Any:
        return value + 1 if release == 1 else {"count": value["count"] + 1}

    class Who(StateHandler):
        user = USER

        def get(self) -> None:
            self.write(self.user or "")

        def put(self) -> None:
            self.state.sign_in(self.get_argument("name"))

        def delete(self) -> None:
            self.state.destroy()
            self.set_status(204)

    class Count(StateHandler):
        user = USER
        count = visits

        async def post(self) -> None:
            value = await self.state.update(visits, one_more)
            self.write(str(value if release == 1 else value["count"]))

    class Socket(StateWebSocketHandler):
        user = USER

    class Health(StateHandler):
        def get(self) -> None:
            self.write({"status": "ok"})

    routes = [("/", Who), ("/count", Count), ("/socket", Socket), ("/health", Health)]
    settings = {"session_store": store, "cookie_secure": False, "state_name": "rolled"}
    return StateApplication(routes, **settings, **SECRETS[step])


async def main(port: int, store: str, release: int, step: int) -> None:
    """Serve until told to end, and finish what is in flight."""
    server = HTTPServer(made(store, release, step))
    server.listen(port, "127.0.0.1", backlog=1024)
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    await ending.wait()
    await asyncio.sleep(0.5)  # for requests that are on their way
    server.stop()
    await server.close_all_connections()


if __name__ == "__main__":
    logging.getLogger().setLevel(logging.CRITICAL)  # each 503 is counted by who asked
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])))

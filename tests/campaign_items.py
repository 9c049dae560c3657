"""What a session costs, item by item from a bare answer on: ``make campaign-items``.

One application on each of three stores, each with the first core to itself; its store and the load
(wrk, 64 connections, 2,000 distinct sessions) have the others. A figure is processor time of the
application's process over the requests that were answered with 2xx, and an item is what one way to
answer takes more than the one named beside it in the same round: median, least and greatest.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from campaign_cost import spread
from tornado.httpclient import AsyncHTTPClient

from compare.load import jar_of, pin, tolerant_load
from compare.memcached_process import MemcachedProcess
from compare.processes import OwnProcess, environment_with
from compare.redis_process import RedisProcess
from compare.waiting import free_port, wait_until

SESSIONS, CONNECTIONS = 2_000, 64
ROOT = Path(__file__).parent.parent

#: What is measured: its name, the method and path, the jar it needs.
WAYS = {
    "bare": ("GET", "/bare", ""),
    "unread": ("GET", "/unread", ""),
    "cookie": ("GET", "/cookie", "basket"),
    "read": ("GET", "/session", "cart"),
    "written": ("POST", "/session", "cart"),
}

#: What an item is: on which store, by which way, less which one.
ITEMS = {
    "a handler that could have state": ("memory", "unread", "bare"),
    "a signed cookie, verified and decoded": ("memory", "cookie", "unread"),
    "a session, looked up in memory": ("memory", "read", "unread"),
    "a session, looked up in memcached": ("memcached", "read", "unread"),
    "a session, looked up in Redis": ("redis", "read", "unread"),
    "its change written to memory": ("memory", "written", "read"),
    "its change written to memcached": ("memcached", "written", "read"),
    "its change written to Redis": ("redis", "written", "read"),
    "all of a signed cookie": ("memory", "cookie", "bare"),
    "all of reading, on memcached": ("memcached", "read", "bare"),
    "all of writing, on memcached": ("memcached", "written", "bare"),
    "all of reading, on Redis": ("redis", "read", "bare"),
    "all of writing, on Redis": ("redis", "written", "bare"),
}


@dataclass
class OnAStore:
    """The application on one store, and microseconds a request of each way, a round each."""

    url: str
    process: OwnProcess
    jars: dict[str, list[str]] = field(default_factory=dict)
    found: dict[str, list[float]] = field(default_factory=dict)

    def answers(self) -> bool:
        """Return whether it does."""
        try:
            urllib.request.urlopen(f"{self.url}/bare", timeout=5).close()
        except OSError:
            return False
        return True

    async def fill(self) -> None:
        """Have a cart in each of the sessions, and as many signed cookies."""
        client = AsyncHTTPClient()
        for jar in ("basket", "cart"):
            self.jars[jar] = []
            for number in range(SESSIONS):
                url = f"{self.url}/unread?in={jar}&number={number}"
                answer = await client.fetch(url, method="PUT", body="")
                self.jars[jar].append(answer.headers["Set-Cookie"].partition(";")[0])

    def measure(self, way: str, seconds: int) -> None:
        """One round of one way."""
        method, path, jar = WAYS[way]
        with jar_of(self.jars[jar] if jar else []) as cookies:
            found = tolerant_load(
                self.url + path,
                [self.process.pid],
                cookies,
                method=method,
                connections=CONNECTIONS,
                seconds=seconds,
            )
        if found.errors:
            raise SystemExit(f"{way}: {found.errors} requests were not answered with 2xx")
        self.found.setdefault(way, []).append(found.microseconds)


def started(stack: ExitStack, store: str) -> OnAStore:
    """Start the application on a store of its own."""
    port, url = free_port(), "memory://"
    if store != "memory":
        kind = MemcachedProcess if store == "memcached" else RedisProcess
        server = stack.enter_context(kind(tcp=True))
        pin(server.pid, alone=False)
        url = f"{store}://{server.address}"
    command = [sys.executable, str(ROOT / "tests" / "items_app.py"), str(port), url]
    process = OwnProcess(command, cwd=ROOT, env=environment_with({"PYTHONPATH": str(ROOT)}))
    stack.callback(process.end)
    app = OnAStore(f"http://127.0.0.1:{port}", process)
    wait_until(app.answers, "the application answers")
    pin(process.pid, alone=True)
    return app


def main() -> int:
    """Measure and print; nothing here can fail but the load itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    with ExitStack() as stack:
        apps = {name: started(stack, name) for name in ("memory", "memcached", "redis")}
        for app in apps.values():
            asyncio.run(app.fill())
        for _ in range(options.rounds):
            for app in apps.values():
                for way in WAYS:
                    app.measure(way, options.seconds)
    print(f"{options.rounds} rounds of {options.seconds} s each")
    print(f"{'a bare answer':40} {spread(apps['memory'].found['bare'], 'µs')}")
    for item, (store, way, less) in ITEMS.items():
        found = apps[store].found
        more = [each - before for each, before in zip(found[way], found[less], strict=True)]
        print(f"{item:40} {spread(more, 'µs')}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What a session costs, item by item from a bare answer on: ``make campaign-items``.

One application on each of three stores, each with the first core to itself; its store and the load
(wrk, 64 connections, 2,000 distinct sessions) have the others. A figure is processor time of the
application's process over the requests that were answered with 2xx, and an item is what one way to
answer takes more than the one before it in the same round: median, least and greatest.
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
from chosen_store import STORES
from tornado.httpclient import AsyncHTTPClient

from compare.load import jar_of, pin, tolerant_load
from compare.processes import OwnProcess, environment_with
from compare.waiting import free_port, wait_until

SESSIONS, CONNECTIONS = 2_000, 64
ROOT = Path(__file__).parent.parent

#: What is measured: its name, the method and path, the jar it needs. "no cart" is a cart's cookie
#: under another name: Tornado has as much to take in, and there is no session to load.
WAYS = {
    "bare": ("GET", "/bare", ""),
    "bare, sent a session's cookie": ("GET", "/bare", "cart"),
    "bare, sent a signed cookie": ("GET", "/bare", "basket"),
    "unread, sent a session's cookie": ("GET", "/unread", "no cart"),
    "unread, sent a signed cookie": ("GET", "/unread", "no basket"),
    "cookie": ("GET", "/cookie", "basket"),
    "read": ("GET", "/session", "cart"),
    "written": ("POST", "/session", "cart"),
}

#: The items of a session, and of a signed cookie: what each way takes more than the one before.
IN_SESSION = {
    "a bare answer": "bare",
    "+ Tornado takes in a session's cookie": "bare, sent a session's cookie",
    "+ the handler could have state": "unread, sent a session's cookie",
    "+ the session is looked up and read": "read",
    "+ a change of it is written": "written",
}
IN_COOKIE = {
    "a bare answer": "bare",
    "+ Tornado takes in a signed cookie": "bare, sent a signed cookie",
    "+ the handler could have state": "unread, sent a signed cookie",
    "+ the cookie is verified and read": "cookie",
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
            self.jars[f"no {jar}"] = [f"x{cookie}" for cookie in self.jars[jar]]

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
        server = stack.enter_context(STORES[store](tcp=True))
        pin(server.pid, alone=False)
        url = server.url
    command = [sys.executable, str(ROOT / "tests" / "items_app.py"), str(port), url]
    process = OwnProcess(command, cwd=ROOT, env=environment_with({"PYTHONPATH": str(ROOT)}))
    stack.callback(process.end)
    app = OnAStore(f"http://127.0.0.1:{port}", process)
    wait_until(app.answers, "the application answers")
    pin(process.pid, alone=True)
    return app


def show(what: str, items: dict[str, str], found: dict[str, list[float]]) -> None:
    """Print the items, and what all of them but the first one take."""
    print(f"\n{what}")
    before = [0.0] * len(found["bare"])
    for item, way in items.items():
        print(f"  {item:40} {spread(_more(found[way], before), 'µs')}", flush=True)
        before = found[way]
    more = _more(before, found["bare"])
    print(f"  {'all but the bare answer':40} {spread(more, 'µs')}")
    shares = [100 * each / bare for each, bare in zip(more, found["bare"], strict=True)]
    print(f"  {'of the bare answer':40} {spread(shares, '%')}", flush=True)


def _more(found: list[float], before: list[float]) -> list[float]:
    return [each - less for each, less in zip(found, before, strict=True)]


def main() -> int:
    """Measure and print; nothing here can fail but the load itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=1)
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
    for store, app in apps.items():
        show(f"a session in {store}", IN_SESSION, app.found)
    show("a signed cookie", IN_COOKIE, apps["memory"].found)
    return 0


if __name__ == "__main__":
    sys.exit(main())

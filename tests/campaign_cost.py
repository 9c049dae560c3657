"""What a session costs per request, and what batching brings: ``make campaign-cost``.

The application has one core to itself; memcached and the load (wrk, 64 connections, 500 distinct
sessions) have the other. Each figure is processor time of the application's process over the
requests that wrk counted. ``/health`` is the same server without state, so
what ``/cart`` takes more is the price of the session and of the cart's JSON. The rounds alternate,
and each figure is the median of them with the least and the greatest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

from tornado.httpclient import AsyncHTTPClient

from compare.app_process import AppProcess
from compare.load import load, pin
from compare.memcached_process import MemcachedProcess

SESSIONS = 500
CONNECTIONS = 64

#: The same application with one lookup per round trip.
SINGLE = (
    "import sys, tornado_state.stores.memcached.store as m\n"
    "m.MemcachedStore.__init__.__kwdefaults__['max_batch'] = 1\n"
    "from server.session_app import COMPOSITION\n"
    "from server.operation.start import main\n"
    "sys.exit(main(COMPOSITION))\n"
)


async def make_sessions(url: str) -> list[str]:
    """Put something into 500 carts; return the cookies."""
    client = AsyncHTTPClient()
    products = json.loads((await client.fetch(f"{url}/products")).body)["products"]
    cookies = []
    for number in range(SESSIONS):
        item = {"sku": products[number % len(products)]["sku"], "quantity": 1 + number % 9}
        answer = await client.fetch(
            f"{url}/cart",
            method="POST",
            body=json.dumps(item),
            headers={"Content-Type": "application/json"},
        )
        cookies.append(answer.headers["Set-Cookie"].partition(";")[0])
    return cookies


def spread(numbers: list[float], unit: str) -> str:
    """Return median, least and greatest."""
    return f"{median(numbers):7.1f} {unit} ({min(numbers):.1f} to {max(numbers):.1f})"


class Contender:
    """One way to run the application, and what was measured of it."""

    def __init__(self, name: str, app: AppProcess) -> None:
        self.name = name
        self.app = app
        self.cookies: list[str] = []
        self.cost: dict[str, list[float]] = {"/health": [], "/cart": []}
        self.rate: list[float] = []
        self.wait: list[float] = []

    def measure(self, path: str, seconds: int) -> None:
        """One round of one path."""
        url = self.app.url + path
        found = load(url, self.app.pid, self.cookies, connections=CONNECTIONS, seconds=seconds)
        self.cost[path].append(found.microseconds)
        if path == "/cart":
            self.rate.append(found.per_second)
            self.wait.append(found.milliseconds)

    def report(self) -> None:
        """Print what was measured."""
        over = [
            cart - bare for cart, bare in zip(self.cost["/cart"], self.cost["/health"], strict=True)
        ]
        print(f"{self.name}")
        for path, numbers in self.cost.items():
            print(f"  {path:10} {spread(numbers, 'µs of processor time a request')}")
        print(f"  {'more':10} {spread(over, 'µs of processor time a request')}")
        print(f"  {'rate':10} {spread(self.rate, 'requests a second')}")
        print(f"  {'median':10} {spread(self.wait, 'ms latency')}", flush=True)


async def main() -> int:
    """Measure and print; nothing here can fail but the load itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=6)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cost-"))
    single = folder / "single_lookup.py"
    single.write_text(SINGLE)
    quiet = ("--dev", "--access-log=false")
    with (
        MemcachedProcess() as memcached,
        AppProcess("server.session_app", *quiet, f"--memcached={memcached.address}") as batched,
        AppProcess(
            "single_lookup",
            *quiet,
            f"--memcached={memcached.address}",
            environment={"PYTHONPATH": str(folder)},
        ) as alone,
    ):
        pin(memcached.pid, alone=False)
        contenders = [
            Contender("one lookup for all in flight", batched),
            Contender("one lookup each", alone),
        ]
        for contender in contenders:
            contender.cookies = await make_sessions(contender.app.url)
            pin(contender.app.pid, alone=True)
        for _ in range(options.rounds):
            for contender in contenders:
                for path in ("/health", "/cart"):
                    contender.measure(path, options.seconds)
        print(f"{options.rounds} rounds of {options.seconds} s each")
        for contender in contenders:
            contender.report()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

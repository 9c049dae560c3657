"""What a session costs per request, and what batching brings: ``make campaign-cost``.

The application has one core to itself; memcached and the load (wrk, 64 connections, 500 distinct
sessions) have the other. Each figure is processor time of the application's process, from
/proc/PID/stat, over the requests that wrk counted. ``/health`` is the same server without state, so
what ``/cart`` takes more is the price of the session and of the cart's JSON. The rounds alternate,
and each figure is the median of them with the least and the greatest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from app_process import AppProcess
from memcached_process import MemcachedProcess
from tornado.httpclient import AsyncHTTPClient

SESSIONS = 500
CONNECTIONS = 64
TICK = os.sysconf("SC_CLK_TCK")

#: The same application with one lookup per round trip.
SINGLE = (
    "import sys, server.state.stores.memcached as m\n"
    "m.MemcachedStore.__init__.__kwdefaults__['max_batch'] = 1\n"
    "from server.session_app import COMPOSITION\n"
    "from server.operation.start import main\n"
    "sys.exit(main(COMPOSITION))\n"
)

LUA = """
local cookies = {}
for line in io.lines("%s") do cookies[#cookies + 1] = line end
local at = 0
request = function()
    at = at %% #cookies + 1
    return wrk.format("GET", nil, {["Cookie"] = cookies[at], ["Accept"] = "application/json"})
end
"""


def processor_seconds(pid: int) -> float:
    """Return the processor time that all threads of the process have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def pin(pid: int, core: int) -> None:
    """Keep every thread of the process on one core."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), {core})


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


def load(url: str, script: Path, seconds: int) -> tuple[int, float]:
    """Return the requests answered, every one of them well, and the median latency in ms."""
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    said = subprocess.run(
        [*command, "-s", str(script), url], capture_output=True, text=True, check=True
    ).stdout
    assert "Non-2xx" not in said, said
    assert "Socket errors" not in said, said
    requests = re.search(r"(\d+) requests in", said)
    latency = re.search(r"50%\s+([\d.]+)(us|ms|s)", said)
    assert requests, said
    assert latency, said
    scale = {"us": 0.001, "ms": 1, "s": 1000}[latency[2]]
    return int(requests[1]), float(latency[1]) * scale


def spread(numbers: list[float], unit: str) -> str:
    """Return median, least and greatest."""
    return f"{median(numbers):7.1f} {unit} ({min(numbers):.1f} to {max(numbers):.1f})"


class Contender:
    """One way to run the application, and what was measured of it."""

    def __init__(self, name: str, app: AppProcess) -> None:
        self.name = name
        self.app = app
        self.cost: dict[str, list[float]] = {"/health": [], "/cart": []}
        self.rate: list[float] = []
        self.wait: list[float] = []

    def measure(self, path: str, script: Path, seconds: int) -> None:
        """One round of one path."""
        before = processor_seconds(self.app.pid)
        requests, latency = load(self.app.url + path, script, seconds)
        self.cost[path].append((processor_seconds(self.app.pid) - before) / requests * 1e6)
        if path == "/cart":
            self.rate.append(requests / seconds)
            self.wait.append(latency)

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
            "single_lookup", *quiet, f"--memcached={memcached.address}", PYTHONPATH=str(folder)
        ) as alone,
    ):
        pin(memcached.pid, 1)
        contenders = [
            Contender("one lookup for all in flight", batched),
            Contender("one lookup each", alone),
        ]
        scripts = []
        for contender in contenders:
            cookies = folder / f"{contender.app.pid}.cookies"
            cookies.write_text("\n".join(await make_sessions(contender.app.url)))
            script = folder / f"{contender.app.pid}.lua"
            script.write_text(LUA % cookies)
            scripts.append(script)
            pin(contender.app.pid, 0)
        for _ in range(options.rounds):
            for contender, script in zip(contenders, scripts, strict=True):
                for path in ("/health", "/cart"):
                    contender.measure(path, script, options.seconds)
        print(f"{options.rounds} rounds of {options.seconds} s each")
        for contender in contenders:
            contender.report()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

"""How many good answers a crowd gets: ``make campaign-crowd`` (5 minutes).

The recommended application is asked for carts, and to change them, by as many connections as
saturate it, and by 1.5, 2, 4 and 16 times as many, and then by a burst of 2,000 that come at once.
What counts is good answers (below 500: two who change one cart may be told 409) in a second of the
application's processor time: wrk and whatever else runs here share the machine. It is measured
when they have connected, which costs the same (some 0.2 ms) however many there are. There are more
visitors than connections: a crowd that changes one cart all the time pays for its conflicts. More
people than it can serve must not make it serve fewer: less than 0.9 of the best in the middle of
the rounds, up to four times saturation, or a burst that is not worked off, fails the campaign.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from running_shop import cookie_header
from shop_client import ShopClient

from compare.app_process import AppProcess
from compare.memcached_process import MemcachedProcess
from server.catalogue import PRODUCTS

SATURATION = 64
TIMES = (1, 1.5, 2, 4, 16)
SECONDS, ROUNDS, VISITORS, BURST = 5, 3, 2_000, 2_000
#: Seconds in which everybody connects.
CONNECTING = 1
SKU = next(product.sku for product in PRODUCTS if not product.mature)

#: What is put into a cart is taken out again, so that it is never full.
SCRIPT = """
local cookies, n, writes = {%s}, 0, %s
request = function()
  n = n + 1
  local headers = {Cookie = cookies[n %% #cookies + 1], ["Content-Type"] = "application/json"}
  if not writes then return wrk.format("GET", "/cart", headers) end
  if math.floor(n / #cookies) %% 2 == 0 then return wrk.format("DELETE", "/cart/%s", headers) end
  return wrk.format("POST", "/cart", headers, '{"sku": "%s", "quantity": 1}')
end
local threads = {}
setup = function(thread) table.insert(threads, thread) end
local from, to
init = function(args) good, bad, from, to = 0, 0, tonumber(args[1]), tonumber(args[2]) end
response = function(status)
  local now = os.time()
  if now < from or now >= to then return end
  if status < 500 then good = good + 1 else bad = bad + 1 end
end
done = function()
  local g, b = 0, 0
  for _, thread in ipairs(threads) do g, b = g + thread:get("good"), b + thread:get("bad") end
  print("told", g, b)
end
"""


def visitors(url: str) -> list[str]:
    """Return the cookies of as many visitors, each with a cart."""
    cookies = []
    for _ in range(VISITORS):
        with ShopClient(url) as visitor:
            visitor.post("/cart", {"sku": SKU, "quantity": 1})
            cookies.append(cookie_header(visitor.cookies))
    return cookies


def measure(app: AppProcess, script: Path, connections: int) -> tuple[float, int, int]:
    """Return good answers in a second of processor time, good ones and others in all."""
    process, begins = psutil.Process(app.pid), int(time.time()) + 1 + CONNECTING
    ends = begins + SECONDS
    command = ["wrk", "-t1", f"-c{connections}", f"-d{CONNECTING + SECONDS + 2}s"]
    command += ["--timeout", "20s", "-s", str(script), app.url, "--", str(begins), str(ends)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:
        used = -used_until(begins, process) + used_until(ends, process)
        output, _ = wrk.communicate()
    told = re.search(r"told\s+(\d+)\s+(\d+)", output)
    assert told is not None, output
    return int(told[1]) / used, int(told[1]), int(told[2])


def used_until(when: int, process: psutil.Process) -> float:
    """Return what processor time the process has had at ``when``, in seconds as all of this is."""
    time.sleep(max(0, when - time.time()))
    return sum(process.cpu_times()[:2])


def under_load(app: AppProcess, cookies: list[str], *, writes: bool) -> bool:
    """Print what each crowd gets in some rounds; return whether it is enough."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        listed = ",".join(f"'{cookie}'" for cookie in cookies)
        script.write(SCRIPT % (listed, str(writes).lower(), SKU, SKU))
        script.flush()
        crowds = [int(SATURATION * times) for times in TIMES]
        # In turns, so that a busy neighbour is everybody's.
        rounds = [
            {crowd: measure(app, Path(script.name), crowd) for crowd in crowds}
            for _ in range(ROUNDS)
        ]
    shares = {crowd: told_of(crowd, rounds, "write" if writes else "read") for crowd in crowds}
    return all(share >= 0.9 for crowd, share in shares.items() if crowd <= 4 * SATURATION)


def told_of(crowd: int, rounds: list[dict[int, tuple[float, int, int]]], what: str) -> float:
    """Print what a crowd got; return what that is, within a round, of the crowd that got most."""
    rates = {size: statistics.median(each[size][0] for each in rounds) for size in rounds[0]}
    best = max(rates, key=lambda size: rates[size])
    own = [each[crowd] for each in rounds]
    least, most = min(rate for rate, _, _ in own), max(rate for rate, _, _ in own)
    share = statistics.median(each[crowd][0] / each[best][0] for each in rounds)
    print(
        f"  {what:5} {crowd:5} connections: {rates[crowd]:6.0f} ({least:.0f} to {most:.0f}) good "
        f"answers per second of processor time, {share:.2f} of the best, "
        f"{sum(good for _, good, _ in own) / SECONDS / ROUNDS:6.0f} a second, "
        f"{sum(bad for _, _, bad in own)} refused",
        flush=True,
    )
    return share


async def burst(url: str, cookies: list[str]) -> bool:
    """Have 2,000 come at once; return whether each got what it came for."""
    parts = urlsplit(url)

    async def one(cookie: str) -> bytes:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"GET /cart HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n"
        writer.write(head.encode())
        line = await reader.readline()
        writer.close()
        return line

    began = time.monotonic()
    asked = (one(cookies[number % len(cookies)]) for number in range(BURST))
    lines = await asyncio.gather(*asked, return_exceptions=True)
    good = sum(isinstance(line, bytes) and b" 200 " in line for line in lines)
    print(f"  burst {BURST}: {good} answered in {time.monotonic() - began:.1f} s", flush=True)
    return good == BURST


def main() -> int:
    """Run it all."""
    with (
        MemcachedProcess() as memcached,
        AppProcess(
            "server.recommended_app",
            "--dev",
            "--access-log=false",
            f"--memcached={memcached.address}",
        ) as app,
    ):
        cookies = visitors(app.url)
        held = [under_load(app, cookies, writes=writes) for writes in (False, True)]
        held.append(asyncio.run(burst(app.url, cookies)))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())

"""What visitors notice while memcached is frozen or killed: ``make campaign-outage``.

Frozen (SIGSTOP) and thawed, a number of times, under requests for ``/health`` and for ``/cart``
with a session: how long ``/health`` took, how long ``/cart`` took to say 503, first and while the
breaker is open, and how long after the thaw it said 200 again. Then sign-outs during which
memcached is frozen or killed at a random instant: a 204 although the session lives is false.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from statistics import quantiles

from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from compare.app_process import AppProcess
from compare.memcached_process import MemcachedProcess

PASSWORD = "a long enough secret"
FROZEN_FOR = 2.0
#: What the client and a busy machine take beside the deadline of 0.5 s.
SLACK = 0.25


class Client:
    """A visitor of the application at ``url``; ``cookie`` is the session's."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookie = ""

    async def ask(self, path: str, body: dict[str, object] | None = None) -> HTTPResponse:
        """GET, or POST a body of JSON; keep the session's cookie."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        answer = await AsyncHTTPClient().fetch(
            self.url + path,
            method="GET" if body is None else "POST",
            body=None if body is None else json.dumps(body),
            headers=headers,
            raise_error=False,
            request_timeout=20,
        )
        for header in answer.headers.get_list("Set-Cookie"):
            self.cookie = "" if "Max-Age=0" in header else header.partition(";")[0]
        return answer


async def timed(client: Client, path: str) -> tuple[float, int]:
    """Return the seconds that an answer took, and its status."""
    started = time.monotonic()
    answer = await client.ask(path)
    return time.monotonic() - started, answer.code


async def freezes(app: AppProcess, memcached: MemcachedProcess, rounds: int) -> bool:
    """Freeze and thaw; print what was measured and return whether it is as promised."""
    visitor, passer_by = Client(app.url), Client(app.url)
    products = json.loads((await visitor.ask("/products")).body)["products"]
    await visitor.ask("/cart", {"sku": products[0]["sku"], "quantity": 1})
    health: list[float] = []
    first: list[float] = []
    open_breaker: list[float] = []
    back: list[float] = []
    wrong = 0
    for _ in range(rounds):
        memcached.freeze()
        others = asyncio.create_task(keep_asking(passer_by, health))
        started = time.monotonic()
        seconds, status = await timed(visitor, "/cart")
        first.append(seconds)
        wrong += status != 503
        while time.monotonic() - started < FROZEN_FOR:
            seconds, status = await timed(visitor, "/cart")
            open_breaker.append(seconds)
            wrong += status != 503
            await asyncio.sleep(0.01)
        memcached.thaw()
        thawed = time.monotonic()
        while (await timed(visitor, "/cart"))[1] != 200:
            await asyncio.sleep(0.01)
        back.append(time.monotonic() - thawed)
        others.cancel()
    say("/health while frozen", health)
    say("/cart, first 503", first)
    say("/cart, 503 with the breaker open", open_breaker)
    say("200 again after the thaw", back)
    print(f"answers other than 503 while frozen: {wrong}")
    return (
        wrong == 0
        and quantile(health, 99) < 0.05
        and max(first) < 0.5 + SLACK
        and quantile(open_breaker, 50) < 0.005
        and max(back) < 2
    )


async def keep_asking(passer_by: Client, health: list[float]) -> None:
    """Ask for ``/health`` until cancelled."""
    while True:
        seconds, status = await timed(passer_by, "/health")
        assert status == 200
        health.append(seconds)
        await asyncio.sleep(0.005)


def quantile(numbers: list[float], percent: int) -> float:
    """Return a percentile."""
    return quantiles(numbers, n=100, method="inclusive")[percent - 1]


def say(what: str, numbers: list[float]) -> None:
    """Print the median, the 99th percentile and the greatest, in ms."""
    figures = [quantile(numbers, 50), quantile(numbers, 99), max(numbers)]
    shown = ", ".join(f"{1000 * number:.1f}" for number in figures)
    print(f"{what:34} {shown} ms (p50, p99, greatest; n = {len(numbers)})", flush=True)


async def sign_outs(app: AppProcess, memcached: MemcachedProcess, rounds: int, kill: bool) -> bool:
    """Freeze or kill memcached within sign-outs; print and return whether no 204 was false."""
    rng = random.Random(7)
    false, confirmed = 0, 0
    for number in range(rounds):
        visitor = Client(app.url)
        await signed_in(visitor, f"visitor{kill:d}x{number}")
        thief = Client(app.url)
        thief.cookie = visitor.cookie
        leaving = asyncio.create_task(visitor.ask("/logout", {}))
        # Not to wait for anything: the instant at which memcached goes is what is varied.
        await asyncio.sleep(rng.random() * 0.006)
        (memcached.kill if kill else memcached.freeze)()
        status = (await leaving).code
        (memcached.start if kill else memcached.thaw)()
        replay = await until_known(thief)
        confirmed += status == 204
        false += status not in (204, 503) or (status == 204 and replay == 200)
        if kill:
            false += replay != 401
    print(
        f"sign-outs with memcached {'killed' if kill else 'frozen'} meanwhile: {false} false of "
        f"{rounds} ({confirmed} said 204, {rounds - confirmed} said 503)",
        flush=True,
    )
    return false == 0


async def signed_in(visitor: Client, name: str) -> None:
    """Register and sign in, as soon as the store is there."""
    account: dict[str, object] = {"username": name, "password": PASSWORD}
    await visitor.ask("/register", {**account, "email": "visitor@example.org"})
    while (await visitor.ask("/login", account)).code != 200:
        await asyncio.sleep(0.01)


async def until_known(visitor: Client) -> int:
    """Return the status of ``/account`` as soon as it is not 503."""
    while (status := (await visitor.ask("/account")).code) == 503:
        await asyncio.sleep(0.01)
    return status


async def main() -> int:
    """Run everything; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=10, help="freezes; sign-outs are ten times it"
    )
    rounds = parser.parse_args().rounds
    quiet = ("--dev", "--access-log=false")
    with (
        MemcachedProcess() as memcached,
        AppProcess("server.session_app", *quiet, f"--memcached={memcached.address}") as app,
    ):
        good = await freezes(app, memcached, rounds)
        good &= await sign_outs(app, memcached, 10 * rounds, kill=False)
        good &= await sign_outs(app, memcached, 10 * rounds, kill=True)
    print("as promised" if good else "NOT as promised")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

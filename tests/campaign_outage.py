"""What visitors notice while the store is frozen or killed: ``make campaign-outage STORE=redis``.

Frozen (SIGSTOP) and thawed, a number of times, under requests for ``/health`` and for a page with
a session: how long ``/health`` took, how long the page took to say 503, first and while the
breaker is open, and how long after the thaw it said 200 again. Then sign-outs during which
the store is frozen or killed at a random instant: a 204 although the session lives is false.

On memcached it is the shop that they visit, which knows no other store; on another one the small
application of `rolled_app`.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import Any

from chosen_store import STORES, command_line
from rolled_process import RolledProcess
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from compare.app_process import AppProcess
from compare.memcached_process import MemcachedProcess
from compare.store_process import StoreProcess

PASSWORD = "a long enough secret"
FROZEN_FOR = 2.0
#: What the client and a busy machine take beside the deadline of 0.5 s.
SLACK = 0.25


class Client:
    """A visitor of the shop at ``url``; ``cookie`` is the session's."""

    #: What shows what is in the session.
    page = "/cart"

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookie = ""

    async def ask(self, path: str, body: object = None, method: str = "") -> HTTPResponse:
        """GET, or POST a body of JSON, or by ``method``; keep the session's cookie."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        answer = await AsyncHTTPClient().fetch(
            self.url + path,
            method=method or ("GET" if body is None else "POST"),
            body=None if body is None else json.dumps(body),
            headers=headers,
            raise_error=False,
            request_timeout=20,
        )
        for header in answer.headers.get_list("Set-Cookie"):
            self.cookie = "" if "Max-Age=0" in header else header.partition(";")[0]
        return answer

    async def begin(self) -> None:
        """Begin a session."""
        products = json.loads((await self.ask("/products")).body)["products"]
        await self.ask("/cart", {"sku": products[0]["sku"], "quantity": 1})

    async def sign_in(self, name: str) -> None:
        """Register and sign in, as soon as the store is there."""
        account = {"username": name, "password": PASSWORD}
        await self.ask("/register", {**account, "email": "visitor@example.org"})
        while (await self.ask("/login", account)).code != 200:
            await asyncio.sleep(0.01)

    async def sign_out(self) -> int:
        """Sign out; return the status, 204 where it is done."""
        return (await self.ask("/logout", {})).code

    async def known(self) -> int:
        """Return 200 if somebody is signed in, else 401, or 503."""
        return (await self.ask("/account")).code


class RolledClient(Client):
    """A visitor of the small application; the methods as above."""

    page = "/"

    async def begin(self) -> None:
        await self.sign_in("visitor")

    async def sign_in(self, name: str) -> None:
        while (await self.ask(f"/?name={name}", {}, "PUT")).code != 200:
            await asyncio.sleep(0.01)

    async def sign_out(self) -> int:
        return (await self.ask("/", method="DELETE")).code

    async def known(self) -> int:
        answer = await self.ask("/")
        return 401 if answer.code == 200 and not answer.body else answer.code


#: Makes a visitor of the application that is served.
NewClient = Callable[[], Client]


@contextmanager
def served(store: StoreProcess) -> Iterator[NewClient]:
    """Serve the application for the block."""
    app: Any
    if isinstance(store, MemcachedProcess):
        quiet = ("--dev", "--access-log=false")
        with AppProcess("server.session_app", *quiet, f"--memcached={store.address}") as app:
            yield lambda: Client(app.url)
    else:
        with RolledProcess(store.url) as app:
            yield lambda: RolledClient(app.url)


async def timed(client: Client, path: str) -> tuple[float, int]:
    """Return the seconds that an answer took, and its status."""
    started = time.monotonic()
    answer = await client.ask(path)
    return time.monotonic() - started, answer.code


async def freezes(new_client: NewClient, store: StoreProcess, rounds: int) -> bool:
    """Freeze and thaw; print what was measured and return whether it is as promised."""
    visitor, passer_by = new_client(), new_client()
    await visitor.begin()
    health: list[float] = []
    first: list[float] = []
    open_breaker: list[float] = []
    back: list[float] = []
    wrong = 0
    for _ in range(rounds):
        store.freeze()
        others = asyncio.create_task(keep_asking(passer_by, health))
        started = time.monotonic()
        seconds, status = await timed(visitor, visitor.page)
        first.append(seconds)
        wrong += status != 503
        while time.monotonic() - started < FROZEN_FOR:
            seconds, status = await timed(visitor, visitor.page)
            open_breaker.append(seconds)
            wrong += status != 503
            await asyncio.sleep(0.01)
        store.thaw()
        thawed = time.monotonic()
        while (await timed(visitor, visitor.page))[1] != 200:
            await asyncio.sleep(0.01)
        back.append(time.monotonic() - thawed)
        others.cancel()
    say("/health while frozen", health)
    say(f"{visitor.page}, first 503", first)
    say(f"{visitor.page}, 503 with the breaker open", open_breaker)
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


async def sign_outs(new_client: NewClient, store: StoreProcess, rounds: int, kill: bool) -> bool:
    """Freeze or kill the store within sign-outs; print and return whether no 204 was false."""
    rng = random.Random(7)
    false, confirmed = 0, 0
    for number in range(rounds):
        visitor, thief = new_client(), new_client()
        await visitor.sign_in(f"visitor{kill:d}x{number}")
        thief.cookie = visitor.cookie
        leaving = asyncio.create_task(visitor.sign_out())
        # Not to wait for anything: the instant at which the store goes is what is varied.
        await asyncio.sleep(rng.random() * 0.006)
        (store.kill if kill else store.freeze)()
        status = await leaving
        (store.start if kill else store.thaw)()
        replay = await until_known(thief)
        confirmed += status == 204
        false += status not in (204, 503) or (status == 204 and replay == 200)
        if kill:
            false += replay != 401
    print(
        f"sign-outs with {store.name} {'killed' if kill else 'frozen'} meanwhile: {false} false of "
        f"{rounds} ({confirmed} said 204, {rounds - confirmed} said 503)",
        flush=True,
    )
    return false == 0


async def until_known(visitor: Client) -> int:
    """Return whether somebody is signed in, as soon as it is not 503."""
    while (status := await visitor.known()) == 503:
        await asyncio.sleep(0.01)
    return status


async def main() -> int:
    """Run everything; return the exit status."""
    parser = command_line(__doc__)
    parser.add_argument(
        "--rounds", type=int, default=10, help="freezes; sign-outs are ten times it"
    )
    options = parser.parse_args()
    rounds = options.rounds
    with STORES[options.store]() as store, served(store) as new_client:
        good = await freezes(new_client, store, rounds)
        good &= await sign_outs(new_client, store, 10 * rounds, kill=False)
        good &= await sign_outs(new_client, store, 10 * rounds, kill=True)
    print("as promised" if good else "NOT as promised")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

"""What strangers can do to those who are signed in: ``make campaign-attack``.

Each attack meets an application of its own, the recommended one, on a memcached of 8 MB. Twelve
people are signed in before, and do nothing while it lasts. What an honest visitor notices is
measured before, during and after: how many of those twelve sessions live, how many of eight
sign-ins and of eight new carts succeed, and the median and 99th percentile of ``/health``. An
attack that takes anybody's session, or a sign-in after it, fails the campaign.

An attack is a coroutine in `ATTACKS`. It ends by itself, and says what it got.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import NamedTuple
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse

from compare.app_process import AppProcess
from compare.memcached_process import MemcachedProcess
from server.catalogue import PRODUCTS

PASSWORD = "violet-otter-91"
SKU = next(product.sku for product in PRODUCTS if not product.mature)
SIGNED_IN, TRIES, HEALTHS = 12, 8, 100
ATTACKER, HONEST = "192.0.2.66", "198.51.100.7"
#: Connections of an attacker.
CONNECTIONS = 16


class Client:
    """A visitor from ``address``, as the proxy in front tells it; ``cookie`` is the session's."""

    def __init__(self, url: str, address: str, cookie: str = "") -> None:
        self.url, self.address, self.cookie = url, address, cookie

    async def ask(self, path: str, body: object = None, raw: bytes | None = None) -> HTTPResponse:
        """GET, or POST a value as JSON; keep the session's cookie; never raise for a status."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        headers |= {"X-Forwarded-For": self.address, "X-Forwarded-Proto": "https"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        sent = raw if raw is not None else None if body is None else json.dumps(body).encode()
        answer = await AsyncHTTPClient(max_clients=64).fetch(
            self.url + path,
            method="GET" if sent is None else "POST",
            body=sent,
            headers=headers,
            raise_error=False,
            request_timeout=10,
        )
        for header in answer.headers.get_list("Set-Cookie"):
            if "-session-id=" in header and "Max-Age=0" not in header:
                self.cookie = header.partition(";")[0]
        return answer


async def status(client: Client, path: str, body: object = None) -> int:
    """Return the status of an answer, 0 for none."""
    try:
        return (await client.ask(path, body)).code
    except (HTTPClientError, OSError):
        return 0


class Figures(NamedTuple):
    """What an honest visitor notices."""

    alive: int | None
    sign_ins: int
    carts: int
    usual_health: float
    health: float

    @property
    def row(self) -> str:
        """As a line of the table."""
        alive = "   " if self.alive is None else f"{self.alive:>3}"
        return (
            f"{alive}/{SIGNED_IN} sessions  {self.sign_ins}/{TRIES} sign-ins  "
            f"{self.carts}/{TRIES} carts  /health p50 {1000 * self.usual_health:6.1f} "
            f"p99 {1000 * self.health:7.1f} ms"
        )


class Shop:
    """An application and those who are signed in there."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.people: list[Client] = []

    async def open(self) -> None:
        """Have twelve people sign in."""
        for number in range(SIGNED_IN):
            person = Client(self.url, HONEST)
            account = {"username": f"person{number}", "password": PASSWORD}
            email = {"email": f"{number}@post.example"}
            assert await status(person, "/register", account | email) == 201
            assert await status(person, "/login", account) == 200
            self.people.append(person)

    async def figures(self, *, of_those: bool = True) -> Figures:
        """Return what is so now; not ``of_those`` who are signed in, while they do nothing."""
        health = []
        for _ in range(HEALTHS):
            began = time.monotonic()
            await status(Client(self.url, HONEST), "/health")
            health.append(time.monotonic() - began)
        people = self.people if of_those else []
        alive = [await status(person, "/account") for person in people].count(200)
        carts = [await self._new_cart() for _ in range(TRIES)].count(200)
        sign_ins = [await self._sign_in(number) for number in range(TRIES)].count(200)
        hundredths = quantiles(health, n=100)
        alive_now = alive if of_those else None
        return Figures(alive_now, sign_ins, carts, hundredths[49], hundredths[98])

    async def _new_cart(self) -> int:
        return await status(Client(self.url, HONEST), "/cart", {"sku": SKU, "quantity": 1})

    async def _sign_in(self, number: int) -> int:
        account = {"username": f"person{number}", "password": PASSWORD}
        return await status(Client(self.url, HONEST), "/login", account)


# Attacks

Attack = Callable[[str], Awaitable[str]]


async def crowd(requests: int, ask: Callable[[int], Awaitable[int]]) -> str:
    """Ask so many times over some connections; return what was answered."""
    numbers, seen = iter(range(requests)), Counter[int]()

    async def one() -> None:
        for number in numbers:
            seen[await ask(number)] += 1

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return told(seen)


def told(seen: Counter[int]) -> str:
    """Return what was answered, and how often."""
    return ", ".join(f"{count:,} times {code}" for code, count in seen.most_common())


def cart(note: str) -> dict[str, object]:
    """Return what puts something into a cart."""
    return {"sku": SKU, "quantity": 1, "note": note}


LARGE = cart("\U0001f600" * 2_000)
#: Takes as much of memcached as the session of somebody who is signed in: its neighbours there.
ALIKE = cart("x" * 80)


async def large_then_small_carts(url: str) -> str:
    """4,000 new carts with a note of 8 KB, then 6,000 as large as a sign-in, from one address."""

    async def ask(number: int) -> int:
        return await status(Client(url, ATTACKER), "/cart", LARGE if number < 4_000 else ALIKE)

    return await crowd(10_000, ask)


async def carts_from_everywhere(url: str) -> str:
    """The same, each cart from another address."""

    async def ask(number: int) -> int:
        address = f"203.0.{number // 250}.{number % 250}"
        return await status(Client(url, address), "/cart", LARGE if number < 4_000 else ALIKE)

    return await crowd(10_000, ask)


async def a_name_given_twice(url: str) -> str:
    """100 bodies of 59 KB in which one of many names comes twice, over some connections."""
    names = ",".join(f'"{number}":1' for number in range(5_900))
    body = f'{{"x":1,"x":1,{names}}}'.encode()

    async def ask(_number: int) -> int:
        try:
            return (await Client(url, ATTACKER).ask("/login", raw=body)).code
        except (HTTPClientError, OSError):
            return 0

    return await crowd(100, ask)


async def one_password_for_many_names(url: str) -> str:
    """2,400 sign-ins with one password for ever new names, from three addresses, 16 at a time."""

    async def from_there(last: int) -> str:
        async def ask(number: int) -> int:
            tried = {"username": f"nobody{last}x{number}", "password": "Winter2026!"}
            return await status(Client(url, f"192.0.2.{last}"), "/login", tried)

        return await crowd(800, ask)

    return "; ".join(await asyncio.gather(*(from_there(last) for last in range(3))))


async def silent_connections(url: str) -> str:
    """3,000 connections from 16 addresses, or what descriptors there are, which say nothing."""
    parts, limit = urlsplit(url), resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    silent = []
    for number in range(min(limit - 200, 3_000)):
        where = {"local_addr": (f"127.0.1.{1 + number % 16}", 0)}
        silent.append(await asyncio.open_connection(parts.hostname, parts.port, **where))
    for _, writer in silent:
        writer.close()
    return f"{len(silent):,} connections"


async def pages_that_nobody_reads(url: str) -> str:
    """200 connections from one address that ask for pages all the time, and read none."""
    parts = urlsplit(url)
    told = f"X-Forwarded-For: {ATTACKER}\r\nX-Forwarded-Proto: https\r\n"
    ask = f"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n{told}\r\n".encode()
    writers = []
    for _ in range(200):
        _, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1)
        writer.write(ask * 400)
        writers.append(writer)
    await asyncio.sleep(15)
    held = sum(not writer.is_closing() for writer in writers)
    for writer in writers:
        writer.transport.abort()
    return f"{held} connections held for a quarter of a minute"


async def full_carts_signed_in(url: str) -> str:
    """Two accounts signed in 100 times each, with full carts, then 6,000 small carts elsewhere."""
    accounts = [{"username": f"thief{number}", "password": PASSWORD} for number in range(2)]
    for account in accounts:
        await status(Client(url, ATTACKER), "/register", account | {"email": "thief@post.example"})
    skus = [product.sku for product in PRODUCTS if not product.mature][:8]
    grown = Counter[int]()

    async def sign_in(number: int) -> int:
        session = Client(url, ATTACKER)
        signed_in = await status(session, "/login", accounts[number % len(accounts)])
        if signed_in == 200:
            for sku in skus:
                grown[await status(session, "/cart", LARGE | {"sku": sku})] += 1
        return signed_in

    async def small(number: int) -> int:
        return await status(Client(url, f"203.0.113.{number % 250}"), "/cart", ALIKE)

    signed_in = await crowd(200, sign_in)
    return f"signed in {signed_in}; 8 KB more {told(grown)}; small {await crowd(6_000, small)}"


HEADS = """
wrk.headers = {["X-Forwarded-For"] = "%s", ["X-Forwarded-Proto"] = "https"}
for number = 1, 100 do wrk.headers["X-Padding-" .. number] = string.rep("x", 500) end
wrk.path = "/nowhere"
"""


async def large_heads_all_the_time(url: str) -> str:
    """300 connections from one address that ask for what is not there, with heads of 50 KB."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(HEADS % ATTACKER)
        script.flush()
        command = ["wrk", "-t1", "-c300", "-d15s", "--timeout", "20s", "-s", script.name, url]
        wrk = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        said, _ = await wrk.communicate()
    answered = re.search(rb"(\d+) requests in", said)
    return f"{int(answered[1]) if answered else 0:,} answers"


ATTACKS: dict[str, Attack] = {
    "pages-that-nobody-reads": pages_that_nobody_reads,
    "one-password-for-many-names": one_password_for_many_names,
    "silent-connections": silent_connections,
    "large-heads-all-the-time": large_heads_all_the_time,
    "large-then-small-carts": large_then_small_carts,
    "carts-from-everywhere": carts_from_everywhere,
    "full-carts-signed-in": full_carts_signed_in,
    "a-name-given-twice": a_name_given_twice,
}


# The campaign


@contextmanager
def running() -> Iterator[str]:
    """Run the application on a memcached of 8 MB; gives its address."""
    with (
        MemcachedProcess("-m", "8") as memcached,
        AppProcess(
            "server.recommended_app",
            f"--memcached={memcached.address}",
            "--trust-proxy",
            "--access-log=false",
            cookie_secrets={0: "of the campaign alone, 0123456789"},
        ) as app,
    ):
        yield app.url


async def attacked(url: str, attack: Attack) -> bool:
    """Print what an honest visitor notices of ``attack``; return whether it is nothing."""
    shop = Shop(url)
    await shop.open()
    print(f"  before  {(await shop.figures()).row}", flush=True)
    under_way = asyncio.ensure_future(attack(url))
    print(f"  during  {(await shop.figures(of_those=False)).row}", flush=True)
    got = await under_way
    after = await shop.figures()
    print(f"  after   {after.row}\n  the attacker got {got}", flush=True)
    return (after.alive, after.sign_ins) == (SIGNED_IN, TRIES)


def main() -> int:
    """Run the attacks that are named, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attack", nargs="*", choices=[[], *ATTACKS], default=[])
    failed = []
    for name in parser.parse_args().attack or ATTACKS:
        print(f"{name}: {ATTACKS[name].__doc__}")
        with running() as url:
            if not asyncio.run(attacked(url, ATTACKS[name])):
                failed.append(name)
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

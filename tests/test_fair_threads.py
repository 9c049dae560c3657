"""Passwords take turns: a flood from one address leaves places, and turns, to all others."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import count
from urllib.parse import urlsplit

import pytest

from compare.app_process import AppProcess
from compare.waiting import PATIENCE
from server.accounts.errors import Busy, TooManyTries
from server.accounts.fair_threads import FairThreads


@contextmanager
def fair_threads(threads: int = 1, waiting: int = 6, per_remote: int = 4) -> Iterator[FairThreads]:
    fair = FairThreads(threads, waiting, per_remote)
    try:
        yield fair
    finally:
        fair.close()


async def turns_of_the_loop() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def take(fair: FairThreads, stack: ExitStack, remote: str | None, places: int) -> None:
    for _ in range(places):
        stack.enter_context(fair.place(remote))


def test_one_address_has_a_bounded_number_of_places() -> None:
    """Its next one is told to come back in a second; the others do not notice."""
    with fair_threads() as fair:
        with ExitStack() as flood:
            take(fair, flood, "203.0.113.7", 4)
            with pytest.raises(TooManyTries) as refusal, fair.place("203.0.113.7"):
                pass
            assert (refusal.value.status, refusal.value.retry_after) == (429, 1)
            with fair.place("203.0.113.8"), fair.place(None):
                pass
        with fair.place("203.0.113.7"):
            pass


async def test_who_has_few_places_takes_one_from_who_has_many() -> None:
    """Three crowds fill the queue; a newcomer finds a place, and a crowd has one less."""
    with fair_threads(threads=1, waiting=11) as fair, ExitStack() as newcomers:
        let = threading.Event()

        async def one(crowd: str, work: Callable[[], object]) -> None:
            with fair.place(crowd):
                await fair.run(crowd, work)

        crowds = {asyncio.ensure_future(one("a", let.wait)): "a"}
        await turns_of_the_loop()
        crowds |= {asyncio.ensure_future(one(crowd, list)): crowd for crowd in "aaabbbbcccc"}
        await turns_of_the_loop()
        try:
            for newcomer in ("ann", "bob", "cid"):
                take(fair, newcomers, newcomer, 1)
                await turns_of_the_loop()
            refused = {task: crowd for task, crowd in crowds.items() if task.done()}
            assert sorted(refused.values()) == ["a", "b", "c"]
            assert {type(task.exception()) for task in refused} == {TooManyTries}
        finally:
            let.set()
        await asyncio.gather(*crowds, return_exceptions=True)


def test_all_places_taken_is_busy() -> None:
    """However many addresses there are, the queue ends somewhere."""
    with fair_threads() as fair, ExitStack() as everybody:
        for number in range(7):
            take(fair, everybody, f"203.0.113.{number}", 1)
        for remote in ("203.0.113.99", None):
            with pytest.raises(Busy), fair.place(remote):
                pass


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::2:3:4:5", True),
        ("2001:db8::1", "2001:db8:0:1::1", True),
        ("2001:db8::1", "2001:db8:1::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
    ],
)
def test_a_customer_s_ipv6_addresses_are_one(one: str, other: str, same: bool) -> None:
    """One may be given a network of 48 bits: more addresses than anybody counts."""
    with fair_threads(per_remote=1) as fair, fair.place(one):
        try:
            with fair.place(other):
                assert not same
        except TooManyTries:
            assert same


async def test_turns_go_round_the_addresses() -> None:
    """Whoever comes after a flood of one address is next, not last."""
    done: list[str] = []
    with fair_threads() as fair:
        let = threading.Event()
        first = asyncio.ensure_future(fair.run("flood", let.wait))
        await turns_of_the_loop()
        calls = [
            asyncio.ensure_future(fair.run(remote, lambda remote=remote: done.append(remote)))
            for remote in ("flood", "flood", "flood", "ann", "bob", "bob")
        ]
        await turns_of_the_loop()
        let.set()
        await asyncio.gather(first, *calls)
    assert done == ["flood", "ann", "bob", "flood", "bob", "flood"]


async def test_what_is_done_on_the_loop_takes_turns_as_well() -> None:
    """It waits for its turn, and the next one waits for it, whatever becomes of it."""
    done: list[str] = []
    with fair_threads() as fair:
        let = asyncio.Event()

        async def work() -> None:
            await let.wait()
            done.append("flood")
            raise ValueError

        flood = [asyncio.ensure_future(fair.in_turn("flood", work)) for _ in range(2)]
        await turns_of_the_loop()
        ann = asyncio.ensure_future(fair.run("ann", lambda: done.append("ann")))
        await turns_of_the_loop()
        let.set()
        await asyncio.gather(*flood, ann, return_exceptions=True)
    assert sorted(done) == ["ann", "flood", "flood"]
    assert done[0] == "flood"


async def test_who_gives_up_takes_nobody_s_turn() -> None:
    """A call cancelled while it waits is passed over; one at work keeps its thread to the end."""
    with fair_threads() as fair:
        let = threading.Event()
        first, second, third = (
            asyncio.ensure_future(fair.run("ann", work)) for work in (let.wait, list, lambda: 3)
        )
        await turns_of_the_loop()
        first.cancel()
        second.cancel()
        await turns_of_the_loop()
        assert (first.cancelled(), second.cancelled(), third.done()) == (True, True, False)
        let.set()
        assert await third == 3
        assert await fair.run("ann", lambda: 4) == 4


async def test_a_turn_that_came_in_the_moment_of_giving_up_goes_to_the_next() -> None:
    """No turn is lost."""
    with fair_threads() as fair:
        first = asyncio.ensure_future(fair.run("ann", list))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(fair.run("ann", list))
        third = asyncio.ensure_future(fair.run("ann", lambda: 3))
        first.add_done_callback(lambda _: second.cancel())
        assert await asyncio.wait_for(third, PATIENCE) == 3


def sign_in_from(address: str, url: str, name: str, password: str) -> tuple[int, str | None]:
    """Return the status and Retry-After of a sign-in from that address of this machine."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, PATIENCE, source_address=(address, 0)
    )
    with closing(connection):
        body = json.dumps({"username": name, "password": password})
        connection.request("POST", "/login", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers["Retry-After"]


def test_a_flood_from_three_addresses_keeps_nobody_else_from_signing_in() -> None:
    """However many they are; a person from elsewhere signs in all the while."""
    person = {"username": "ann", "email": "ann@post.example", "password": "violet-otter-91"}
    numbers, over = count(), threading.Event()

    def flood(url: str, address: str) -> set[tuple[int, str | None]]:
        seen = set()
        while not over.is_set():
            with suppress(TimeoutError):  # in its own queue
                seen.add(sign_in_from(address, url, f"nobody{next(numbers)}", "wrong-password"))
        return seen

    with AppProcess("server.session_app", "--dev", "--store=memory") as app:
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(app.url).port, PATIENCE)
        with closing(connection):
            kind = {"Content-Type": "application/json"}
            connection.request("POST", "/register", json.dumps(person), kind)
            assert connection.getresponse().status == 201
        with ThreadPoolExecutor(36) as threads:
            floods = [
                threads.submit(flood, app.url, f"127.0.0.{3 + number % 3}") for number in range(36)
            ]
            try:
                for _ in range(3):
                    status, _ = sign_in_from("127.0.0.2", app.url, "ann", person["password"])
                    assert status == 200, status
            finally:
                over.set()
        assert (401, None) in set().union(*(each.result() for each in floods))

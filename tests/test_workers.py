"""Several processes on one port: they keep in step, and are replaced while people are there."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import psutil
import pytest
from run_app import SECRET
from shop_client import ShopClient
from warm_start import WarmApp

from compare.app_process import AppProcess
from compare.waiting import PATIENCE, wait_until
from server.operation.door import Seats

SECRETS = {0: SECRET}


@pytest.fixture(scope="module")
def app() -> Iterator[AppProcess]:
    with WarmApp("server.cookie_app", "--dev", "--processes=2", cookie_secrets=SECRETS) as app:
        yield app


def workers(app: AppProcess) -> set[int]:
    return {child.pid for child in psutil.Process(app.pid).children()}


def held(app: AppProcess) -> list[int]:
    """Return how many connections each worker has."""
    listed = (psutil.Process(pid).net_connections("tcp") for pid in workers(app))
    return [sum(each.status == psutil.CONN_ESTABLISHED for each in worker) for worker in listed]


def come(app: AppProcess, count: int) -> list[int]:
    """Have so many connect at once; return how many each worker has."""
    parts = urlsplit(app.url)
    wait_until(lambda: sum(held(app)) == 0, "nobody is there")
    with ExitStack() as people:
        for _ in range(count):
            address = (parts.hostname, parts.port)
            people.enter_context(socket.create_connection(address, PATIENCE))
        wait_until(lambda: sum(held(app)) == count, "all have come")
        return held(app)


def test_connections_are_spread_evenly(app: AppProcess) -> None:
    """When 64 people come at once, each of two workers has about half of them.

    That is so of most times: a worker that is kept from running for a third of a second, by
    whatever else the machine does, is not waited for.
    """
    wait_until(lambda: min(come(app, 8)) > 0, "both accept")
    fewest = sorted(min(come(app, 64)) for _ in range(5))
    assert fewest[2] >= 24, fewest


def test_nobody_waits_for_a_worker_that_is_gone() -> None:
    """Who is ahead lets others go first, but not those that accept nothing."""
    seats = Seats(3)
    assert not seats.is_ahead(1000)
    seats.take(0, 32)
    seats.take(1, 40)
    assert [seats.is_ahead(count) for count in (32, 34, 35)] == [False, False, True]
    seats.leave(0)
    assert not seats.is_ahead(40)


def ask_until(over: threading.Event, url: str, failures: list[object]) -> None:
    """Come anew for each request, and note what is not answered."""
    while not over.is_set():
        try:
            with ShopClient(url) as visitor:
                if (status := visitor.get("/health").status) != 200:
                    failures.append(status)
        except OSError as error:
            failures.append(error)


def test_a_restart_refuses_nobody_and_reads_the_secrets_anew(app: AppProcess) -> None:
    """SIGHUP: new workers serve before the old ones stop, and sign with the new secret."""
    before, over, failures = workers(app), threading.Event(), []
    people = [threading.Thread(target=ask_until, args=(over, app.url, failures)) for _ in range(4)]
    for person in people:
        person.start()
    try:
        with ShopClient(app.url) as visitor:
            visitor.post("/preferences", {"theme": "dark"})
            app.write_cookie_secrets(SECRETS | {1: SECRET[::-1]})
            app.send(signal.SIGHUP)
            wait_until(lambda: len(now := workers(app)) == 2 and not now & before, "they are new")
    finally:
        over.set()
        for person in people:
            person.join()
    assert failures == []
    with ShopClient(app.url) as again:
        again.cookies = visitor.cookies
        assert again.get("/preferences").body["theme"] == "dark"
        signed = again.post("/preferences", {"theme": "light"}).headers["Set-Cookie"]
        assert "|1:1|" in signed.replace('"', "")


def test_a_restart_with_something_wrong_changes_nothing(app: AppProcess) -> None:
    """A secret that cannot be read is one line in the log, and those that serve go on."""
    before = workers(app)
    app.write_cookie_secrets({0: "short"})
    app.send(signal.SIGHUP)
    wait_until(lambda: "nothing is renewed: " in app.stderr, "it says so")
    assert workers(app) == before
    app.write_cookie_secrets(SECRETS)

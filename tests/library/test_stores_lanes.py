"""One connection to memcached on its own: what it tells the node, and the thread that makes it."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from impostor import Impostor, always, greeted
from opened_store import new_key, opened
from test_stores_connecting import no_descriptor_left
from test_stores_host_names import looking_up, no_name_server
from tornado_state.exceptions import StoreUnavailable, StoreUnfit
from tornado_state.stores.addresses import parse_address
from tornado_state.stores.exchanges.commands import Command, StoreError
from tornado_state.stores.exchanges.lanes import Lane
from tornado_state.stores.memcached.answers import Answers, Foreign
from tornado_state.stores.memcached.commands import Lookup
from tornado_state.stores.memcached.connection import Connection, Door
from tornado_state.stores.memcached.lane import MemcachedLane
from tornado_state.stores.memcached.opening import Opening
from tornado_state.stores.memcached.sockets import Sockets

from compare.memcached_process import MemcachedProcess
from compare.waiting import PATIENCE, free_port, until


class Told:
    """Whom a lane tells what happens: remembers it."""

    def __init__(self, address: str) -> None:
        door = Door(address, parse_address(address))
        self.lane = MemcachedLane(door, self, asyncio.get_running_loop())
        self.openings = 0
        self.errors: list[StoreError] = []
        self.lost_commands: list[Command] = []

    def opened(self, lane: Lane) -> None:
        self.openings += 1

    def not_opened(self, lane: Lane, error: StoreError) -> None:
        self.errors.append(error)

    def answered(self, lane: Lane, commands: list[Command]) -> None:
        raise AssertionError("nothing is answered here")

    def lost(self, lane: Lane, commands: list[Command], error: StoreError) -> None:
        self.lost_commands += commands
        self.errors.append(error)

    async def opens(self, patience: float) -> None:
        """Open the lane, and wait for what comes of it."""
        told = self.openings + len(self.errors)
        self.lane.open(patience)

        async def settled() -> bool:
            return self.openings + len(self.errors) > told

        await until(settled, "the lane is open, or is not going to be")


async def test_a_try_while_a_look_up_is_stuck_waits_for_it_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No second look-up is begun, and the patience of the try holds all the same."""
    with no_name_server(monkeypatch):
        told = Told("node.example:11211")
        await told.opens(0.05)
        await told.opens(0.05)
        assert [str(error) for error in told.errors] == [
            "memcached did not answer within 0.05 s",
            "the look-up of memcached's name takes long",
        ]
        assert len(looking_up()) == 1


async def test_a_lane_closed_while_it_waits_for_a_look_up_is_not_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The look-up ends later, and nobody is told of it."""
    with MemcachedProcess(tcp=True) as memcached, no_name_server(monkeypatch) as released:
        told = Told(memcached.address.replace("127.0.0.1", "node.example"))
        told.lane.open(PATIENCE)
        told.lane.close()
        told.lane.open(PATIENCE)
        (thread,) = looking_up()
        told.lane.close()
        released.set()
        await asyncio.to_thread(thread.join)
        assert (told.openings, told.errors, looking_up()) == (0, [], [])


async def test_a_lane_that_was_never_opened_is_closed_like_any_other() -> None:
    """There is nothing to give up, and nothing was under way."""
    assert Told("127.0.0.1:1").lane.close() == []


async def test_a_connection_that_ends_just_before_it_is_written_to_is_lost() -> None:
    """Its commands are handed back with the error of the write, as with that of a read."""
    reset, was_reset = threading.Event(), threading.Event()

    def behave(connection: socket.socket) -> None:
        for reply in (b"VERSION 1.6.18\r\n", b"EN O1\r\n"):
            connection.recv(65_536)
            connection.sendall(reply)
        reset.wait(PATIENCE)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        was_reset.set()

    with Impostor(behave) as impostor:
        told = Told(impostor.address)
        await told.opens(PATIENCE)
        reset.set()
        was_reset.wait(PATIENCE)
        lookup = Lookup(new_key())
        told.lane.send([lookup])
        assert told.lost_commands == [lookup]
        assert "no connection to memcached" in str(told.errors[0])
        assert not told.lane.is_open


async def test_a_connection_that_nobody_waits_for_any_more_is_closed() -> None:
    """It was made just in time, and given up before the loop heard of it."""
    made: list[Connection] = []
    given_up = threading.Event()

    def connect(sockets: Sockets) -> Connection:
        made.append(door.open(sockets, PATIENCE))
        given_up.wait(PATIENCE)
        return made[0]

    def told(_: object) -> None:
        raise AssertionError("nobody is told")

    async def closed() -> bool:
        return bool(made) and sock.fileno() < 0

    async def is_made() -> bool:
        return bool(made)

    with MemcachedProcess() as memcached:
        door = Door(memcached.address, parse_address(memcached.address))
        opening = Opening(memcached.address, connect, PATIENCE, told, told)
        await until(is_made, "memcached has answered")
        sock = made[0].socket
        opening.abandon()
        given_up.set()
        await until(closed, "the connection is closed")


@contextmanager
def one_descriptor_left() -> Iterator[int]:
    """Let this process open one thing more; yield its number."""
    lowest = os.dup(0)
    with no_descriptor_left():
        os.close(lowest)
        yield lowest


def test_a_socket_that_cannot_be_remembered_is_not_made() -> None:
    """It could not be shut at the deadline; nothing of it is left."""
    with one_descriptor_left() as free:
        with pytest.raises(OSError, match="Too many open files"):
            Sockets().socket(socket.AF_INET, socket.SOCK_STREAM)
        again = os.dup(0)
        os.close(again)
        assert again == free


async def test_the_next_try_waits_for_the_end_of_the_one_before() -> None:
    """A server that takes connections and says nothing is asked over one of them at a time."""
    most = 0

    async def asked_thrice() -> bool:
        nonlocal most
        most = max(most, len(looking_up()))
        return len(impostor.connections) >= 3

    with Impostor(always(b"")) as impostor:
        async with opened(impostor.address, deadline=0.05) as store:
            with pytest.raises(StoreUnavailable):
                await store.load(new_key())
            await until(asked_thrice, "it has been asked three times")
            assert (most, store.stats()["openings"]) == (1, 1)


@pytest.mark.parametrize("more", [b"x" * 3000, b"VA 999999999 c7\r\n", b"VA x c7\r\n"])
def test_what_is_longer_than_memcached_says_is_not_waited_for(more: bytes) -> None:
    """A line without an end, a size beyond what it keeps, or none: nothing more is taken in."""
    with pytest.raises(Foreign):
        Answers().feed(more)


async def test_check_refuses_what_answers_a_lookup_with_something_else() -> None:
    """It says a version as memcached does, and is none."""
    with Impostor(greeted(lambda _: None, miss=b"HD")) as impostor:
        async with opened(impostor.address, deadline=PATIENCE) as store:
            with pytest.raises(StoreUnfit, match="does not answer as memcached does"):
                await store.check()


async def test_check_refuses_what_answers_an_add_with_something_else() -> None:
    """That is no lack of room."""
    with Impostor(greeted(lambda _: None)) as impostor:
        async with opened(impostor.address, deadline=PATIENCE) as store:
            with pytest.raises(StoreUnfit, match="does not answer as memcached does"):
                await store.check()


async def test_a_check_that_is_cancelled_as_its_answer_comes_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answer is nobody's, and the loop has nothing to complain of."""
    complaints: list[object] = []
    begun: list[threading.Thread] = []
    start = threading.Thread.start

    def started(thread: threading.Thread) -> None:
        begun.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", started)
    asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))
    async with opened(f"127.0.0.1:{free_port()}", deadline=PATIENCE) as store:
        check = asyncio.create_task(store.check())
        await asyncio.sleep(0)  # the check begins
        await asyncio.sleep(0)  # and what it gathers
        for thread in begun:
            thread.join()  # its answer is on its way to the loop, which has not seen it
        assert begun
        check.cancel()
        with pytest.raises(asyncio.CancelledError):
            await check
    assert complaints == []

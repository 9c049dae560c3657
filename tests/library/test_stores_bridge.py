"""pymemcache's way of waiting, on the event loop: the bridge, its sockets, the queue, the lanes."""

from __future__ import annotations

import asyncio
import socket

import pytest
from opened_store import new_key, opened
from tornado_state.exceptions import StoreUnavailable
from tornado_state.stores.memcached.bridge import run, wait_for
from tornado_state.stores.memcached.jobs import Job, JobQueue
from tornado_state.stores.memcached.loop_socket import LoopSocket

from compare.memcached_process import MemcachedProcess


def new_job() -> Job:
    loop = asyncio.get_running_loop()
    return Job(new_key(), None, loop.time() + 60, loop.create_future())


async def test_what_never_waits_just_returns() -> None:
    """No round trip through the loop for a function that has its answer at once."""
    assert await run(lambda: "answer") == "answer"


async def test_waiting_lets_others_go_on() -> None:
    """The function waits where it stands, and the event loop does not."""
    release = asyncio.Event()
    waiting = asyncio.create_task(run(lambda: wait_for(release.wait())))
    await asyncio.sleep(0)
    assert not waiting.done()
    release.set()
    assert await waiting is True


async def test_a_cancelled_wait_ends_the_function_where_it_waits() -> None:
    """Whoever gives up is noticed within, so that a connection in use can be destroyed."""
    seen: list[str] = []

    def function() -> None:
        try:
            wait_for(asyncio.sleep(60))
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    task = asyncio.create_task(run(function))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"]


def fill(sock: socket.socket) -> int:
    sent = 0
    while True:
        try:
            sent += sock.send(b"x" * 65_536)
        except BlockingIOError:
            return sent


async def test_sending_waits_for_a_peer_that_does_not_read() -> None:
    """A full buffer blocks neither the loop nor loses a byte."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sock = LoopSocket(ours)
        filled = fill(ours)
        sending = asyncio.create_task(run(lambda: sock.sendall(b"end")))
        await asyncio.sleep(0)
        assert not sending.done()
        received = bytearray()
        theirs.setblocking(False)
        loop = asyncio.get_running_loop()
        while len(received) < filled + 3:
            received += await loop.sock_recv(theirs, 65_536)
        await sending
        assert received.endswith(b"xend")


async def test_a_closed_queue_is_not_opened_again() -> None:
    """An answer that comes after the end does not let anybody in."""
    queue = JobQueue(max_batch=64, max_waiting=64)
    assert queue.shut("away") == []
    queue.close()
    queue.reopen()
    with pytest.raises(StoreUnavailable, match="closed"):
        queue.put(new_job())


async def test_work_goes_to_whoever_still_waits_for_it() -> None:
    """One who was cancelled while waiting takes no job along."""
    queue = JobQueue(max_batch=64, max_waiting=64)
    gone, there = (asyncio.create_task(queue.take()) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    job = new_job()
    queue.put(job)
    assert await there == [job]


async def test_nobody_waits_and_the_work_is_there_later() -> None:
    """Work that comes while all are busy is found by the next who asks."""
    queue = JobQueue(max_batch=1, max_waiting=64)
    jobs = [new_job(), new_job()]
    for job in jobs:
        queue.put(job)
    assert [await queue.take(), await queue.take()] == [[jobs[0]], [jobs[1]]]


async def test_the_store_tells_its_own_tasks_and_replaces_those_that_end() -> None:
    """A lane lost to an error nobody foresaw is replaced with the next call."""
    with MemcachedProcess() as memcached:
        async with opened(memcached.address) as store:
            before = asyncio.all_tasks()
            assert store.lasting_tasks() == set()
            await store.load(new_key())
            lanes = store.lasting_tasks()
            assert asyncio.all_tasks() - before == lanes
            for lane in lanes:
                lane.cancel()
            await asyncio.wait(lanes)
            assert await store.load(new_key()) is None
            assert not store.lasting_tasks() & lanes

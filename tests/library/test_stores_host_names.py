"""Host names that take long, and connections that take longer than anybody waits."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
from opened_store import new_key, opened
from tornado_state.exceptions import StoreUnavailable
from tornado_state.stores.addresses import parse_address
from tornado_state.stores.memcached.connection import Door

from compare.memcached_process import MemcachedProcess
from compare.waiting import PATIENCE, until, wait_until

look_up = socket.getaddrinfo


@contextmanager
def no_name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Have the look-up of ``….example`` take until the event is set, or the block ends."""
    released = threading.Event()

    def slow(host: str, *args: Any, **options: Any) -> Any:
        if str(host).endswith(".example") and not options.get("flags"):
            released.wait(PATIENCE)
            host = "127.0.0.1"
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    try:
        yield released
    finally:
        released.set()
        wait_until(lambda: not looking_up(), "the look-ups end")


def looking_up() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "opening" in thread.name]


def test_a_name_that_takes_for_ever_holds_up_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Calls end at their deadline, other nodes answer, threads are free, the loop may end."""
    slow = [f"node{number}.example:11211" for number in range(8)]

    async def use(address: str) -> None:
        async with opened(*slow, address, deadline=0.2) as store:
            keys = {store.home(key): key for key in (new_key() for _ in range(300))}
            calls = (store.load(keys[home]) for home in slow)
            answers = await asyncio.gather(*calls, *calls, return_exceptions=True)
            assert {type(answer) for answer in answers} == {StoreUnavailable}
            assert await store.load(keys[address]) is None
            assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), PATIENCE) == "free"

    with MemcachedProcess() as memcached, no_name_server(monkeypatch) as released:
        asyncio.run(use(memcached.address))
        assert not released.is_set()
        assert 0 < len(looking_up()) <= 2 * len(slow)


async def test_a_name_is_asked_for_once_at_a_time_and_found_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However often a node is tried meanwhile, no look-up is added; then it answers."""
    with MemcachedProcess(tcp=True) as memcached, no_name_server(monkeypatch) as released:
        address = memcached.address.replace("127.0.0.1", "node.example")
        async with opened(address, deadline=0.1, connections=1) as store:
            for _ in range(3):
                with pytest.raises(StoreUnavailable):
                    await store.load(new_key())
            assert len(looking_up()) == 1
            released.set()

            async def found() -> bool:
                try:
                    return await store.load(new_key()) is None
                except StoreUnavailable:
                    return False

            await until(found, "the node is found")


@pytest.mark.parametrize("name", ["no-such-host.invalid", f"[fe80::1%{'z' * 64}]"])
async def test_a_name_of_no_host_is_an_outage(name: str) -> None:
    """Nobody has it, or nobody can: no connection is made, and nothing else goes wrong."""
    with pytest.raises(StoreUnavailable, match=r"[Nn]ame"):
        Door(name, parse_address(f"{name}:11211")).addresses()
    async with opened(f"{name}:11211", deadline=PATIENCE) as store:
        with pytest.raises(StoreUnavailable):
            await store.load(new_key())


async def test_a_connection_given_up_while_it_is_made_is_closed() -> None:
    """Nobody has it yet, so nobody else could close it."""
    closed: list[int] = []

    class Watched(socket.socket):
        def close(self) -> None:
            closed.append(self.fileno())
            super().close()

    async def was_closed() -> bool:
        return bool(closed)

    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        listener = stack.enter_context(closing(socket.socket()))
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):  # until the system takes no more
            waiting = stack.enter_context(closing(socket.socket()))
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        patch.setattr("tornado_state.stores.memcached.sockets.socket.socket", Watched)
        gc.disable()
        try:
            port = listener.getsockname()[1]
            async with opened(f"127.0.0.1:{port}", deadline=0.1, connections=1) as store:
                with pytest.raises(StoreUnavailable):
                    await store.load(new_key())
                await until(was_closed, "what was being made is closed")
        finally:
            gc.enable()

"""The memcached store against answers that come slowly, garbled, or not for the one who asked."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from impostor import CuttingProxy, Impostor, always, dripping
from opened_store import CALLS, new_key, opened, reaches
from tornado_state.exceptions import StoreRefused, StoreUnavailable
from tornado_state.stores import MemcachedStore
from tornado_state.stores.memcached.connection import Connection
from tornado_state.stores.memcached.node import Limits, Node, StoreCounters

from compare.memcached_process import MemcachedProcess
from compare.waiting import until

#: What memcached may say to each command; anything else it could say is the answer to another.
BELONGS = {
    "load": {b"END"},
    "add": {b"STORED", b"NOT_STORED"},
    "cas": {b"STORED", b"EXISTS", b"NOT_FOUND"},
    "touch": {b"TOUCHED", b"NOT_FOUND"},
    "delete": {b"DELETED", b"NOT_FOUND"},
}
REPLIES = set().union(*BELONGS.values()) | {
    *(b"", b"OK", b"ERROR", b"CLIENT_ERROR bad", b"SERVER_ERROR busy", b"VERSION 1", b"\xff"),
    *(b"HTTP/1.1 400 Bad Request", b"-ERR unknown command", b"220 mail", b"VALUE", b"VALUE x"),
    *(
        b"VALUE other 0 2 7\r\nhi\r\nEND",
        b"VALUE x 0 y 7\r\nhi\r\nEND",
        b"SERVER_ERROR out of memory",
        b"SERVER_ERROR out of memory writing get response",
    ),
}
FOREIGN = [(name, reply) for name in CALLS for reply in sorted(REPLIES - BELONGS[name])]


@pytest.mark.parametrize(("name", "reply"), FOREIGN)
async def test_a_reply_to_something_else_is_no_answer(name: str, reply: bytes) -> None:
    """What memcached cannot have meant for this command is never taken for True, False or None."""
    with Impostor(always(reply + b"\r\n")) as impostor:
        async with opened(impostor.address, deadline=0.2) as store:
            with pytest.raises(StoreUnavailable):
                await CALLS[name](store, new_key())


@pytest.mark.parametrize(
    "behaviour",
    [
        always(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        always(b"-ERR unknown command\r\n"),
        always(b"ERROR\r\n"),
        always(b""),
        dripping(b"V"),
        lambda connection: None,
    ],
    ids=["web server", "Redis", "errors", "silent", "dripping", "closing"],
)
async def test_another_service_on_the_port_is_refused_at_the_start(
    behaviour: Callable[[socket.socket], None],
) -> None:
    """check() ends within its deadline and names the address."""
    with Impostor(behaviour) as impostor:
        async with opened(impostor.address, deadline=0.2) as store:
            with pytest.raises(StoreUnavailable, match=impostor.address):
                await store.check()


@pytest.mark.parametrize("name", CALLS)
async def test_a_drip_does_not_defeat_the_deadline(name: str) -> None:
    """A byte now and then keeps neither the caller nor a connection; the breaker opens."""
    with Impostor(dripping(b"E")) as impostor:
        async with opened(impostor.address, deadline=0.2) as store:
            with pytest.raises(StoreUnavailable):
                await CALLS[name](store, new_key())
            await reaches(store, "openings", 1)


async def test_past_its_deadline_nothing_is_sent() -> None:
    """A process that was busy for too long does not carry out what nobody waits for any more."""
    with MemcachedProcess() as memcached:
        async with opened(memcached.address, deadline=0.1) as store:
            key = new_key()
            await store.load(key)
            late = asyncio.create_task(store.add(key, b"record", 60))
            await asyncio.sleep(0)  # the call is in the queue, and nobody has taken it yet
            time.sleep(0.2)  # noqa: ASYNC251 - the busy process
            with pytest.raises(StoreUnavailable):
                await late
            assert await store.load(key) is None


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("name", CALLS)
async def test_a_connection_cut_before_the_answer_costs_nothing(
    name: str, carried_out: bool
) -> None:
    """Each command is repeated over a new connection, and answers as if it had gone once.

    But for a delete that was carried out: repeated, it finds nothing to delete. The record is gone
    either way.
    """
    with MemcachedProcess() as memcached:
        proxy = CuttingProxy(memcached.address)
        with Impostor(proxy) as impostor:
            async with opened(impostor.address, connections=1) as store:
                key, fresh = new_key(), new_key()
                await store.add(key, b"old", 60)
                read = await store.load(key)
                assert read is not None
                calls: dict[str, tuple[bytes, Callable[[], Awaitable[Any]], bytes | None]]
                calls = {
                    "load": (b"gets", lambda: store.load(key), b"old"),
                    "add": (b"add", lambda: store.add(fresh, b"mine", 60), b"mine"),
                    "cas": (b"cas", lambda: store.cas(key, b"mine", read.token, 60), b"mine"),
                    "touch": (b"touch", lambda: store.touch(key, 60), b"old"),
                    "delete": (b"delete", lambda: store.delete(key), None),
                }
                command, call, after = calls[name]
                proxy.cut, proxy.carries_out = command, carried_out
                answer = await call()
                assert answer == {"load": read, "delete": not carried_out}.get(name, True)
                assert proxy.cut is None
                record = await store.load(fresh if name == "add" else key)
                assert (record and record.sealed) == after
                assert store.stats()["openings"] == 0


@pytest.mark.parametrize(
    ("theirs", "outcome"), [("set {} 0 60 6\r\ntheirs", "unknown"), ("delete {}", None)]
)
async def test_a_repeated_cas_never_calls_its_own_write_a_conflict(
    theirs: str, outcome: str | None
) -> None:
    """Another version after a cut cas may be built upon mine: unknown. No record is None."""
    with MemcachedProcess() as memcached:
        proxy = CuttingProxy(memcached.address)
        with Impostor(proxy) as impostor:
            async with opened(impostor.address, connections=1) as store:
                key = new_key()
                await store.add(key, b"old", 60)
                read = await store.load(key)
                assert read is not None
                proxy.meanwhile = lambda: memcached.ask(theirs.format(key))
                proxy.cut = b"cas"
                if outcome is None:
                    assert await store.cas(key, b"mine", read.token, 60) is None
                    return
                with pytest.raises(StoreUnavailable, match="not known"):
                    await store.cas(key, b"mine", read.token, 60)


async def test_a_repeated_add_tells_its_own_record_from_another() -> None:
    """After a cut add, other bytes under the key mean that it is taken."""
    with MemcachedProcess() as memcached:
        proxy = CuttingProxy(memcached.address)
        with Impostor(proxy) as impostor:
            async with opened(impostor.address, connections=1) as store:
                key = new_key()
                await store.load(key)
                memcached.ask(f"set {key} 0 60 6\r\ntheirs")
                proxy.cut = b"add"
                assert await store.add(key, b"mine", 60) is False


async def test_a_repeated_add_that_finds_no_trace_is_unknown() -> None:
    """The key is taken, then it is not: mine may have come and gone."""
    replies = [b"", b"NOT_STORED\r\n", b"END\r\n"]

    def behave(connection: socket.socket) -> None:
        while command := connection.recv(65_536):
            reply = replies.pop(0) if command.startswith((b"add", b"gets")) else b"TOUCHED\r\n"
            if not reply:
                return
            connection.sendall(reply)

    with Impostor(behave) as impostor:
        async with opened(impostor.address, connections=1) as store:
            await store.touch(new_key(), 60)
            with pytest.raises(StoreUnavailable, match="not known"):
                await store.add(new_key(), b"mine", 60)
            assert not replies


async def test_a_connection_reset_while_idle_fails_no_call() -> None:
    """A reset is found out before anything is sent, as a proper end is."""
    reset = threading.Event()

    def behave(connection: socket.socket) -> None:
        while connection.recv(65_536):
            connection.sendall(b"TOUCHED\r\n")
            if not reset.is_set():
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                reset.set()
                return

    with Impostor(behave) as impostor:
        async with opened(impostor.address, connections=1) as store:
            assert await store.touch(new_key(), 60) is True
            assert await asyncio.to_thread(reset.wait, 5)
            assert await store.touch(new_key(), 60) is True
            assert len(impostor.connections) == 2


async def test_the_breaker_stays_open_until_memcached_answers() -> None:
    """It asks again and again, over new connections, and lets no call through meanwhile."""
    well = threading.Event()

    def behave(connection: socket.socket) -> None:
        while well.is_set() and (command := connection.recv(65_536)):
            is_version = command.startswith(b"version")
            connection.sendall(b"VERSION 1\r\n" if is_version else b"TOUCHED\r\n")

    async def asked_thrice() -> bool:
        return len(impostor.connections) >= 4

    async def touched() -> bool:
        try:
            return await store.touch(new_key(), 60)
        except StoreUnavailable:
            return False

    with Impostor(behave) as impostor:
        async with opened(impostor.address, connections=1) as store:
            with pytest.raises(StoreUnavailable):
                await store.touch(new_key(), 60)
            await until(asked_thrice, "it has asked three times")
            with pytest.raises(StoreUnavailable):
                store.touch(new_key(), 60).send(None)  # fails before it first waits
            well.set()
            await until(touched, "the breaker closes")
            assert store.stats()["openings"] == 1


async def test_what_was_sent_unasked_is_never_taken_for_an_answer() -> None:
    """An idle connection with something to read is out of step: it is not used again."""
    key = new_key()
    reply = f"VALUE {key} 0 6 7\r\nrecord\r\nEND\r\n".encode()
    with Impostor(always(reply)) as impostor:
        async with opened(impostor.address, connections=1) as store:
            assert await store.load(key) == (b"record", b"7")
            impostor.connections[0].sendall(b"END\r\n")
            assert await store.load(key) == (b"record", b"7")
            assert len(impostor.connections) == 2


async def test_our_own_slowness_does_not_open_the_breaker() -> None:
    """A command sent with little of its time left runs out of it, and memcached is well."""
    asked, release, probed = threading.Event(), threading.Event(), threading.Event()

    def behave(connection: socket.socket) -> None:
        while command := connection.recv(65_536):
            if command.startswith(b"version"):
                connection.sendall(b"VERSION 1\r\n")
                probed.set()
                continue
            asked.set()
            release.wait(5)
            release.clear()
            connection.sendall(b"END\r\n")

    with Impostor(behave) as impostor:
        async with opened(impostor.address, connections=1, deadline=1.0) as store:
            first = asyncio.create_task(store.load(new_key()))
            await asyncio.to_thread(asked.wait, 5)
            begun = time.monotonic()
            second = asyncio.create_task(store.delete(new_key()))
            never_sent = asyncio.create_task(store.delete(new_key()))
            await reaches(store, "waiting", 2)
            await asyncio.sleep(begun + 0.6 - time.monotonic())  # it has less than half left
            release.set()
            assert await first is None
            async with asyncio.timeout(10):
                for late in (second, never_sent):
                    with pytest.raises(StoreUnavailable):
                        await late
            assert await asyncio.to_thread(probed.wait, 5)
            asked.clear()
            third = asyncio.create_task(store.load(new_key()))
            assert await asyncio.to_thread(asked.wait, 5)  # the breaker let it pass
            third.cancel()
            release.set()
            assert store.stats()["openings"] == 0


async def test_an_answer_of_any_kind_ends_the_wait_for_one() -> None:
    """A memcached that comes back without room is back; once it has room, all is well."""
    replies: list[bytes | None] = [None]

    def behave(connection: socket.socket) -> None:
        while connection.recv(65_536):
            if replies[-1] is not None:
                connection.sendall(replies[-1])

    with Impostor(behave) as impostor:
        async with opened(impostor.address, deadline=0.2) as store:
            with pytest.raises(StoreUnavailable):
                await store.load(new_key())
            await reaches(store, "openings", 1)
            replies.append(b"SERVER_ERROR out of memory storing object\r\n")
            await until(lambda: refuses(store), "the refusals are memcached's own")
            replies.append(b"END\r\n")
            assert await store.load(new_key()) is None


async def refuses(store: MemcachedStore) -> bool:
    """Return whether it is memcached that refuses."""
    try:
        await store.load(new_key())
    except (StoreRefused, StoreUnavailable) as error:
        return isinstance(error, StoreRefused)
    return False


class Stumbling(Node):
    """A node whose first question whether memcached answers ends in an error nobody foresaw."""

    asked = 0

    async def _answers(self, connection: Connection) -> bool:
        self.asked += 1
        if self.asked == 1:
            raise ZeroDivisionError
        return await super()._answers(connection)


async def test_an_unforeseen_error_does_not_shut_the_store_for_good() -> None:
    """Whatever ends the wait for an answer, the next call finds out by itself."""
    with MemcachedProcess() as memcached:
        limits = Limits(deadline=0.2, connections=1, max_batch=64, max_waiting=64)
        node = Stumbling("node", memcached.address, limits, StoreCounters())
        memcached.freeze()
        with pytest.raises(StoreUnavailable, match="not answer within"):
            await node.load(new_key())
        (lane,) = node.lanes
        assert isinstance((await asyncio.wait([lane]))[0].pop().exception(), ZeroDivisionError)
        memcached.thaw()
        assert await node.load(new_key()) is None
        await node.close()

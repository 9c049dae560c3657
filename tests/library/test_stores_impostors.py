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
from impostor import Behaviour, CuttingProxy, Impostor, always, dripping, greeted
from opened_store import CALLS, LONG, answers, new_key, opened, reaches
from tornado_state.exceptions import StoreRefused, StoreUnavailable, StoreUnfit
from tornado_state.stores import MemcachedStore
from tornado_state.stores.memcached.answers import Answer, Answers

from compare.memcached_process import MemcachedProcess
from compare.waiting import until

#: What memcached may say to each command; anything else it could say is the answer to another.
BELONGS = {
    "load": {b"EN {O}", b"VA 2 c7 {O}\r\nhi"},
    "load_and_touch": {b"EN {O}", b"VA 2 c7 {O}\r\nhi"},
    "add": {b"STORED", b"NOT_STORED"},
    "cas": {b"STORED", b"EXISTS", b"NOT_FOUND"},
    "touch": {b"EN {O}", b"HD {O}"},
    "delete": {b"HD {O}", b"NF {O}"},
}
REPLIES = set().union(*BELONGS.values()) | {
    *(b"", b"OK", b"ERROR", b"CLIENT_ERROR bad", b"SERVER_ERROR busy", b"VERSION 1", b"\xff"),
    *(b"HTTP/1.1 400 Bad Request", b"-ERR unknown command", b"220 mail", b"VA", b"VA x", b"VA 2"),
    *(
        b"EN",
        b"HD",
        b"NF",
        b"END",
        b"TOUCHED",
        b"DELETED",
        b"NS",
        b"EX",
        b"MN",
        b"MN\r\nMN",
        b"HD {O} x",
        b"x" * 3000,
    ),
    *(b"EN O999", b"HD O999", b"NF O999", b"STORED O999", b"VA 9999999999 c7 {O}"),
    *(
        b"VALUE other 0 2 7\r\nhi\r\nEND",
        b"VA 2 c7 O999\r\nhi",
        b"VA 2 c7\r\nhi",
        b"VA 2 c7 {O} x\r\nhi",
        b"VA 2 x7 {O}\r\nhi",
        b"VA 1 c7 {O}\r\nhi",
        b"SERVER_ERROR out of memory",
        b"SERVER_ERROR out of memory writing get response",
    ),
}
FOREIGN = [(name, reply) for name in CALLS for reply in sorted(REPLIES - BELONGS[name])]


@pytest.mark.parametrize(("name", "reply"), FOREIGN, ids=lambda part: str(part[:40]))
async def test_a_reply_to_something_else_is_no_answer(name: str, reply: bytes) -> None:
    """What memcached cannot have meant for this command is never taken for True, False or None."""
    with Impostor(greeted(lambda _: reply + b"\r\nMN\r\n")) as impostor:
        async with opened(impostor.address, deadline=0.2) as store:
            with pytest.raises(StoreUnavailable):
                await CALLS[name](store, new_key())


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("end", [b"", b"HD\r\n", b"MN", b"EN\r\nMN\r\n", b"MN\r\nMN\r\n"])
async def test_an_exchange_that_does_not_end_as_it_must_is_no_answer(name: str, end: bytes) -> None:
    """A right answer is believed only when the exchange is whole, and not one answer longer."""
    reply = min(BELONGS[name] - {b"EN {O}"})
    with Impostor(greeted(lambda _: reply + b"\r\n" + end)) as impostor:
        async with opened(impostor.address, deadline=0.2) as store:
            with pytest.raises(StoreUnavailable):
                await CALLS[name](store, new_key())


@pytest.mark.parametrize("cut", range(1, 24))
async def test_an_answer_may_come_in_any_pieces(cut: int) -> None:
    """Wherever the network cuts an exchange, the same answers come out."""
    whole = b"VA 6 c7 O1\r\nre\r\nrd\r\nMN\r\n"
    answers = Answers()
    found = [*answers.feed(whole[:cut]), *answers.feed(whole[cut:])]
    assert found == [Answer([b"VA", b"6", b"c7", b"O1"], b"re\r\nrd"), Answer([b"MN"])]


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


def greeted_and_dripping(connection: socket.socket) -> None:
    """Say a version, and then one byte at a time, for ever."""
    greeted(lambda _: None)(connection)
    for _ in iter(lambda: connection.send(b"E"), 0):
        time.sleep(0.02)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("drip", [dripping(b"E"), greeted_and_dripping])
async def test_a_drip_does_not_defeat_the_deadline(name: str, drip: Behaviour) -> None:
    """A byte now and then keeps neither the caller nor a connection; the breaker opens."""
    with Impostor(drip) as impostor:
        async with opened(impostor.address, deadline=0.2) as store:

            async def opens() -> bool:
                with pytest.raises(StoreUnavailable):
                    await CALLS[name](store, new_key())
                return store.stats()["openings"] == 1

            # Not at once where this process was late itself: it answers over a new connection.
            await until(opens, "the breaker opens")


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
                    "load": (b"mg", lambda: store.load(key), b"old"),
                    "add": (b"add", lambda: store.add(fresh, b"mine", 60), b"mine"),
                    "cas": (b"cas", lambda: store.cas(key, b"mine", read.token, 60), b"mine"),
                    "load_and_touch": (b"mg", lambda: store.load_and_touch(key, 60), b"old"),
                    "touch": (b"mg", lambda: store.touch(key, 60), b"old"),
                    "delete": (b"md", lambda: store.delete(key), None),
                }
                command, call, after = calls[name]
                proxy.cut, proxy.carries_out = command, carried_out
                answer = await call()
                assert answer == {
                    **{"load": read, "load_and_touch": read, "delete": not carried_out}
                }.get(name, True)
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
    replies = [None, b"NOT_STORED\r\nMN\r\n", b"EN {O}\r\nMN\r\n"]

    def exchange(command: bytes) -> bytes | None:
        return b"HD {O}\r\nMN\r\n" if b" T60" in command else replies.pop(0)

    with Impostor(greeted(exchange)) as impostor:
        async with opened(impostor.address, connections=1) as store:
            await store.touch(new_key(), 60)
            with pytest.raises(StoreUnavailable, match="not known"):
                await store.add(new_key(), b"mine", 60)
            assert not replies


async def test_a_connection_reset_while_idle_fails_no_call() -> None:
    """A reset is found out before anything is sent, as a proper end is."""
    reset = threading.Event()

    def behave(connection: socket.socket) -> None:
        replies = [b"HD {O}\r\nMN\r\n"] if not reset.is_set() else [b"HD {O}\r\nMN\r\n"] * 9
        greeted(lambda _: replies.pop() if replies else None)(connection)

    with Impostor(behave) as impostor:
        async with opened(impostor.address) as store:
            assert await store.touch(new_key(), 60) is True
            (ended,) = impostor.connections
            ended.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            reset.set()
            ended.shutdown(socket.SHUT_RDWR)
            ended.close()
            assert await store.touch(new_key(), 60) is True
            assert len(impostor.connections) == 2


async def test_the_breaker_stays_open_until_memcached_answers() -> None:
    """It asks again and again, over new connections, and lets no call through meanwhile."""
    well = threading.Event()

    def behave(connection: socket.socket) -> None:
        if well.is_set():
            greeted(lambda _: b"HD {O}\r\nMN\r\n")(connection)

    async def asked_thrice() -> bool:
        return len(impostor.connections) >= 4

    async def touched() -> bool:
        try:
            return await store.touch(new_key(), 60)
        except StoreUnavailable:
            return False

    with Impostor(behave) as impostor:
        async with opened(impostor.address) as store:
            with pytest.raises(StoreUnavailable):
                await store.touch(new_key(), 60)
            await until(asked_thrice, "it has asked three times")
            with pytest.raises(StoreUnavailable):
                store.touch(new_key(), 60).send(None)  # fails before it first waits
            well.set()
            await until(touched, "the breaker closes")
            assert store.stats()["openings"] == 1


async def test_a_memcached_that_hangs_up_on_every_exchange_opens_the_breaker() -> None:
    """What is sent twice and never answered is told so, and nobody waits for the deadline."""
    with Impostor(greeted(lambda _: None)) as impostor:
        async with opened(impostor.address, deadline=LONG) as store:
            with pytest.raises(StoreUnavailable):
                await store.cas(new_key(), b"record", b"1", 60)
            await reaches(store, "openings", 1)


async def test_what_was_sent_unasked_is_never_taken_for_an_answer() -> None:
    """An idle connection with something to read is out of step: it is not used again."""
    key = new_key()
    with Impostor(greeted(lambda _: b"VA 6 c7 {O}\r\nrecord\r\nMN\r\n")) as impostor:
        async with opened(impostor.address) as store:
            assert await store.load(key) == (b"record", b"7")
            impostor.connections[0].sendall(b"EN\r\nMN\r\n")
            assert await store.load(key) == (b"record", b"7")
            assert len(impostor.connections) == 2


async def test_an_answer_that_came_unasked_just_in_time_is_none() -> None:
    """Where misses carry their number, one that was sent before it was asked for is told apart."""
    unasked = b"EN O1\r\nMN\r\n"
    replies = [b"VA 6 c7 {O}\r\nrecord\r\nMN\r\n", unasked]
    with Impostor(greeted(lambda _: replies.pop(0))) as impostor:
        async with opened(impostor.address) as store:
            assert await store.load(new_key()) == (b"record", b"7")
            with pytest.raises(StoreUnavailable):
                await store.load(new_key())


async def test_a_memcached_that_does_not_number_misses_will_do() -> None:
    """The first versions with meta commands left the number out; what carries it must be right."""
    with Impostor(greeted(lambda _: b"EN\r\nMN\r\n", miss=b"EN")) as impostor:
        async with opened(impostor.address) as store:
            assert await store.load(new_key()) is None
            assert await store.touch(new_key(), 60) is False


@pytest.mark.parametrize("done", [b"OK", b"HD"], ids=["to 1.6.9", "to 1.6.17"])
async def test_what_older_versions_say_is_understood(done: bytes) -> None:
    """They said OK for HD, and put one blank more before the number where they delete."""
    replies = [b"NF  {O}", done + b"  {O}", b"EN", done + b" {O}"]
    with Impostor(greeted(lambda _: replies.pop() + b"\r\nMN\r\n", miss=b"EN")) as impostor:
        async with opened(impostor.address) as store:
            touched = [await store.touch(new_key(), 60) for _ in range(2)]
            deleted = [await store.delete(new_key()) for _ in range(2)]
            assert [touched, deleted] == [[True, False]] * 2


async def test_a_memcached_without_meta_commands_is_refused_in_a_sentence() -> None:
    """Before 1.6 there were none: said at the start, and to every call."""
    with Impostor(greeted(lambda _: None, version=b"1.5.22", miss=b"ERROR")) as impostor:
        async with opened(impostor.address) as store:
            with pytest.raises(
                StoreUnfit, match=r"memcached 1\.5\.22 knows no meta commands, as 1\.6"
            ):
                await store.check()


async def test_a_busy_loop_is_not_taken_for_a_dead_memcached() -> None:
    """What has arrived is read before a deadline is believed, whatever waited for its turn."""
    with MemcachedProcess() as memcached:
        async with opened(memcached.address, deadline=0.2, max_batch=4) as store:
            keys = [new_key() for _ in range(20)]
            await until(lambda: answers(store, keys[0]), "it is connected")
            before = store.stats()
            adding = [asyncio.create_task(store.add(key, b"record", 60)) for key in keys]
            await asyncio.sleep(0)  # they are in the queue
            await asyncio.sleep(0)  # the first four are sent
            time.sleep(0.5)  # noqa: ASYNC251 - the busy process
            assert await asyncio.gather(*adding) == [True] * 20
            loading = [asyncio.create_task(store.load(key)) for key in keys]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            time.sleep(0.5)  # noqa: ASYNC251 - again
            assert None not in await asyncio.gather(*loading)
            after = store.stats()
            assert [after[name] - before[name] for name in ("failures", "openings")] == [0, 0]


async def test_after_a_stall_the_answer_may_take_as_long_again() -> None:
    """A machine that keeps this process waiting keeps memcached waiting, too."""
    asked, release = threading.Event(), threading.Event()

    def exchange(_: bytes) -> bytes:
        asked.set()
        release.wait(5)
        return b"EN {O}\r\nMN\r\n"

    with Impostor(greeted(exchange)) as impostor:
        async with opened(impostor.address, deadline=0.5) as store:
            late = asyncio.create_task(store.load(new_key()))
            await asyncio.to_thread(asked.wait, 5)
            time.sleep(1)  # noqa: ASYNC251 - the busy process
            asyncio.get_running_loop().call_later(0.1, release.set)
            assert await late is None
            assert store.stats()["openings"] == 0


async def test_our_own_slowness_does_not_open_the_breaker() -> None:
    """A command sent with little of its time left runs out of it, and memcached is well."""
    asked, release = threading.Event(), threading.Event()

    def exchange(_: bytes) -> bytes:
        asked.set()
        release.wait(5)
        release.clear()
        return b"EN {O}\r\nMN\r\n"

    with Impostor(greeted(exchange)) as impostor:
        async with opened(impostor.address, deadline=1.0) as store:
            first = asyncio.create_task(store.load(new_key()))
            await asyncio.to_thread(asked.wait, 5)
            second = asyncio.create_task(store.delete(new_key()))
            third = asyncio.create_task(store.delete(new_key()))
            await reaches(store, "waiting", 2)
            begun = time.monotonic()
            await asyncio.sleep(begun + 0.6 - time.monotonic())  # they have less than half left
            release.set()
            assert await first is None
            async with asyncio.timeout(10):
                for late in (second, third):
                    with pytest.raises(StoreUnavailable):
                        await late
            asked.clear()
            fourth = asyncio.create_task(store.load(new_key()))
            assert await asyncio.to_thread(asked.wait, 5)  # the breaker let it pass
            assert len(impostor.connections) == 2
            fourth.cancel()
            release.set()
            assert store.stats()["openings"] == 0


async def test_an_answer_of_any_kind_ends_the_wait_for_one() -> None:
    """A memcached that comes back without room is back; once it has room, all is well."""
    replies: list[bytes | None] = [None]

    def behave(connection: socket.socket) -> None:
        while replies[-1] is None:
            if not connection.recv(65_536):
                return
        greeted(lambda _: replies[-1])(connection)

    with Impostor(behave) as impostor:
        async with opened(impostor.address, deadline=0.2) as store:
            with pytest.raises(StoreUnavailable):
                await store.load(new_key())
            await reaches(store, "openings", 1)
            replies.append(b"SERVER_ERROR out of memory storing object\r\nMN\r\n")
            await until(lambda: refuses(store), "the refusals are memcached's own")
            replies.append(b"EN {O}\r\nMN\r\n")
            assert await store.load(new_key()) is None


async def refuses(store: MemcachedStore) -> bool:
    """Return whether it is memcached that refuses."""
    try:
        await store.add(new_key(), b"record", 60)
    except (StoreRefused, StoreUnavailable) as error:
        return isinstance(error, StoreRefused)
    return False

"""How a server is reached, what it must be, and what is wrong with it where it will not do."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from certificates import make_certificate
from impostor import Behaviour, CuttingProxy, Impostor, RoundRobin, always, dripping, greeted
from opened_store import closing, new_key, opened
from tornado_state.exceptions import (
    RecordTooLarge,
    StoreRefused,
    StoreUnavailable,
    StoreUnfit,
    TooLarge,
)
from tornado_state.stores import open_store
from tornado_state.testing import StoreContract

from compare.memcached_process import MemcachedProcess
from compare.redis_process import RedisProcess
from compare.store_process import StoreProcess
from compare.waiting import free_port, until

# TLS


class TlsRedisProcess(RedisProcess):
    """Redis that speaks TLS on its port and nothing else."""

    def command(self) -> list[str]:
        command = [*super().command()]
        command[command.index("--port")] = "--tls-port"
        return [*command, "--port", "0", "--tls-auth-clients", "no"]


def tls_process(scheme: str, folder: Path) -> StoreProcess:
    ca_file, key_file = make_certificate(folder)
    if scheme == "rediss":
        files = ("--tls-cert-file", str(ca_file), "--tls-key-file", str(key_file))
        return TlsRedisProcess(*files, "--tls-ca-cert-file", str(ca_file), tcp=True)
    options = f"ssl_chain_cert={ca_file},ssl_key={key_file}"
    return MemcachedProcess("-Z", "-o", options, tcp=True)


class TestMemcachedOverTls(StoreContract):
    """The contract, over TLS."""

    shared = True
    scheme = "memcacheds"

    @pytest.fixture(autouse=True)
    def server(self, tmp_path: Path) -> Iterator[None]:
        with tls_process(self.scheme, tmp_path) as process:
            self.url = f"{self.scheme}://{process.address}?deadline=5&ca_file={tmp_path}/ca.pem"
            yield

    def make_store(self) -> Any:
        return open_store(self.url)


class TestRedisOverTls(TestMemcachedOverTls):
    """The same, on Redis."""

    scheme = "rediss"


@pytest.mark.parametrize("scheme", ["memcacheds", "rediss"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    scheme: str, tmp_path: Path
) -> None:
    """Without the authority nothing is sent, and the check says why."""
    with tls_process(scheme, tmp_path) as process:
        async with closing(open_store(f"{scheme}://{process.address}?deadline=5")) as store:
            with pytest.raises(StoreUnfit, match="certificate is not to be trusted"):
                await store.check()
            with pytest.raises(StoreUnavailable):
                await store.load(new_key())


@pytest.mark.parametrize("scheme", ["memcacheds", "rediss"])
async def test_tls_where_there_is_none_is_named(scheme: str, tmp_path: Path) -> None:
    """And the other way round, where the sentence says what to write."""
    plain = MemcachedProcess if scheme == "memcacheds" else RedisProcess
    with plain(tcp=True) as process:
        async with closing(open_store(f"{scheme}://{process.address}")) as store:
            with pytest.raises(StoreUnavailable, match=process.address):
                await store.check()
    with tls_process(scheme, tmp_path) as process:
        async with closing(open_store(f"{scheme[:-1]}://{process.address}")) as store:
            with pytest.raises(StoreUnavailable, match=f"{process.address}: .*{scheme}://"):
                await store.check()


async def test_what_hangs_up_on_tls_is_not_said_to_want_it() -> None:
    """It is asked with it already."""
    with Impostor(lambda _: None) as impostor:
        async with closing(open_store(f"rediss://{impostor.address}?deadline=5")) as store:
            with pytest.raises(StoreUnavailable, match=r"closed the connection$"):
                await store.check()


@pytest.mark.parametrize("scheme", ["memcacheds", "rediss"])
async def test_a_drip_does_not_defeat_the_deadline_of_a_handshake(scheme: str) -> None:
    """What speaks TLS a byte at a time keeps nobody."""
    with Impostor(dripping(b"\x16")) as impostor:
        async with closing(open_store(f"{scheme}://{impostor.address}?deadline=0.2")) as store:
            for _ in range(2):
                with pytest.raises(StoreUnavailable):
                    await store.load(new_key())


# The password


@pytest.mark.parametrize(
    ("login", "good"), [("", False), ("ann:wrong@", False), ("ann:s%40cret%3Aword@", True)]
)
async def test_memcached_is_told_the_password(tmp_path: Path, login: str, good: bool) -> None:
    """With the right one all is as without; another, or none, is named for what it is."""
    (tmp_path / "users").write_text("ann:s@cret:word\n")
    with MemcachedProcess("-Y", str(tmp_path / "users"), tcp=True) as process:
        async with closing(open_store(f"memcached://{login}{process.address}?deadline=5")) as store:
            if good:
                await store.check()
                assert await store.add(new_key(), b"record", 60) is True
                return
            for call in (store.check, lambda: store.load(new_key())):
                with pytest.raises(StoreUnfit, match="wants another user and password") as refusal:
                    await call()
                assert "wrong" not in str(refusal.value)


# Names


@contextmanager
def names(patch: pytest.MonkeyPatch, addresses: list[str]) -> Iterator[str]:
    """Have a name stand for several addresses, here of one machine; yield it with its port."""
    look_up = socket.getaddrinfo

    def found(host: Any, *args: Any, **options: Any) -> Any:
        if host != "store.example":
            return look_up(host, *args, **options)
        pairs = [address.split(":") for address in addresses]
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, int(port)))
            for host, port in pairs
        ]

    patch.setattr(socket, "getaddrinfo", found)
    yield "store.example:11211"


async def test_the_next_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """One where nobody is, and one where nobody answers, keep nobody from the third."""
    with Impostor(lambda _: time.sleep(5)) as silent, MemcachedProcess(tcp=True) as memcached:
        addresses = [f"127.0.0.1:{free_port()}", silent.address, memcached.address]
        with names(monkeypatch, addresses) as name:
            async with opened(name, deadline=5) as store:
                assert await store.load(new_key()) is None
                assert store.stats()["openings"] == 0
                await store.check()
                memcached.restart()
                assert await store.load(new_key()) is None
            assert len(silent.connections) <= 3  # the one that answered is tried first from then on


@pytest.mark.parametrize("scheme", ["memcached", "redis"])
async def test_a_port_where_nobody_listens_is_named_as_the_system_does(scheme: str) -> None:
    """Once, in words that can be searched for."""
    address = f"127.0.0.1:{free_port()}"
    async with closing(open_store(f"{scheme}://{address}?deadline=5")) as store:
        with pytest.raises(StoreUnavailable, match=f"^{address}: .*: Connection refused$"):
            await store.check()


@pytest.mark.parametrize("scheme", ["memcached", "redis"])
async def test_where_no_address_of_a_name_takes_a_connection_it_is_said_once(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of localhost, which has two."""
    with names(monkeypatch, [f"127.0.0.1:{free_port()}" for _ in range(2)]) as name:
        async with closing(open_store(f"{scheme}://{name}?deadline=5")) as store:
            with pytest.raises(StoreUnavailable, match=r"^[^:]*:\d+: [^:]*: Connection refused$"):
                await store.check()


@contextmanager
def nobody_answers() -> Iterator[str]:
    """Listen where the system takes no more connections, as where packets are dropped."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("process", [MemcachedProcess, RedisProcess])
async def test_an_address_where_packets_are_dropped_keeps_nobody_from_the_next(
    process: type[StoreProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the deadline, and at the start as well."""
    with nobody_answers() as dropped, process(tcp=True) as server:
        scheme = "memcached" if process is MemcachedProcess else "redis"
        with names(monkeypatch, [dropped, server.address]) as name:
            async with closing(open_store(f"{scheme}://{name}?deadline=1")) as store:
                await store.check()
                assert await store.load(new_key()) is None


class PlainLoop(asyncio.SelectorEventLoop):
    """Of addresses it takes one after the other, as uvloop does."""

    async def create_connection(  # type: ignore[override]
        self, factory: Any, host: str, port: int, *, ssl: Any = None
    ) -> Any:
        return await super().create_connection(factory, host, port, ssl=ssl)


def test_a_loop_that_tries_no_addresses_beside_each_other_will_do() -> None:
    """There are others than Python's own."""

    async def check() -> None:
        async with closing(open_store(f"redis://{process.address}?deadline=5")) as store:
            await store.check()
            assert await store.load(new_key()) is None

    with RedisProcess(tcp=True) as process, asyncio.Runner(loop_factory=PlainLoop) as runner:
        runner.run(check())


async def test_several_memcached_behind_one_name_are_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A session would be there by one address and not by the other; a list of both will do."""
    sentence = "several memcached answer by this name; list each"
    first, second = MemcachedProcess(tcp=True), MemcachedProcess(tcp=True)
    with first, second, names(monkeypatch, [first.address, second.address]) as name:
        async with opened(name, deadline=5) as store:
            with pytest.raises(StoreUnfit, match=f"^{name}: {sentence}"):
                await store.check()
        async with opened(first.address, second.address, deadline=5) as store:
            await store.check()
        assert first.keys() == second.keys() == {}


async def test_memcached_that_take_turns_at_one_address_are_found_out() -> None:
    """A session would be there on every other connection; one alone behind a balancer will do."""
    first, second = MemcachedProcess(), MemcachedProcess()
    with first, second, Impostor(RoundRobin(first.address, second.address)) as balancer:
        async with opened(balancer.address, deadline=5) as store:
            with pytest.raises(StoreUnfit, match="several memcached answer by this name"):
                await store.check()
    third = MemcachedProcess()
    with third, Impostor(RoundRobin(third.address)) as balancer:
        async with opened(balancer.address, deadline=5) as store:
            await store.check()


async def test_one_memcached_by_two_addresses_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which one may be dead."""
    with MemcachedProcess(tcp=True) as memcached:
        addresses = [memcached.address, f"127.0.0.1:{free_port()}", memcached.address]
        with names(monkeypatch, addresses) as name:
            async with opened(name, deadline=5) as store:
                await store.check()


# Proxies, and sizes


def without_stats(path: str, refusal: bytes) -> Behaviour:
    """Pass everything to the memcached at ``path`` but for ``stats``."""

    def behave(connection: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as memcached:
            memcached.connect(path)
            while command := connection.recv(65_536):
                if command.startswith(b"stats"):
                    if not refusal:
                        return
                    connection.sendall(refusal)
                    continue
                memcached.sendall(command)
                connection.sendall(memcached.recv(65_536))

    return behave


@pytest.mark.parametrize(
    "refusal", [b"ERROR\r\n", b"SERVER_ERROR not here\r\n", b"CLIENT_ERROR no\r\n", b"END\r\n", b""]
)
async def test_a_proxy_that_refuses_stats_will_do(refusal: bytes) -> None:
    """It keeps records as memcached does; what it does not tell is not missed."""
    memcached = MemcachedProcess()
    with memcached, Impostor(without_stats(memcached.address, refusal)) as proxy:
        async with opened(proxy.address, deadline=5) as store:
            await store.check()
            assert await store.add(new_key(), b"record", 60) is True


async def test_without_stats_a_memcached_without_cas_is_found_out_all_the_same() -> None:
    """By what it gives for a token."""
    memcached = MemcachedProcess("-C")
    with memcached, Impostor(without_stats(memcached.address, b"ERROR\r\n")) as proxy:
        async with opened(proxy.address, deadline=5) as store:
            with pytest.raises(StoreUnfit, match="compare and swap"):
                await store.check()


#: No item larger than 16 KB.
SMALL = ("-I", "16k", "-o", "slab_chunk_max=16384")


async def test_a_small_item_size_is_known_from_the_start(caplog: pytest.LogCaptureFixture) -> None:
    """The log warns of it, and what is larger is refused, with the limit, before it is sent."""
    with MemcachedProcess(*SMALL) as memcached, caplog.at_level(logging.WARNING):
        async with opened(memcached.address, deadline=5) as store:
            await store.check()
            assert "records of 16128 bytes at most" in caplog.text
            key = new_key()
            assert await store.add(key, b"x" * 16_128, 60) is True
            record = await store.load(key)
            assert record is not None
            with pytest.raises(RecordTooLarge, match="16128 at most") as refusal:
                await store.cas(key, b"x" * 16_129, record.token, 60)
            assert (refusal.value.status, refusal.value.limit) == (413, 16_128)
            assert await store.load(key) == record


async def test_a_small_item_size_that_nobody_asked_for_is_413_as_well() -> None:
    """It is both that the record is too large and that the store refuses it; the old one stands."""
    with MemcachedProcess(*SMALL) as memcached:
        async with opened(memcached.address, deadline=5) as store:
            key = new_key()
            await store.add(key, b"record", 60)
            record = await store.load(key)
            assert record is not None
            with pytest.raises(RecordTooLarge) as refusal:
                await store.cas(key, b"x" * 30_000, record.token, 60)
            assert isinstance(refusal.value, TooLarge)
            assert isinstance(refusal.value, StoreRefused)
            assert (refusal.value.status, refusal.value.size) == (413, 30_000)
            assert await store.load(key) == record


# This process's own limits


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Let this process open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("process", [MemcachedProcess, RedisProcess])
async def test_too_many_open_files_are_not_the_server_s_fault(
    process: type[StoreProcess],
) -> None:
    """Calls fail and say so, the breaker stays shut, and the next call after it works at once."""
    with process(tcp=True) as server:
        scheme = "memcached" if process is MemcachedProcess else "redis"
        async with closing(open_store(f"{scheme}://{server.address}")) as store:
            await store.load(new_key())  # what is imported at the first connection is there
        async with closing(open_store(f"{scheme}://{server.address}")) as store:
            with no_descriptor_left():
                for _ in range(2):
                    with pytest.raises(StoreUnavailable, match="Too many open files"):
                        await store.load(new_key())
            assert await store.load(new_key()) is None
            assert store.stats()["openings"] == 0


async def test_a_lane_that_cannot_be_opened_costs_nobody_a_call() -> None:
    """Where one connection is there, the calls that a second would have shared wait for it."""
    with MemcachedProcess() as memcached:
        async with opened(memcached.address, connections=2, max_batch=1, deadline=5) as store:
            await store.load(new_key())
            with no_descriptor_left():
                found = await asyncio.gather(*(store.load(new_key()) for _ in range(20)))
            assert found == [None] * 20
            assert store.stats()["failures"] == 0


async def test_check_tells_of_a_proxy_that_hangs_up() -> None:
    """A balancer without anything behind it takes connections and ends them."""
    with Impostor(lambda _: None) as balancer:
        async with opened(balancer.address) as store:
            with pytest.raises(StoreUnfit, match="hangs up"):
                await store.check()


@pytest.mark.parametrize("unknown", [b"md ", b"mn\r\n", b"add "])
async def test_check_finds_out_a_proxy_that_does_not_know_all_commands(unknown: bytes) -> None:
    """Else every sign-out would fail, or every call, and nobody knew before."""

    def behave(connection: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as upstream:
            upstream.connect(memcached.address)
            while command := connection.recv(65_536):
                if command.startswith(unknown):
                    connection.sendall(b"ERROR\r\n")
                else:
                    upstream.sendall(command)
                    connection.sendall(upstream.recv(65_536))

    with MemcachedProcess() as memcached, Impostor(behave) as proxy:
        async with opened(proxy.address, deadline=5) as store:
            with pytest.raises(StoreUnfit, match="does not answer as memcached does"):
                await store.check()


async def test_a_proxy_whose_memcached_is_away_is_an_outage() -> None:
    """What it says instead of memcached is never absence."""
    with Impostor(always(b"SERVER_ERROR upstream is down\r\n")) as proxy:
        async with opened(proxy.address) as store:
            with pytest.raises(StoreUnavailable):
                await store.load(new_key())
            with pytest.raises(StoreUnavailable, match="error of its own"):
                await store.check()


async def test_an_answer_in_the_midst_of_closing_is_nobody_s() -> None:
    """A store that is closed while it connects leaves no connection behind."""
    with MemcachedProcess() as memcached, Impostor(CuttingProxy(memcached.address)) as proxy:
        async with opened(proxy.address) as store:
            lost = asyncio.create_task(store.load(new_key()))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable, match="closed"):
            await lost

        async def ended() -> bool:
            return all(connection.fileno() >= 0 for connection in proxy.connections)

        await until(ended, "the connection is over")


async def test_a_process_that_can_start_no_thread_is_no_outage_of_memcached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Calls fail and say so; the breaker stays shut."""

    def start(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with MemcachedProcess() as memcached:
        async with opened(memcached.address, deadline=5) as store:
            with monkeypatch.context() as patch:
                patch.setattr("threading.Thread.start", start)
                with pytest.raises(StoreUnavailable, match="no more threads"):
                    await store.load(new_key())
            assert await store.load(new_key()) is None
            assert store.stats()["openings"] == 0


async def test_what_memcached_says_of_its_version_is_shown_only_if_it_is_one() -> None:
    """What answers may be anything, and its words may be meant for a terminal."""
    evil = b"\x1b]0;owned\x07" * 9
    with Impostor(greeted(lambda _: None, version=evil, miss=b"ERROR")) as impostor:
        async with opened(impostor.address) as store:
            with pytest.raises(StoreUnfit, match="memcached of no version knows no meta") as told:
                await store.check()
            assert str(told.value).isprintable()


def fill(memcached: MemcachedProcess) -> None:
    """Leave no room for a record of the size that the questions need, nor for another."""
    with socket.socket(socket.AF_UNIX) as client, client.makefile("rb") as said:
        client.connect(memcached.address)
        for size in (2200, 32):
            stored, number = True, 0
            while stored:
                numbers = range(number, number + 100)
                text = "".join(
                    f"set {size}-{n:038} 0 0 {size}\r\n{'x' * size}\r\n" for n in numbers
                )
                client.sendall(text.encode())
                stored = {said.readline() for _ in numbers} == {b"STORED\r\n"}
                number += 100


async def test_a_full_memcached_passes_its_check() -> None:
    """Without room for the record of the questions, what can be asked without it is asked."""
    with MemcachedProcess("-M", "-m", "4") as memcached:
        fill(memcached)
        async with opened(memcached.address, deadline=5) as store:
            await store.check()
            with pytest.raises(StoreRefused):
                await store.add(new_key(), b"x" * 32, 60)


async def test_a_full_memcached_without_cas_is_found_out_all_the_same() -> None:
    """By its settings, where there is no room for a record with a token."""
    with MemcachedProcess("-M", "-m", "4", "-C") as memcached:
        fill(memcached)
        async with opened(memcached.address, deadline=5) as store:
            with pytest.raises(StoreUnfit, match="compare and swap"):
                await store.check()

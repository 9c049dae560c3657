"""The store on the primary that real Sentinels tell, before and after a failover."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from opened_store import closing, new_key
from tornado_state.exceptions import StoreUnavailable, StoreUnfit
from tornado_state.stores import SessionStore, open_store
from tornado_state.testing import StoreContract

from compare.redis_process import RedisProcess
from compare.store_process import ServerProcess
from compare.waiting import free_port, until, wait_until

SERVICE = "sessions"


class SentinelProcess(ServerProcess):
    """A Sentinel that alone decides, and soon, that a primary has failed."""

    name = "Redis Sentinel"

    def __init__(self, primary: RedisProcess, *lines: str) -> None:
        super().__init__(tcp=True)
        self._lines = (
            f"sentinel monitor {SERVICE} 127.0.0.1 {primary.port} 1",
            f"sentinel down-after-milliseconds {SERVICE} 300",
            f"sentinel failover-timeout {SERVICE} 2000",
            f"dir {self.folder}",
            *lines,
        )

    def command(self) -> Sequence[str]:
        file = self.folder / "sentinel.conf"  # Sentinel writes into it what it finds out
        file.write_text("\n".join(self._lines))
        return ["redis-server", str(file), "--sentinel", "--port", str(self.port)]


@dataclass
class Watched:
    """A primary, a replica that has caught up, and who watches them."""

    primary: RedisProcess
    replica: RedisProcess
    sentinel: SentinelProcess
    password: str | None = None

    def url(self, login: str = "", deadline: float = 5, **parameters: str) -> str:
        more = "".join(f"&{name}={value}" for name, value in parameters.items())
        where = f"{login}{self.sentinel.address}/{SERVICE}"
        return f"redis+sentinel://{where}?deadline={deadline}{more}"

    def sees_replica(self) -> bool:
        with redis.Redis(port=self.sentinel.port, password=self.password) as client:
            return client.sentinel_master(SERVICE)["num-slaves"] == 1

    def begins_failover(self) -> bool:
        """Return whether it does: not before it has heard that the replica is well."""
        with redis.Redis(port=self.sentinel.port) as client, suppress(redis.ResponseError):
            return bool(client.execute_command("SENTINEL", "FAILOVER", SERVICE))
        return False

    def is_over(self) -> bool:
        with redis.Redis(port=self.replica.port) as client:
            return bool(client.info("replication")["role"] == "master")


def watched(*, password: str | None = None) -> Iterator[Watched]:
    lines = [f"requirepass {password}"] if password else []
    with (
        RedisProcess("--repl-diskless-sync-delay", "0", tcp=True) as primary,
        RedisProcess("--replicaof", f"127.0.0.1 {primary.port}", tcp=True) as replica,
        SentinelProcess(primary, *lines) as sentinel,
    ):
        found = Watched(primary, replica, sentinel, password)
        wait_until(found.sees_replica, "the Sentinel sees the replica")
        yield found


@pytest.fixture
def pair() -> Iterator[Watched]:
    yield from watched()


class TestThePrimaryThatASentinelTells(StoreContract):
    """The contract."""

    shared = True

    @classmethod
    def setup_class(cls) -> None:
        cls.watching = watched()
        cls.watched = next(cls.watching)

    @classmethod
    def teardown_class(cls) -> None:
        cls.watching.close()

    def make_store(self) -> SessionStore:
        return open_store(self.watched.url())

    def make_store_out_of_reach(self) -> SessionStore:
        return open_store(f"redis+sentinel://127.0.0.1:{free_port()}/{SERVICE}")


async def answered(store: SessionStore, key: str) -> bool:
    """Return whether a record can be written."""
    try:
        return await store.add(key, b"record", 60)
    except StoreUnavailable:
        return False


async def test_after_a_failover_the_new_primary_is_asked(pair: Watched) -> None:
    """The primary ends: 503 until there is another; then what was replicated is there."""
    async with closing(open_store(pair.url(deadline=1))) as store:
        key = new_key()
        assert await store.add(key, b"record", 60) is True
        with redis.Redis(port=pair.replica.port) as client:
            wait_until(lambda: client.exists(key), "the replica has it")
        pair.primary.kill()
        with pytest.raises(StoreUnavailable):
            await store.add(new_key(), b"record", 60)
        await until(lambda: answered(store, new_key()), "the replica has become the primary")
        record = await store.load(key)
        assert record is not None
        assert record.sealed == b"record"


async def test_a_primary_that_was_made_a_replica_is_left(pair: Watched) -> None:
    """A write that it refuses is sent to the new one, and nobody notices."""
    async with closing(open_store(pair.url())) as store:
        key = new_key()
        assert await store.add(key, b"record", 60) is True
        wait_until(pair.begins_failover, "the Sentinel begins a failover")
        wait_until(pair.is_over, "the failover is over")
        await until(lambda: answered(store, new_key()), "the new primary is asked")
        assert (await store.load(key)) is not None


async def test_a_sentinel_that_is_away_leaves_time_for_the_next(pair: Watched) -> None:
    """The first one is frozen, the second one answers: within the deadline."""
    with SentinelProcess(pair.primary) as other:
        other.freeze()
        try:
            where = f"{other.address},{pair.sentinel.address}/{SERVICE}"
            async with closing(open_store(f"redis+sentinel://{where}?deadline=2")) as store:
                assert await store.add(new_key(), b"record", 60) is True
        finally:
            other.thaw()


async def test_a_sentinel_taken_for_a_primary_is_named(pair: Watched) -> None:
    """With how its URL begins."""
    async with closing(open_store(f"redis://{pair.sentinel.address}?deadline=5")) as store:
        with pytest.raises(StoreUnfit, match=r"a Sentinel \(redis\+sentinel://\)"):
            await store.check()


async def test_a_service_that_no_sentinel_knows_is_named(pair: Watched) -> None:
    """So is what is no Sentinel, and Sentinels that are away."""
    for where, why in (
        (f"{pair.sentinel.address}/others", "no Sentinel knows a primary called others"),
        (f"{pair.primary.address}/others", "is no Sentinel"),
        (f"127.0.0.1:{free_port()}/others", "no connection"),
    ):
        async with closing(open_store(f"redis+sentinel://{where}")) as store:
            for call in (store.check, lambda: store.load(new_key())):
                with pytest.raises(StoreUnavailable, match=why):
                    await call()


@pytest.mark.parametrize("given", ["", "wrong", "s%26cret"])
async def test_sentinels_may_want_a_password_of_their_own(given: str) -> None:
    """With it all is as without; another is named for what it is, and not shown."""
    watching = watched(password="s&cret")
    pair = next(watching)
    try:
        parameters: dict[str, Any] = {"sentinel_password": given} if given else {}
        async with closing(open_store(pair.url(**parameters))) as store:
            if given == "s%26cret":
                assert await store.add(new_key(), b"record", 60) is True
                return
            with pytest.raises(StoreUnfit, match=r"the Sentinel .* wants a") as told:
                await store.check()
            assert "wrong" not in str(told.value)
    finally:
        watching.close()


async def test_concurrent_calls_ask_a_sentinel_once(pair: Watched) -> None:
    """It is asked for a connection, not for a call."""
    async with closing(open_store(pair.url())) as store:
        with redis.Redis(port=pair.sentinel.port) as client:
            before = client.info("stats")["total_connections_received"]
            loads = (store.load(new_key()) for _ in range(200))
            assert await asyncio.gather(*loads) == [None] * 200
            assert client.info("stats")["total_connections_received"] == before + 1

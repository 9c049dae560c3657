"""The store on a real Redis Cluster: the contract, slots that move, and nodes that are lost."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from impostor import REDIS_BEGINS, Behaviour, Impostor, redis_end
from opened_store import CALLS, LONG, answers, closing, new_key
from redis.crc import key_slot
from redis_cluster import RedisCluster
from tornado_state.exceptions import StoreUnavailable, StoreUnfit
from tornado_state.stores import RedisStore, SessionStore, open_store
from tornado_state.stores.addresses import parse_address
from tornado_state.stores.exchanges.commands import Limits, StoreCounters
from tornado_state.stores.redis.cluster import Cluster
from tornado_state.stores.redis.commands import Lookup
from tornado_state.stores.redis.connection import Door
from tornado_state.testing import StoreContract

from compare.memcached_process import MemcachedProcess
from compare.redis_process import RedisProcess
from compare.waiting import free_port, until, wait_until


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    with RedisCluster() as cluster:
        yield cluster


def opened(cluster: RedisCluster, deadline: float = 5) -> SessionStore:
    return open_store(f"redis+cluster://{cluster.address}?deadline={deadline}")


class TestACluster(StoreContract):
    """The contract."""

    shared = True

    @pytest.fixture(autouse=True)
    def _on(self, cluster: RedisCluster) -> None:
        self.cluster = cluster

    def make_store(self) -> SessionStore:
        return opened(self.cluster)

    def make_store_out_of_reach(self) -> SessionStore:
        return open_store(f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{free_port()}")


async def test_each_record_is_on_the_node_that_keeps_its_slot(cluster: RedisCluster) -> None:
    """All primaries have some; who keeps what is asked once, and nobody is sent elsewhere."""
    asked = sum(each.asked("cluster|slots") for each in cluster.members)
    moved = sum(each.moved() for each in cluster.members)
    async with closing(opened(cluster)) as store:
        assert not store.may_answer_elsewhere  # nobody knows yet
        keys = [new_key() for _ in range(200)]
        added = await asyncio.gather(*(store.add(key, b"record", 60) for key in keys))
        assert added == [True] * 200
        assert store.may_answer_elsewhere
        assert store.stats()["waiting"] == 0
    # But for the key that nobody has, with which each new connection is tried.
    assert sum(each.moved() for each in cluster.members) - moved < 3
    asking = sum(each.asked("cluster|slots") for each in cluster.members) - asked
    assert 1 <= asking <= 3  # the given ones, at once
    assert {cluster.home(key) for key in keys[:30]} == set(cluster.primaries)


async def test_a_cluster_is_closed_on_its_own_loop(cluster: RedisCluster) -> None:
    """Elsewhere that is refused and changes nothing; once it is closed, nobody answers instead."""
    async with closing(opened(cluster)) as store:
        await store.load(new_key())
        with pytest.raises(RuntimeError, match="one event loop"):
            await asyncio.to_thread(asyncio.run, store.close())
        assert await store.load(new_key()) is None
    assert not store.may_answer_elsewhere


async def test_a_slot_that_moves_takes_its_sessions_along(cluster: RedisCluster) -> None:
    """Who is sent elsewhere once goes there at once from then on, and no call fails."""
    async with closing(opened(cluster)) as store:
        key = new_key()
        await store.add(key, b"first", 60)
        read = await store.load(key)
        source, target = cluster.begin_move(key)
        cluster.end_move(key, source, target)
        moved = source.moved()
        assert await store.cas(key, b"second", read.token, 60) is True
        assert source.moved() == moved + 1
        assert (await store.load(key)).sealed == b"second"
        assert await store.delete(key) is True
        assert source.moved() == moved + 1
        stats = store.stats()
        assert (stats["failures"], stats["openings"]) == (0, 0)


@pytest.mark.parametrize("name", CALLS)
async def test_while_a_slot_moves_both_nodes_are_asked(cluster: RedisCluster, name: str) -> None:
    """What has gone ahead is found there, what has not where it was, and what is new is there."""
    async with closing(opened(cluster)) as store:
        ahead = new_key()
        slot = key_slot(ahead.encode())
        behind, new = (
            next(key for key in iter(new_key, "") if key_slot(key.encode()) == slot)
            for _ in range(2)
        )
        for key in (ahead, behind):
            await store.add(key, b"record", 60)
        tokens = {key: (await store.load(key)).token for key in (ahead, behind)}
        source, target = cluster.begin_move(ahead)
        moved = source.moved()
        for key in (ahead, behind):
            if name == "cas":
                assert await store.cas(key, b"changed", tokens[key], 60) is True
            else:
                found = await CALLS[name](store, key)
                assert found is not None
                assert found is (name != "add") or found[0] == b"record"
        missing = {"add": True, "touch": False, "delete": False}.get(name)
        assert await CALLS[name](store, new) is missing
        assert source.moved() == moved
        for key in (behind, new):
            source.said("MIGRATE", "127.0.0.1", target.port, key, 0, 5000)
        cluster.end_move(ahead, source, target)
        assert (await store.load(ahead) is None) is (name == "delete")


async def test_a_user_may_ask_while_a_slot_moves(cluster: RedisCluster) -> None:
    """Without that no session could be had in the midst of it: said at the start, and then."""
    commands = "ping get getex set del expire eval evalsha getrange cluster|slots cluster|myid"
    may = [f"+{each}" for each in commands.split()]
    for each in cluster.members:
        each.said("ACL", "SETUSER", "app", "on", ">pw", "~*", *may)
    async with closing(open_store(f"redis+cluster://app:pw@{cluster.address}?deadline=5")) as store:
        key = new_key()
        await store.add(key, b"record", 60)
        move = cluster.begin_move(key)
        for call in (store.check(), store.load(key)):
            with pytest.raises(StoreUnfit, match="lets the user not do"):
                await call
        for each in cluster.members:
            each.said("ACL", "SETUSER", "app", "+asking")
        await store.check()
        assert (await store.load(key)).sealed == b"record"
        cluster.end_move(key, *move)
    for each in cluster.members:
        each.said("ACL", "DELUSER", "app")


async def test_check_names_what_is_no_cluster_and_what_is_one(cluster: RedisCluster) -> None:
    """At the start, in a sentence with the address."""
    async with closing(opened(cluster)) as store:
        await store.check()
    with RedisProcess(tcp=True) as alone, MemcachedProcess(tcp=True) as other:
        away = f"127.0.0.1:{free_port()}"
        for url, why in (
            *((f"redis://{each.address}", "redis.cluster:// opens") for each in cluster.members),
            (f"redis+cluster://{alone.address}", f"{alone.address}: .* no node of a cluster"),
            (f"redis+cluster://{other.address}", f"{other.address}: .* as Redis does"),
            (f"redis+cluster://{away}", f"{away}: no connection"),
            (f"redis+cluster://{away},{alone.address}", "no node of a cluster"),
        ):
            async with closing(open_store(f"{url}?deadline=5")) as store:
                with pytest.raises(StoreUnavailable, match=why) as told:
                    await store.check()
                assert isinstance(told.value, StoreUnfit) is ("no connection" not in why)


async def test_a_node_of_another_cluster_is_not_asked(cluster: RedisCluster) -> None:
    """The address of one that was lost was given to another: it would tell of absence."""
    member = cluster.primaries[0]
    async with closing(opened(cluster, deadline=2)) as store:
        key = cluster.key_of(member)
        await store.add(key, b"record", 60)
        known, called = (member.folder / "nodes.conf").read_text(), member.called
        member.kill()
        member.called = "f" * 40
        member.knows([member.line(role="myself,master", slots="0-16383", epoch=9)])
        member.start()
        wait_until(member.is_ok, "it serves")
        assert member.said("EXISTS", key) == 0
        with pytest.raises(StoreUnavailable):
            await store.load(key)
        with pytest.raises(StoreUnavailable, match=r"another name|does not answer"):
            await store.load(key)
        member.kill()
        member.called = called
        (member.folder / "nodes.conf").write_text(known)
        member.start()
        cluster.wait()
        await until(lambda: answers(store, key), "it is back")
        assert await store.load(key) is None


async def answered(store: SessionStore, key: str) -> bool:
    with suppress(StoreUnavailable):
        return await store.add(key, b"record", 60)
    return False


async def test_a_lost_primary_takes_its_own_slots_only(cluster: RedisCluster) -> None:
    """Until its replica has taken over: then what was replicated is there."""
    lost, replica = cluster.replicated, cluster.replica
    wait_until(cluster.has_caught_up, "the replica follows")
    async with closing(opened(cluster, deadline=1)) as store:
        keys = {member: cluster.key_of(member) for member in cluster.primaries}
        for key in keys.values():
            assert await store.add(key, b"record", 60) is True
        assert lost.said("WAIT", 1, 5000) == 1
        lost.kill()
        with pytest.raises(StoreUnavailable):
            await store.load(keys[lost])
        for member in set(cluster.primaries) - {lost}:
            assert (await store.load(keys[member])) is not None
        assert store.may_answer_elsewhere
        await until(lambda: answers(store, keys[lost]), "the replica has taken over")
        assert (await store.load(keys[lost])).sealed == b"record"
        assert replica.said("EXISTS", keys[lost]) == 1
    lost.start()


def saying(slots: Callable[[], bytes], reply: Callable[[], bytes]) -> Behaviour:
    """Say what a node says at first, ``slots`` of who keeps what, and ``reply`` to the rest."""

    def behave(connection: socket.socket) -> None:
        port = b"%d" % connection.getsockname()[1]
        while command := connection.recv(65_536):
            if REDIS_BEGINS in command:
                connection.sendall(b"*0\r\n+PONG\r\n:0\r\n" + b"+name\r\n" * (b"MYID" in command))
            elif b"SETINFO" in command:
                connection.sendall(b"+OK\r\n" * command.count(b"SETINFO"))
            else:
                asked = b"+OK\r\n" * (b"ASKING" in command)
                answer = slots() if b"SLOTS" in command else reply()
                answer = answer.replace(b"{port}", port)
                connection.sendall(asked + answer + redis_end(command))

    return behave


def telling(slots: bytes, reply: bytes = b"$-1\r\n") -> Behaviour:
    return saying(lambda: slots, lambda: reply)


def kept(
    first: int = 0, last: int = 16_383, host: bytes = b"$0\r\n\r\n", name: bytes = b"name"
) -> bytes:
    node = b"*3\r\n%b:{port}\r\n$%d\r\n%b\r\n" % (host, len(name), name)
    return b"*3\r\n:%d\r\n:%d\r\n%b" % (first, last, node)


def kept_at(address: str, last: int = 16_383) -> bytes:
    host, _, port = address.encode().rpartition(b":")
    return kept(last=last, host=b"$%d\r\n%b\r\n" % (len(host), host)).replace(b"{port}", port)


@pytest.mark.parametrize("host", [b"$0\r\n\r\n", b"$-1\r\n", b"$9\r\n127.0.0.1\r\n"])
async def test_a_node_that_is_told_of_without_a_host_is_where_the_answer_came_from(
    host: bytes,
) -> None:
    """A node that has not heard of its own address tells none."""
    with Impostor(telling(b"*1\r\n" + kept(host=host))) as node:
        async with closing(open_store(f"redis+cluster://{node.address}")) as store:
            assert await store.load(new_key()) is None


@pytest.mark.parametrize(
    ("slots", "reply", "why"),
    [
        (b"*0\r\n", b"", "no node that keeps a slot"),
        (b"*1\r\n:1\r\n", b"", "not answer as a Redis Cluster"),
        (b"*1\r\n" + kept(last=16_384), b"", "not answer as a Redis Cluster"),
        (b"*1\r\n*3\r\n:0\r\n:1\r\n:2\r\n", b"", "not answer as a Redis Cluster"),
        (b"-NOPERM no\r\n", b"", "lets the user not"),
        (b"-ERR unknown command\r\n", b"", "is no Redis"),
        (b"*1\r\n" + kept(last=0), b"", "keeps the slot of this session"),
        (b"*1\r\n" + kept(host=b"$4\r\na..b\r\n"), b"", "can be no host's name"),
        (b"*1\r\n" + kept(), b"-MOVED 1 :{port}\r\n", "send a session round"),
        (b"*1\r\n" + kept(), b"-ASK 1 127.0.0.1:{port}\r\n", "send a session round"),
        (b"*1\r\n" + kept(), b"-CLUSTERDOWN down\r\n", "cluster of this Redis is down"),
    ],
)
async def test_what_a_cluster_cannot_mean_is_no_answer(
    slots: bytes, reply: bytes, why: str
) -> None:
    """Nor is that nobody keeps a slot, or that each says that another one does."""
    with Impostor(telling(slots, reply)) as node:
        async with closing(open_store(f"redis+cluster://{node.address}")) as store:
            with pytest.raises(StoreUnavailable, match=why):
                await store.load(new_key())


async def test_a_node_that_others_send_to_and_that_is_away_is_not_waited_for_twice() -> None:
    """Its breaker is open by then, as for any other call."""
    moved = f"-MOVED 1 127.0.0.1:{free_port()}\r\n".encode()
    with Impostor(telling(b"*1\r\n" + kept(), moved)) as node:
        async with closing(open_store(f"redis+cluster://{node.address}?deadline=5")) as store:
            for why in ("no connection", "does not answer"):
                with pytest.raises(StoreUnavailable, match=why):
                    await store.load(new_key())
            assert store.stats()["openings"] == 1


async def test_a_node_that_keeps_nothing_any_more_is_left_once_it_has_answered() -> None:
    """A call that is under way there is not given up, and the connection ends after it."""
    asked, may_answer, left = (threading.Event() for _ in range(3))
    said: dict[str, bytes] = {}

    def answer() -> bytes:
        asked.set()
        may_answer.wait(LONG)
        return b"$-1\r\n"

    def behave(connection: socket.socket) -> None:
        saying(lambda: said["slots"], answer)(connection)
        left.set()

    tells = saying(lambda: said["slots"], lambda: b"$-1\r\n")
    with Impostor(behave) as first, Impostor(tells) as second:
        door = Door(second.address, parse_address(second.address))
        cluster = Cluster([door], Limits(LONG, 1, 256, 4096), StoreCounters())
        said["slots"] = b"*1\r\n" + kept_at(first.address)
        call = asyncio.ensure_future(cluster.call(Lookup(new_key())))
        assert await asyncio.to_thread(asked.wait, LONG)
        said["slots"] = b"*1\r\n" + kept_at(second.address)
        await cluster.learn()
        assert await cluster.call(Lookup(new_key())) is None
        assert not call.done()
        may_answer.set()
        assert await call is None
        await cluster.learn()
        assert await asyncio.to_thread(left.wait, LONG)
        await cluster.close()


async def test_a_node_that_was_removed_is_asked_no_more() -> None:
    """It does not know who keeps what; the others do."""
    said: dict[str, bytes] = {}
    removed = saying(lambda: said["slots"], lambda: b"-CLUSTERDOWN Hash slot not served\r\n")
    with (
        Impostor(removed) as first,
        Impostor(saying(lambda: said["slots"], lambda: b"$-1\r\n")) as second,
    ):
        said["slots"] = b"*1\r\n" + kept_at(first.address)
        async with closing(open_store(f"redis+cluster://{second.address}")) as store:
            with pytest.raises(StoreUnavailable, match="is down"):
                await store.load(new_key())
            said["slots"] = b"*1\r\n" + kept_at(second.address)
            await until(lambda: answers(store, new_key()), "the other one is asked")


@pytest.mark.parametrize("silent", [False, True])
async def test_what_another_cluster_tells_is_believed_only_when_nobody_is_left(
    silent: bool,
) -> None:
    """Its nodes were given the addresses of some that are lost: there, nobody has a session.

    Where nobody else answers, the cluster has been made anew.
    """
    told, end = threading.Event(), threading.Event()
    said = {"there": b"*1\r\n" + kept(), "elsewhere": b"*1\r\n" + kept()}

    def here() -> bytes:
        told.wait(LONG)
        if silent and said["elsewhere"] != said["there"]:
            end.wait(LONG)
        return said["there"]

    def elsewhere() -> bytes:
        told.set()
        return said["elsewhere"]

    def nothing() -> bytes:
        return b"$-1\r\n"

    with Impostor(saying(here, nothing)) as mine, Impostor(saying(elsewhere, nothing)) as other:
        doors = [Door(each.address, parse_address(each.address)) for each in (mine, other)]
        cluster = Cluster(doors, Limits(0.5 if silent else LONG, 1, 256, 4096), StoreCounters())
        await cluster.learn()
        told.clear()
        said["elsewhere"] = b"*1\r\n" + kept(name=b"else")
        (home,) = await cluster.ask()
        assert home.name == (b"else" if silent else b"name")
        end.set()
        await cluster.close()


async def test_check_tells_of_slots_that_nobody_keeps_and_of_nodes_that_are_away() -> None:
    """The first is named by number, the others by address."""
    with Impostor(telling(b"*1\r\n" + kept(last=0))) as node:
        async with closing(open_store(f"redis+cluster://{node.address}")) as store:
            with pytest.raises(StoreUnavailable, match="nobody keeps 16383 of the 16384 slots"):
                await store.check()
    away = f"127.0.0.1:{free_port()}"
    with Impostor(telling(b"*2\r\n" + kept_at(away, last=9) + kept(first=10))) as node:
        async with closing(open_store(f"redis+cluster://{node.address}")) as store:
            with pytest.raises(StoreUnavailable, match=f"{away}: no connection"):
                await store.check()


def test_what_a_cluster_does_not_have_is_refused() -> None:
    """Sentinels, numbers of databases, sockets."""
    for wrong in ({"service": "sessions"}, {"database": 1}, {"address": "/run/redis.sock"}):
        with pytest.raises(ValueError, match="a cluster has no"):
            RedisStore(**{"address": "localhost:6379", "cluster": True} | wrong)

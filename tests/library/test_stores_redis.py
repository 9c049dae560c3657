"""The store on a real Redis: the contract, and a Redis that is full, locked, or a replica."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from impostor import (
    REDIS_BEGINS,
    REDIS_ENDS,
    Behaviour,
    CuttingProxy,
    Impostor,
    always,
    dripping,
    redis_end,
)
from opened_store import CALLS, LONG, closing, new_key, reaches
from redis.asyncio.connection import UnixDomainSocketConnection
from redis.exceptions import ResponseError
from tornado_state.exceptions import StoreRefused, StoreUnavailable, StoreUnfit
from tornado_state.stores import RedisStore, SessionStore, open_store
from tornado_state.stores.redis.commands import Redirection
from tornado_state.stores.redis.connection import Wire
from tornado_state.stores.redis.meanings import meaning_of, translated
from tornado_state.testing import StoreContract

from compare.memcached_process import MemcachedProcess
from compare.redis_process import RedisProcess
from compare.waiting import free_port, until


class TestRedisOnASocket(StoreContract):
    """The contract."""

    shared = True
    tcp = False

    @classmethod
    def setup_class(cls) -> None:
        cls.redis = RedisProcess(tcp=cls.tcp)
        cls.redis.start()

    @classmethod
    def teardown_class(cls) -> None:
        cls.redis.close()

    def make_store(self) -> SessionStore:
        scheme = "redis" if self.tcp else "redis+unix"
        return open_store(f"{scheme}://{self.redis.address}?deadline=5")

    def make_store_out_of_reach(self) -> SessionStore:
        return open_store(f"redis://127.0.0.1:{free_port()}")


class TestRedisOnAPort(TestRedisOnASocket):
    """The same, over TCP."""

    tcp = True


def said(process: RedisProcess, *command: str) -> object:
    """Return what Redis answers to a command."""
    where = {"port": process.port} if process.port else {"unix_socket_path": process.address}
    with redis.Redis(**where) as client:
        return client.execute_command(*command)


async def test_a_full_redis_refuses_and_the_old_record_stands() -> None:
    """One that may not evict refuses new records and changes, and reads and ends as before."""
    with RedisProcess("--maxmemory", "4mb", "--maxmemory-policy", "noeviction") as process:
        async with closing(RedisStore(process.address, deadline=5)) as store:
            keys = [new_key() for _ in range(400)]
            adds = (store.add(key, b"x" * 20_000, 60) for key in keys)
            added = await asyncio.gather(*adds, return_exceptions=True)
            assert {type(outcome) for outcome in added} == {bool, StoreRefused}
            first = keys[added.index(True)]
            record = await store.load(first)
            assert record is not None
            with pytest.raises(StoreRefused, match="no room") as refusal:
                await store.cas(first, b"x" * 100_000, record.token, 60)
            assert refusal.value.retry_after == 5
            assert await store.load(first) == record
            assert await store.delete(first) is True
            assert store.stats()["openings"] == 0


async def test_a_redis_that_takes_no_writes_is_read() -> None:
    """Too few replicas follow it: changes are refused, also over a new connection."""
    with RedisProcess() as process:
        async with closing(RedisStore(process.address, deadline=5)) as store:
            key = new_key()
            await store.add(key, b"record", 60)
        said(process, "CONFIG", "SET", "min-replicas-to-write", "1")
        async with closing(RedisStore(process.address, deadline=5)) as store:
            record = await store.load(key)
            assert record is not None
            with pytest.raises(StoreRefused, match="too few replicas"):
                await store.cas(key, b"changed", record.token, 60)
            assert await store.load(key) == record


async def test_a_redis_that_cannot_save_is_read(tmp_path: Path) -> None:
    """It refuses changes, and to say that it is there; what is kept is found, or is not."""
    folder = tmp_path / "saved"
    folder.mkdir()
    with RedisProcess("--save", "3600 1", "--dir", str(folder)) as process:
        async with closing(RedisStore(process.address, deadline=5)) as store:
            key = new_key()
            await store.add(key, b"record", 60)
            folder.rmdir()
            said(process, "BGSAVE")

            async def refuses() -> bool:
                try:
                    return not await store.add(new_key(), b"record", 60)
                except StoreRefused as refusal:
                    return "cannot save" in str(refusal)

            await until(refuses, "it refuses changes")
            assert (await store.load(key)).sealed == b"record"
            assert await store.load(new_key()) is None
            assert store.stats()["openings"] == 0


async def test_a_script_that_is_forgotten_is_sent_again() -> None:
    """A restart, or SCRIPT FLUSH, costs no compare-and-swap, alone or among others."""
    with RedisProcess() as process:
        async with closing(RedisStore(process.address, deadline=LONG)) as store:
            for _ in range(2):
                keys = [new_key() for _ in range(20)]
                await asyncio.gather(*(store.add(key, b"first", 60) for key in keys))
                records = await asyncio.gather(*(store.load(key) for key in keys))
                swaps = (
                    store.cas(key, b"second", record.token, 60)
                    for key, record in zip(keys, records, strict=True)
                    if record
                )
                assert await asyncio.gather(*swaps) == [True] * 20
                said(process, "SCRIPT", "FLUSH")


async def test_a_primary_that_becomes_a_replica_is_left() -> None:
    """What it refuses is asked of whoever is the primary now; from itself nothing old is read."""
    with RedisProcess(tcp=True) as primary, RedisProcess() as process:
        async with closing(RedisStore(process.address, deadline=5)) as store:
            key = new_key()
            await store.add(key, b"record", 60)
            host, port = primary.address.split(":")
            said(process, "REPLICAOF", host, port)
            with pytest.raises(StoreUnavailable, match="replica"):
                await store.add(new_key(), b"record", 60)
            with pytest.raises(StoreUnavailable, match="does not answer"):
                await store.load(key)
        async with closing(RedisStore(process.address, deadline=5)) as store:
            with pytest.raises(StoreUnavailable, match="replica"):
                await store.load(key)
            with pytest.raises(StoreUnavailable, match="replica"):
                await store.check()


async def test_a_replica_that_can_be_written_is_none_to_ask() -> None:
    """What it does not have yet is no absence, and what is written to it is lost."""
    with RedisProcess(tcp=True) as primary, RedisProcess("--replica-read-only", "no") as process:
        said(process, "REPLICAOF", *primary.address.split(":"))
        async with closing(RedisStore(process.address, deadline=5)) as store:
            for call in (store.check, lambda: store.load(new_key())):
                with pytest.raises(StoreUnavailable, match="replica"):
                    await call()


@pytest.mark.parametrize(
    ("login", "good"),
    [("", False), (":wrong@", False), (":s%40cret@", True), ("default:s%40cret@", True)],
)
async def test_a_password_is_given_and_never_shown(login: str, good: bool) -> None:
    """With the right one all is as without; another, or none, is named for what it is."""
    with RedisProcess("--requirepass", "s@cret", tcp=True) as process:
        async with closing(open_store(f"redis://{login}{process.address}?deadline=5")) as store:
            if good:
                await store.check()
                assert await store.add(new_key(), b"record", 60) is True
                return
            for call in (store.check, lambda: store.load(new_key())):
                with pytest.raises(StoreUnfit, match="wants a") as refusal:
                    await call()
                assert "wrong" not in str(refusal.value)


async def test_a_database_of_its_own() -> None:
    """The number is in the URL; records of another one are not there; one that is not is named."""
    with RedisProcess(tcp=True) as process:
        url = f"redis://{process.address}"
        async with closing(open_store(url)) as first, closing(open_store(f"{url}/3")) as third:
            key = new_key()
            await third.add(key, b"record", 60)
            assert await first.load(key) is None
            assert await third.load(key) is not None
        async with closing(open_store(f"{url}/99")) as store:
            with pytest.raises(StoreUnfit, match="database"):
                await store.check()


#: What Redis has to let the user of a store do, in the guide's words.
NEEDED = ["ping", "get", "getex", "set", "getrange", "expire", "del", "eval", "evalsha", "select"]


async def test_a_user_that_may_do_what_is_needed_will_do_and_no_other() -> None:
    """The check finds out each command that is missing, also where only the script needs it."""
    with RedisProcess() as process:

        async def check(commands: list[str]) -> None:
            allowed = [f"+{command}" for command in commands]
            said(process, "ACL", "SETUSER", "shop", "reset", "on", ">pw", "~*", *allowed)
            url = f"redis+unix://shop:pw@{process.address}?db=1&deadline=5"
            async with closing(open_store(url)) as store:
                await store.check()

        await check(NEEDED)
        for missing in NEEDED:
            with pytest.raises(StoreUnfit, match="lets the user not do"):
                await check([each for each in NEEDED if each != missing])


@pytest.mark.parametrize(
    ("login", "options", "why"),
    [
        (":wrong@", "", "wants another user"),
        ("", "&db=99", "no database of that number"),
    ],
)
async def test_what_a_socket_refuses_is_named_as_on_a_port(
    login: str, options: str, why: str
) -> None:
    """Only another configuration mends it, so nobody is told to wait."""
    with RedisProcess() as process:
        url = f"redis+unix://{login}{process.address}?deadline=5{options}"
        async with closing(open_store(url)) as store:
            for call in (store.check, lambda: store.load(new_key())):
                with pytest.raises(StoreUnfit, match=why):
                    await call()


@pytest.mark.parametrize("tcp", [True, False])
async def test_a_redis_that_takes_no_more_clients_is_named(tcp: bool) -> None:
    """It says so unasked, and hangs up; that may pass."""
    with RedisProcess(tcp=tcp) as process:
        async with closing(RedisStore(process.address, deadline=5)) as first:
            assert await first.load(new_key()) is None
            said(process, "CONFIG", "SET", "maxclients", "1")
            async with closing(RedisStore(process.address, deadline=5)) as second:
                for call in (second.check, lambda: second.load(new_key())):
                    with pytest.raises(StoreUnavailable, match="maxclients") as refusal:
                        await call()
                    assert not isinstance(refusal.value, StoreUnfit)


async def test_a_redis_in_protected_mode_is_named() -> None:
    """So it is, as installed, to whoever comes from another machine."""
    denied = b"-DENIED Redis is running in protected mode because protected mode is enabled\r\n"
    with Impostor(lambda connection: connection.sendall(denied)) as impostor:
        async with closing(RedisStore(impostor.address, deadline=5)) as store:
            with pytest.raises(StoreUnfit, match="protected mode"):
                await store.check()


async def test_another_service_on_the_port_is_refused_at_the_start() -> None:
    """check() ends within its deadline, names the address, and says that this is no Redis."""
    for tcp in (True, False):
        with MemcachedProcess(tcp=tcp) as process:
            async with closing(RedisStore(process.address, deadline=5)) as store:
                with pytest.raises(StoreUnfit, match=f"^{process.address}: .* as Redis does"):
                    await store.check()
    for behaviour in (always(b"HTTP/1.1 400 Bad Request\r\n\r\n"), always(b""), dripping(b"+")):
        with Impostor(behaviour) as impostor:
            async with closing(RedisStore(impostor.address, deadline=0.2)) as store:
                with pytest.raises(StoreUnavailable, match=impostor.address):
                    await store.check()


@pytest.mark.parametrize(
    "foreign", [("LPUSH", "foreign"), ("HSET", "a", "b"), ("SADD", "a"), ("SET", "")]
)
async def test_what_another_program_left_is_a_record_that_nobody_can_read(
    foreign: tuple[str, ...],
) -> None:
    """Of whatever type it is, it may be replaced by whoever has read it, and ended."""
    with RedisProcess() as process:
        async with closing(RedisStore(process.address, deadline=5)) as store:
            key, (verb, *values) = new_key(), foreign
            said(process, verb, key, *values)
            for record in (await store.load(key), await store.load_and_touch(key, 60)):
                assert record is not None
                assert record.sealed == b""
            assert await store.cas(key, b"mine", b"1" * 16, 60) is False
            assert await store.add(key, b"mine", 60) is False
            assert await store.touch(key, 60) is True
            assert await store.cas(key, b"mine", record.token, 60) is True
            assert await store.cas(key, b"again", record.token, 60) is False
            said(process, "DEL", key)
            said(process, verb, key, *values)
            assert await store.delete(key) is True
            assert await store.load(key) is None


async def test_a_repeated_add_takes_what_another_program_left_for_taken() -> None:
    """Of no type that a record has."""
    with RedisProcess() as process:
        proxy = CuttingProxy(process.address)
        with Impostor(proxy) as impostor:
            async with closing(RedisStore(impostor.address, deadline=LONG)) as store:
                key = new_key()
                await store.load(key)
                said(process, "LPUSH", key, "foreign")
                proxy.cut = b"*"
                assert await store.add(key, b"mine", 60) is False


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("name", ["load", "add", "cas", "touch", "delete"])
async def test_a_connection_cut_before_the_answer_costs_nothing(
    name: str, carried_out: bool
) -> None:
    """Each command is repeated over a new connection, and answers as if it had gone once.

    But for a delete that was carried out: repeated, it finds nothing to delete.
    """
    with RedisProcess() as process:
        proxy = CuttingProxy(process.address)
        with Impostor(proxy) as impostor:
            async with closing(RedisStore(impostor.address, deadline=LONG)) as store:
                key, fresh = new_key(), new_key()
                await store.add(key, b"old", 60)
                read = await store.load(key)
                assert read is not None
                await store.cas(new_key(), b"", b"", 60)  # the script is known
                call, after = {
                    "load": (lambda: store.load(key), b"old"),
                    "add": (lambda: store.add(fresh, b"mine", 60), b"mine"),
                    "cas": (lambda: store.cas(key, b"mine", read.token, 60), b"mine"),
                    "touch": (lambda: store.touch(key, 60), b"old"),
                    "delete": (lambda: store.delete(key), None),
                }[name]
                proxy.cut, proxy.carries_out = b"*", carried_out
                answer = await call()
                assert answer == {"load": read, "delete": not carried_out}.get(name, True)
                assert proxy.cut is None
                record = await store.load(fresh if name == "add" else key)
                assert (record and record.sealed) == after
                assert store.stats()["openings"] == 0


@pytest.mark.parametrize("theirs", ["built upon mine", None], ids=["changed", "gone"])
async def test_a_repeated_cas_never_calls_its_own_write_a_conflict(theirs: str | None) -> None:
    """Another version after a cut cas may be built upon mine: unknown. No record is None."""
    with RedisProcess() as process:
        proxy = CuttingProxy(process.address)
        with Impostor(proxy) as impostor:
            async with closing(RedisStore(impostor.address, deadline=LONG)) as store:
                key = new_key()
                await store.add(key, b"old", 60)
                read = await store.load(key)
                assert read is not None
                change = ("SET", key, theirs) if theirs else ("DEL", key)
                proxy.meanwhile = lambda: said(process, *change)
                proxy.cut = b"*"
                if theirs is None:
                    assert await store.cas(key, b"mine", read.token, 60) is None
                    return
                with pytest.raises(StoreUnavailable, match="not known"):
                    await store.cas(key, b"mine", read.token, 60)


async def test_a_repeated_add_tells_its_own_record_from_another() -> None:
    """Another's record means that the key is taken."""
    with RedisProcess() as process:
        proxy = CuttingProxy(process.address)
        with Impostor(proxy) as impostor:
            async with closing(RedisStore(impostor.address, deadline=LONG)) as store:
                key = new_key()
                await store.load(key)
                said(process, "SET", key, "another's record")
                proxy.cut = b"*"
                assert await store.add(key, b"mine", 60) is False


def greeted(reply: bytes) -> Behaviour:
    """Say what Redis says at first, and ``reply`` to every command of an exchange."""

    def behave(connection: socket.socket) -> None:
        while command := connection.recv(65_536):
            if REDIS_BEGINS in command:
                connection.sendall(b"*0\r\n+PONG\r\n:0\r\n")
            elif b"SETINFO" in command:
                connection.sendall(b"+OK\r\n" * command.count(b"SETINFO"))
            else:
                connection.sendall(reply + redis_end(command))

    return behave


#: What Redis may say to each command.
BELONGS = {
    "load": {b"$-1\r\n", b"$2\r\nhi\r\n"},
    "load_and_touch": {b"$-1\r\n", b"$2\r\nhi\r\n"},
    "add": {b"$-1\r\n", b"+OK\r\n"},
    "cas": {b"$-1\r\n", b":0\r\n", b":1\r\n"},
    "touch": {b":0\r\n", b":1\r\n"},
    "delete": {b":0\r\n", b":1\r\n"},
}
REPLIES = set().union(*BELONGS.values()) | {
    *(b":7\r\n", b"*0\r\n", b"*1\r\n:1\r\n", b"\r\n", b"HTTP/1.1 400\r\n", b"END\r\n", b"$x\r\n"),
    *(b"-LOADING Redis is loading\r\n", b"-ERR unknown command\r\n", b"-ERR some other\r\n"),
    *(b"-CLUSTERDOWN down\r\n", b"-MOVED 1 1.2.3.4:1\r\n", b"-NOPERM no\r\n", b"-NOSCRIPT no\r\n"),
}
FOREIGN = [(name, reply) for name in CALLS for reply in sorted(REPLIES - BELONGS[name])]
#: Texts are bytes as well: what reads like a record is one.
FOREIGN = [
    each
    for each in FOREIGN
    if each not in {("load", b"+OK\r\n"), ("load_and_touch", b"+OK\r\n"), ("add", b"$2\r\nOK\r\n")}
]


@pytest.mark.parametrize(("name", "reply"), FOREIGN)
async def test_a_reply_to_something_else_is_no_answer(name: str, reply: bytes) -> None:
    """What Redis cannot have meant for this command is never taken for True, False or None."""
    with Impostor(greeted(reply)) as impostor:
        async with closing(RedisStore(impostor.address, deadline=0.3)) as store:
            with pytest.raises(StoreUnavailable):
                await CALLS[name](store, new_key())


@pytest.mark.parametrize(
    "unasked",
    [(b"$-1\r\n", b""), (b"", b"$-1\r\n"), (b"", b"$-1\r\n$1\r\n1\r\n")],
    ids=["before the end", "after it", "all of it once more"],
)
async def test_an_answer_too_many_is_never_taken_for_another_command_s(
    unasked: tuple[bytes, bytes],
) -> None:
    """It is found out with the exchange it comes in, or with the next, and the connection ends."""
    more = [unasked, (b"", b"")]

    def behave(connection: socket.socket) -> None:
        while command := connection.recv(65_536):
            if REDIS_BEGINS in command:
                connection.sendall(b"*0\r\n+PONG\r\n:0\r\n")
            elif b"SETINFO" in command:
                connection.sendall(b"+OK\r\n" * command.count(b"SETINFO"))
            else:
                before, after = more.pop(0) if more else (b"", b"")
                record = b"$22\r\n" + b"t" * 16 + b"record\r\n"
                connection.sendall(record + before + redis_end(command) + after)

    with Impostor(behave) as impostor:
        async with closing(RedisStore(impostor.address, deadline=5)) as store:
            for _ in range(2):
                with suppress(StoreUnfit):
                    assert await store.load(new_key()) == (b"record", b"t" * 16)
            assert store.stats()["failures"] == 1
            assert await store.load(new_key()) == (b"record", b"t" * 16)


@pytest.mark.parametrize("refusal", [b"-OOM no memory\r\n", b"-MISCONF cannot save\r\n"])
async def test_an_answer_too_many_of_a_redis_that_refuses_is_found_out(refusal: bytes) -> None:
    """A refusal where the end must be may be that of the last command: what came before is none."""

    def behave(connection: socket.socket) -> None:
        while command := connection.recv(65_536):
            if REDIS_BEGINS in command:
                connection.sendall(b"*0\r\n+PONG\r\n:0\r\n")
            elif b"EVAL" in command:
                connection.sendall(b"$1\r\n" + command[-3:])
            elif b"SETINFO" in command:
                connection.sendall(b"+OK\r\n" * command.count(b"SETINFO"))
            else:
                end = redis_end(command) if b"OOM" in refusal else refusal
                connection.sendall(b"+OK\r\n" + refusal + end)

    with Impostor(behave) as impostor:
        async with closing(RedisStore(impostor.address, deadline=5)) as store:
            with pytest.raises(StoreUnfit, match="as Redis does"):
                await store.add(new_key(), b"record", 60)


def test_a_host_that_has_no_address_is_told_in_the_system_s_words() -> None:
    """Its numbers are of another kind than those of connections."""
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert str(translated(unknown)).endswith(": Name or service not known")


@pytest.mark.parametrize(("verb", "asks"), [("ASK", True), ("MOVED", False)])
def test_where_a_session_is_kept_is_read_by_any_redis_py(verb: str, asks: bool) -> None:
    """Older ones tell it to nobody but their own client of a cluster."""
    meaning = meaning_of(ResponseError(f"{verb} 7 ::1:6379"))
    assert isinstance(meaning, Redirection)
    assert (meaning.slot, meaning.host, meaning.port, meaning.asks) == (7, "::1", 6379, asks)


async def test_check_finds_out_a_proxy_that_says_nothing_back() -> None:
    """It answers for Redis that it is there, and does not know what ends an exchange."""

    def behave(connection: socket.socket) -> None:
        while command := connection.recv(65_536):
            alone, numbered = (command.count(each) for each in (b"*1\r\n$4\r\nPING", REDIS_ENDS))
            others = command.count(b"*") - alone - numbered
            refused = b"-ERR wrong number of arguments for 'ping' command\r\n" * numbered
            connection.sendall(b"+PONG\r\n" * alone + b"$-1\r\n" * others + refused)

    with Impostor(behave) as impostor:
        async with closing(RedisStore(impostor.address, deadline=5)) as store:
            for call in (store.check, lambda: store.load(new_key())):
                with pytest.raises(StoreUnfit, match="does not know what a store needs"):
                    await call()


@pytest.mark.parametrize(
    ("version", "reply"),
    [("6.2", b"-ERR unknown command 'GETEX'\r\n"), ("no scripts", b"-NOPERM no permissions\r\n")],
)
async def test_check_finds_out_what_redis_does_not_know(version: str, reply: bytes) -> None:
    """An old one, and one that lets the user run no script, are refused at the start."""
    with Impostor(greeted(reply * 7)) as impostor:
        async with closing(RedisStore(impostor.address, deadline=LONG)) as store:
            with pytest.raises(StoreUnfit, match=r"older than 6\.2|lets the user not"):
                await store.check()


async def test_an_unforeseen_error_ends_the_connection_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While connecting, and in an exchange: who waits is told, the log too, the next is well."""
    with RedisProcess() as process:
        async with closing(RedisStore(process.address, deadline=LONG)) as store:
            for where in ("connect", "exchange"):
                with monkeypatch.context() as patch:
                    patch.setattr(Wire, where, lambda *_: 1 / 0)
                    with pytest.raises(StoreUnavailable, match="nobody foresaw"):
                        await store.load(new_key())
                assert await store.load(new_key()) is None
            assert caplog.text.count("ZeroDivisionError") >= 2
            assert store.stats()["openings"] == 0


async def test_what_goes_wrong_at_the_end_of_a_connection_is_logged_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection is nobody's by then."""
    with RedisProcess() as process:
        async with closing(RedisStore(process.address, deadline=LONG)) as store:
            await store.load(new_key())
            close = Wire.close

            async def close_and_fail(wire: Wire) -> None:
                await close(wire)
                raise ZeroDivisionError

            monkeypatch.setattr(Wire, "close", close_and_fail)
        assert caplog.text.count("an error that nobody foresaw") == 1
        assert store.stats()["failures"] == 0


async def test_a_redis_that_says_nothing_is_an_outage() -> None:
    """A try to connect ends at the deadline, and opens the breaker."""
    with Impostor(always(b"")) as impostor:
        async with closing(RedisStore(impostor.address, deadline=0.1)) as store:
            with pytest.raises(StoreUnavailable, match="not answer within"):
                await store.load(new_key())
            await reaches(store, "openings", 1)


async def test_what_answers_a_handshake_with_something_else_is_named() -> None:
    """It may be a Redis, without TLS."""
    with Impostor(always(b"-ERR Protocol error\r\n")) as impostor:
        async with closing(open_store(f"rediss://{impostor.address}?deadline=5")) as store:
            with pytest.raises(StoreUnfit, match="does not speak TLS"):
                await store.check()


async def test_a_user_who_may_not_do_what_a_store_does_is_refused_with_each_connection() -> None:
    """Before a call is sent; it says so."""
    with RedisProcess(tcp=True) as process:
        said(process, "ACL", "SETUSER", "ann", "on", ">word", "~*", "+ping", "+client")
        async with closing(open_store(f"redis://ann:word@{process.address}?deadline=5")) as store:
            with pytest.raises(StoreUnfit, match="lets the user not do"):
                await store.load(new_key())


@pytest.mark.parametrize("name", ["get", "getex", "set", "del", "getrange", "eval", "evalsha"])
async def test_check_finds_out_what_the_user_may_not_do(name: str) -> None:
    """Whatever it is that a store does; else signing out would fail, and nobody knew before."""
    with RedisProcess(tcp=True) as process:
        said(process, "ACL", "SETUSER", "ann", "on", ">word", "~*", "+@all", f"-{name}")
        async with closing(open_store(f"redis://ann:word@{process.address}?deadline=5")) as store:
            with pytest.raises(StoreUnfit, match="lets the user not do"):
                await store.check()
            assert not process.records()


async def test_a_full_redis_passes_its_check() -> None:
    """What is kept can be read and ended."""
    with RedisProcess("--maxmemory", "1", "--maxmemory-policy", "noeviction") as process:
        async with closing(RedisStore(process.address, deadline=5)) as store:
            await store.check()
            with pytest.raises(StoreRefused):
                await store.add(new_key(), b"record", 60)


async def test_a_repeated_add_that_finds_no_trace_is_unknown() -> None:
    """The key is taken, then it is not: mine may have come and gone."""
    replies = [b":1\r\n", b"", b"$-1\r\n", b"$0\r\n\r\n"]

    def behave(connection: socket.socket) -> None:
        while command := connection.recv(65_536):
            if REDIS_BEGINS in command:
                connection.sendall(b"*0\r\n+PONG\r\n:0\r\n")
            elif b"SETINFO" in command:
                connection.sendall(b"+OK\r\n" * command.count(b"SETINFO"))
            elif reply := replies.pop(0):
                connection.sendall(reply + redis_end(command))
            else:
                return

    with Impostor(behave) as impostor:
        async with closing(RedisStore(impostor.address, deadline=LONG, connections=1)) as store:
            assert await store.touch(new_key(), 60) is True
            with pytest.raises(StoreUnavailable, match="not known"):
                await store.add(new_key(), b"mine", 60)
            assert not replies


async def test_an_exchange_that_fails_as_the_store_is_closed_is_told_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error that redis-py makes of the cancellation tells nobody anything new."""
    reading = asyncio.Event()

    async def read_response(_: object, **__: object) -> object:
        reading.set()
        try:
            return await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            raise ConnectionError("it hung up meanwhile") from None

    with RedisProcess() as process:
        async with closing(RedisStore(process.address, deadline=LONG, connections=1)) as store:
            await store.load(new_key())
            monkeypatch.setattr(UnixDomainSocketConnection, "read_response", read_response)
            call = asyncio.create_task(store.load(new_key()))
            await reading.wait()
        with pytest.raises(StoreUnavailable, match="is closed"):
            await call
        assert (store.stats()["failures"], store.stats()["openings"]) == (1, 0)
        assert not caplog.records


def test_a_database_below_zero_is_refused() -> None:
    """It has no number like that."""
    with pytest.raises(ValueError, match="0 or more"):
        RedisStore("localhost:6379", database=-1)


async def test_a_redis_that_answers_too_slowly_is_not_taken_to_be_away() -> None:
    """Of what was too much for one exchange some had come; there are fewer in the next ones."""
    counts: list[int] = []

    def behave(connection: socket.socket) -> None:
        while command := connection.recv(65_536):
            count = command.count(b"GET\r\n")
            if REDIS_BEGINS in command:
                connection.sendall(b"*0\r\n+PONG\r\n:0\r\n")
            elif not count:
                connection.sendall(b"+OK\r\n" * command.count(b"SETINFO"))
            else:
                counts.append(count)
                for _ in range(count):
                    if ended.wait(0.06):
                        return
                    connection.sendall(b"$-1\r\n")
                connection.sendall(redis_end(command))

    async def answered() -> bool:
        calls = (store.load(new_key()) for _ in range(20))
        return None in await asyncio.gather(*calls, return_exceptions=True)

    ended = threading.Event()
    with Impostor(behave) as impostor:
        async with closing(RedisStore(impostor.address, deadline=0.6)) as store:
            await until(answered, "as many as come through in time are asked at once")
            assert 20 == counts[0] > counts[1]
            assert store.stats()["openings"] == 0
            ended.set()


async def test_a_redis_that_takes_large_records_slowly_is_not_taken_to_be_away() -> None:
    """What it answers is heard while the rest of an exchange is on its way."""
    ended = threading.Event()

    def behave(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        while command := connection.recv(65_536):
            if REDIS_BEGINS in command:
                connection.sendall(b"*0\r\n+PONG\r\n:0\r\n")
            elif b"SETINFO" in command:
                connection.sendall(b"+OK\r\n" * command.count(b"SETINFO"))
            else:
                while not ended.wait(0.1):
                    connection.sendall(b"+OK\r\n")

    with Impostor(behave) as impostor:
        async with closing(RedisStore(impostor.address, deadline=1)) as store:
            calls = (store.add(new_key(), bytes(1_000_000), 60) for _ in range(16))
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
            assert store.stats()["openings"] == 0
            ended.set()


async def test_what_was_not_sent_by_the_deadline_never_is() -> None:
    """Of a large exchange with a Redis that reads nothing, once that one reads again."""
    with RedisProcess() as process:
        async with closing(RedisStore(process.address, deadline=0.3)) as store:
            await store.load(new_key())
            process.freeze()
            calls = (store.add(new_key(), bytes(1_000_000), 60) for _ in range(8))
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
        process.thaw()
        async with closing(RedisStore(process.address, deadline=5)) as store:
            await store.load(new_key())
        assert len(process.records()) < 8


async def test_a_lane_that_is_closed_twice_ends_its_connection() -> None:
    """Given up, and again as the breaker opens: the second one lets the first come to its end."""
    with RedisProcess() as process:
        async with closing(RedisStore(process.address, deadline=5)) as store:
            await store.load(new_key())
            (lane,) = store._node._lanes
            connection = lane._wire._connection
            assert connection.is_connected
            lane.close()
            lane.close()
            await lane.closed()
            assert not connection.is_connected

"""Addresses, the start-up check, and who keeps which key when there are several memcached."""

from __future__ import annotations

from contextlib import ExitStack, suppress

import pytest
from impostor import Impostor, always
from opened_store import answers, new_key, opened
from tornado_state.exceptions import StoreUnavailable
from tornado_state.stores import MemcachedStore, is_away
from tornado_state.stores.addresses import parse_address, shown

from compare.memcached_process import MemcachedProcess
from compare.waiting import free_port, until


async def test_one_lost_node_of_three_takes_its_own_keys_only() -> None:
    """Its keys are unavailable, never looked for elsewhere; the others' do not notice."""
    with ExitStack() as stack:
        nodes = {
            memcached.address: memcached
            for memcached in (stack.enter_context(MemcachedProcess()) for _ in range(3))
        }
        async with opened(*nodes) as store:
            keys = [new_key() for _ in range(60)]
            for key in keys:
                assert await store.add(key, b"record", 60) is True
            assert {store.home(key) for key in keys} == set(nodes)
            lost = store.home(keys[0])
            nodes[lost].kill()
            for key in keys:
                if store.home(key) == lost:
                    with pytest.raises(StoreUnavailable):
                        await store.load(key)
                    with pytest.raises(StoreUnavailable):
                        await store.delete(key)
                else:
                    assert await store.load(key) is not None
            nodes[lost].start()
            await until(lambda: answers(store, keys[0]), "the node is back")
            assert await store.load(keys[0]) is None


def test_the_order_of_addresses_moves_no_key() -> None:
    """Processes that name the same nodes find the same home; a node less moves only its own."""
    nodes = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
    one, other = MemcachedStore(nodes), MemcachedStore(nodes[::-1])
    fewer = MemcachedStore(nodes[:2])
    for key in [new_key() for _ in range(200)]:
        assert one.home(key) == other.home(key)
        assert fewer.home(key) == one.home(key) or one.home(key) == nodes[2]


async def test_check_names_the_address_that_does_not_answer() -> None:
    """A node that is away, at the start, is told by its address; a good one passes."""
    away = f"127.0.0.1:{free_port()}"
    with MemcachedProcess() as memcached:
        async with opened(memcached.address) as store:
            assert store.room is None
            await store.check()
            assert store.room == 64 * 2**20
        async with opened(memcached.address, away) as store:
            with pytest.raises(StoreUnavailable, match=away):
                await store.check()


async def test_check_tells_another_service_before_a_node_that_is_away() -> None:
    """Whatever else is away, and however late the other service hangs up, it is what is named."""
    away = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    with (
        Impostor(always(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as other,
        MemcachedProcess() as frozen,
    ):
        frozen.freeze()
        async with opened(away[0], frozen.address, other.address, deadline=0.3) as store:
            with pytest.raises(StoreUnavailable, match=f"^{other.address}: ") as told:
                await store.check()
        assert not is_away(told.value)
        async with opened(*away, frozen.address, deadline=0.3) as store:
            with pytest.raises(StoreUnavailable, match=f"{away[0]}.*{away[1]}") as told:
                await store.check()
        assert is_away(told.value)


async def test_check_refuses_a_memcached_without_cas() -> None:
    """Where nothing is compared, a late write would undo a newer one."""
    with MemcachedProcess("-C") as memcached:
        async with opened(memcached.address) as store:
            with pytest.raises(StoreUnavailable, match="compare and swap"):
                await store.check()


async def test_localhost_is_found_where_only_ipv4_listens() -> None:
    """A name with several addresses does not hide a memcached on 127.0.0.1."""
    with MemcachedProcess(tcp=True) as memcached:
        async with opened(memcached.address.replace("127.0.0.1", "localhost")) as store:
            await store.check()
            assert await store.load(new_key()) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("localhost:11211", ("localhost", 11211)),
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("[::1]:65535", ("::1", 65535)),
        ("/run/memcached.sock", "/run/memcached.sock"),
        ("./memcached.sock", "./memcached.sock"),
    ],
)
def test_an_address_is_a_host_and_port_or_a_path(text: str, address: object) -> None:
    """IPv6 stands in brackets; what has a slash is a path. It is shown as it was written."""
    assert parse_address(text) == address
    assert shown(parse_address(text)) == text


WRONG_ADDRESSES = [
    *(
        "",
        "localhost",
        "localhost:",
        ":11211",
        "host:0",
        "host:65536",
        "host:x",
        "host:-1",
        "a b:1",
    ),
    *("::1:11211", "[::1", "[::1]", "[::g]:1", "host:¹", "host:1,host:2", "/" + "x" * 107),
]


@pytest.mark.parametrize("address", WRONG_ADDRESSES)
def test_a_wrong_address_is_refused_in_a_sentence(address: str) -> None:
    """It is refused when the store is made, and shown."""
    with pytest.raises(ValueError, match=r"not host:port|path of a socket") as refusal:
        MemcachedStore([address])
    assert repr(address) in str(refusal.value)


@pytest.mark.parametrize("addresses", [[], ["a:1", "a:1"]], ids=["none", "twice"])
def test_a_fleet_needs_distinct_nodes(addresses: list[str]) -> None:
    """No node has no room; one node twice is a mistake."""
    with pytest.raises(ValueError, match="at least one memcached"):
        MemcachedStore(addresses)


@pytest.mark.parametrize("wrong", ["deadline", "connections", "max_batch", "max_waiting"])
def test_settings_that_cannot_be_are_refused(wrong: str) -> None:
    """Zero seconds, connections, lookups or places make no store."""
    with pytest.raises(ValueError, match="at least 1"):
        MemcachedStore(["[::1]:11211"], **{wrong: 0})


@pytest.mark.parametrize("nodes", [1, 2])
async def test_another_node_may_answer_until_all_are_known_to_be_away(nodes: int) -> None:
    """Where there is one, or all are away, another key is no use."""
    async with opened(*(f"127.0.0.1:{free_port()}" for _ in range(nodes))) as store:
        assert store.may_answer_elsewhere is (nodes > 1)

        async def asked() -> bool:
            with suppress(StoreUnavailable):
                await store.add(new_key(), b"record", 60)
            return not store.may_answer_elsewhere

        await until(asked, "all are known to be away")

"""Every store that has a server, against a real one that is frozen, killed, restarted or lost."""

from __future__ import annotations

import asyncio
import logging

import pytest
from opened_store import CALLS, SERVERS, ServerKind, answers, new_key, reaches
from tornado_state.exceptions import StoreUnavailable
from tornado_state.stores import SessionStore

from compare.waiting import until

#: What each method says of a key that is not there.
WHEN_ABSENT = {
    "load": None,
    "add": True,
    "cas": None,
    "touch": False,
    "load_and_touch": None,
    "delete": False,
}

each_method = pytest.mark.parametrize("name", list(CALLS))


each_server = pytest.mark.parametrize("server", SERVERS.values(), ids=list(SERVERS))


@each_server
@each_method
async def test_a_frozen_server_is_unavailable_and_the_loop_goes_on(
    server: ServerKind, name: str
) -> None:
    """No method takes silence for an answer, and nothing else waits for it."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    with server.process() as process:
        async with server.opened(process, deadline=0.3) as store:
            await until(lambda: answers(store, new_key()), "it is connected")
            process.freeze()
            ticking = asyncio.create_task(tick())
            with pytest.raises(StoreUnavailable) as failure:
                await CALLS[name](store, new_key())
            ticking.cancel()
            assert failure.value.retry_after == 1
            assert ticks > 2  # a loop that waits has one at the most


@each_server
async def test_while_frozen_calls_fail_at_once_and_work_after_the_thaw(
    server: ServerKind,
) -> None:
    """The breaker answers without waiting, and closes by itself, at no visitor's cost."""
    with server.process() as process:
        async with server.opened(process, deadline=0.2) as store:
            key = new_key()
            await until(lambda: stored(store, key), "the record is there")
            openings = store.stats()["openings"]
            process.freeze()
            with pytest.raises(StoreUnavailable):
                await store.load(key)
            await reaches(store, "openings", openings + 1)
            with pytest.raises(StoreUnavailable) as failure:
                store.load(key).send(None)  # fails before it first waits
            assert failure.value.retry_after == 1
            process.thaw()
            await until(lambda: answers(store, key), "the breaker closes")
            record = await store.load(key)
            assert record is not None
            assert record.sealed == key.encode()
            assert store.stats()["openings"] == openings + 1


@each_server
@each_method
async def test_a_killed_server_is_unavailable(server: ServerKind, name: str) -> None:
    """Nobody there is not a miss: not for reading, and not for signing out."""
    with server.process(tcp=True) as process:
        async with server.opened(process) as store:
            await store.load(new_key())
            process.kill()
            with pytest.raises(StoreUnavailable):
                await CALLS[name](store, new_key())


@each_method
@pytest.mark.parametrize("tcp", [False, True], ids=["socket", "port"])
@each_server
async def test_a_restart_fails_no_call(server: ServerKind, name: str, tcp: bool) -> None:
    """A connection that died while idle is replaced before anything is sent."""
    with server.process(tcp=tcp) as process:
        async with server.opened(process, deadline=5) as store:
            await asyncio.gather(*(store.touch(new_key(), 60) for _ in range(20)))
            process.restart()
            for _ in range(4):
                assert await CALLS[name](store, new_key()) is WHEN_ABSENT[name]
            assert store.stats()["failures"] == 0


@each_server
async def test_a_late_answer_never_reaches_another_caller(server: ServerKind) -> None:
    """Whatever is frozen, timed out, cancelled and thawed: who gets a record gets his own."""
    with server.process() as process:
        async with server.opened(process, deadline=0.05, max_batch=4) as store:
            keys = [new_key() for _ in range(40)]
            for key in keys:
                await until(lambda key=key: stored(store, key), "the record is there")  # type: ignore[misc]
            for _ in range(8):
                process.freeze()
                lost = [asyncio.create_task(store.load(key)) for key in keys]
                await asyncio.wait(lost[:1])
                for task in lost[1::2]:
                    task.cancel()
                process.thaw()
                await asyncio.gather(*lost, return_exceptions=True)
                await until(lambda: answers(store, keys[0]), "the breaker closes")
                found = await asyncio.gather(
                    *(store.load(key) for key in keys), return_exceptions=True
                )
                for key, record in zip(keys, found, strict=True):
                    assert isinstance(record, StoreUnavailable) or record.sealed == key.encode()  # type: ignore[union-attr]


async def stored(store: SessionStore, key: str) -> bool:
    try:
        await store.add(key, key.encode(), 60)
        return await store.load(key) is not None
    except StoreUnavailable:
        return False


@each_server
async def test_the_log_tells_of_each_change_once(
    server: ServerKind, caplog: pytest.LogCaptureFixture
) -> None:
    """One line when memcached is lost, one when it is back, however many calls; no key in them."""
    with server.process(tcp=True) as process, caplog.at_level(logging.INFO):
        async with server.opened(process) as store:
            key = new_key()
            process.kill()
            for _ in range(20):
                with pytest.raises(StoreUnavailable):
                    await store.load(key)
            process.start()
            await until(lambda: answers(store, key), "the breaker closes")
        lines = [
            entry.getMessage() for entry in caplog.records if entry.name.startswith("tornado_state")
        ]
        assert len(lines) == 2
        assert all(process.address in line and key not in line for line in lines)

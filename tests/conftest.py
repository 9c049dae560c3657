"""What every test may ask for."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from compare.memcached_process import MemcachedProcess

pytest_plugins = ["compare.check.pytest_plugin"]

# Warnings are errors in the processes that tests start, as they are in the tests.
os.environ.setdefault("PYTHONWARNINGS", "error")


#: Files without anything that is dear to make: their tests run wherever there is room.
SPREAD = {"test_check", "test_experiments", "test_operation"}


class ByFile(LoadFileScheduling):
    """Keeps the tests of a file in one process, in order, but for those of the longest files."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return nodeid if Path(file).stem in SPREAD else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Say who runs what."""
    return ByFile(config, log)


@pytest.fixture(autouse=True)
def io_loop() -> Iterator[IOLoop]:
    """The loop that pytest-tornasync runs a test on; its own fixture's way is deprecated.

    Under every test, so that the plugin finds it also where a test names no fixture: it would ask
    for IOLoop.current() then, which from Python 3.12 on makes no loop.
    """
    loop = IOLoop(make_current=False)
    asyncio.set_event_loop(loop.asyncio_loop)
    yield loop
    asyncio.set_event_loop(None)
    loop.close(all_fds=True)


@pytest.fixture
def memcached() -> Iterator[MemcachedProcess]:
    """A real memcached, empty, on a socket of its own."""
    with MemcachedProcess() as process:
        yield process

"""What every test may ask for."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import warm_start
from demo_process import DemoProcess, WarmDemoProcess
from hypothesis import settings
from running_shop import SHOPS, WITH_SESSIONS, Shop, running_shop
from tornado.ioloop import IOLoop
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from compare.check import started
from compare.memcached_process import MemcachedProcess
from compare.targets import Targets

pytest_plugins = ["compare.check.pytest_plugin"]

# Warnings are errors in the processes that tests start, as they are in the tests.
os.environ.setdefault("PYTHONWARNINGS", "error")

# How long a test takes says nothing on a machine that has other work.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# What experiments and checks need of an application is what it does.
Targets.app_process = warm_start.WarmApp
started.OwnProcess = warm_start.begin


#: Files without anything that is dear to make: their tests run wherever there is room.
SPREAD = ("test_guide", "test_typing", "test_experiments", "test_check", "test_operation")

#: What takes longest, first: nobody waits for it alone in the end. In turns what waits for the
#: clocks of stores and what works.
LONGEST = (
    *("test_stores_connecting", "test_reports", "test_stores_redis", "test_pages_audited"),
    *("test_stores_memcached", "test_demo_recovery", "test_stores_sentinel", "test_promises"),
    *("test_stores_cluster", "test_abroad_order", "test_stores_outages", "test_stores_contract"),
    *("test_pages_accounts", "test_demo", "test_stores_impostors", "test_demo_parts", "test_pages"),
    *("test_pages_without_script", "test_pages_for_everyone", "test_compare_ending"),
    *("test_pages_outage", "test_demo_tour", "test_faults", "test_compare", "test_contrasts"),
    *("test_demo_requests", "test_store", "test_database", "test_registration", "test_bench"),
    *("test_accounts_cli", "test_record", "test_private_memcached", "test_postgres"),
)


#: Whose tests must cover every branch of the library; what others run in passing does not count.
TRACED = "tests/library/"

#: Whose lines and branches others cover as well: to be traced they would take twice as long. Where
#: a branch is told as missing that one of them takes, it is to be traced again.
UNTRACED = (
    *("test_abroad_answers.py", "test_abroad_caches.py", "test_abroad_forged.py"),
    *("test_abroad_meanwhile.py", "test_abroad_order.py", "test_abroad_settings.py"),
    *("test_abroad_transport.py", "test_abroad_values.py", "test_abroad_wire.py"),
    *("test_cookies.py", "test_examples_demos.py", "test_guide.py", "test_journal_model.py"),
    *("test_placement.py", "test_request_model.py", "test_state_on_memcached.py"),
    *("test_whose_state.py", "test_work_on_input.py"),
    *("::TestACluster::", "::TestMemcachedOnAPort::", "::TestMemcachedOnASocket::"),
    *("::TestRedisOnASocket::", "::TestRedisOverTls::", "::TestThePrimaryThatASentinelTells::"),
    *("::test_what_was_committed_reaches_the_visitor",),
    *("::test_a_change_within_that_comes_too_late_is_in_the_log",),
    *("::test_a_change_after_the_answer_began_raises",),
    *("::test_a_late_answer_never_reaches_another_caller",),
    *("::test_a_plain_value_may_be_the_identity",),
    *("::test_a_websocket_reads_and_is_told_that_it_cannot_write",),
    *("::test_an_interrupted_renewal_leaves_nobody_without_a_session",),
    *("::test_any_json_comes_back_or_is_refused", "::test_while_a_slot_moves_both_nodes_are_asked"),
    "::test_records_nobody_asks_for_again_leave_memory",
)


class ByFile(LoadFileScheduling):
    """Keeps the tests of a file in one process, in order, but for those of the longest files."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return nodeid if Path(file).stem in SPREAD else file


def pytest_configure(config: pytest.Config) -> None:
    """Have one process to fork from, for all that run tests; the library's start no shop."""
    if config.getoption("numprocesses", None) and config.args != ["tests/library"]:
        warm_start.where()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, and between them with what waits more than it works."""
    order: dict[str, float] = {name: number for number, name in enumerate(LONGEST)}
    spread = [item.nodeid for item in items if item.path.stem in SPREAD]
    order |= {each: at * len(LONGEST) / len(spread) for at, each in enumerate(spread)}
    items.sort(key=lambda item: order.get(item.nodeid, order.get(item.path.stem, len(LONGEST))))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Say who runs what."""
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Have a test traced, where branches are counted, or not."""
    tracer, later = sys.gettrace(), threading.gettrace()
    if tracer is None or _counts(item.nodeid):
        return (yield)
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)
        threading.settrace(later)


def _counts(test: str) -> bool:
    return test.startswith(TRACED) and not any(each in test for each in UNTRACED)


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


@pytest.fixture(scope="session")
def demo() -> Iterator[DemoProcess]:
    """The demo, for all of its tests in a process."""
    with WarmDemoProcess() as process:
        yield process


class Shops(dict[str, Shop]):
    """The three applications by name, each started when first asked for, on its own memcached."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, name: str) -> Shop:
        self[name] = self._stack.enter_context(running_shop(name))
        return self[name]


@pytest.fixture(scope="session")
def shops() -> Iterator[Shops]:
    """All three, as a person starts them, for all tests; each leaves them and memcached in order.

    What a test needs besides, an option or a store that ends, it starts for itself.
    """
    with ExitStack() as stack:
        yield Shops(stack)


@pytest.fixture(params=SHOPS)
def shop(request: pytest.FixtureRequest, shops: Shops) -> Shop:
    """Each application in turn."""
    return shops[request.param]


@pytest.fixture(params=WITH_SESSIONS)
def session_shop(request: pytest.FixtureRequest, shops: Shops) -> Shop:
    """Each application that signs in by a server session."""
    return shops[request.param]

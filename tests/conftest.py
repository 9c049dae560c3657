"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from compare.memcached_process import MemcachedProcess

pytest_plugins = ["compare.check.pytest_plugin"]

# Warnings are errors in the processes that tests start, as they are in the tests.
os.environ.setdefault("PYTHONWARNINGS", "error")


#: Files without anything that is dear to make: their tests run wherever there is room.
SPREAD = {"test_check", "test_experiments", "test_operation"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, but for those of the longest files."""
    for item in items:
        if item.path.stem not in SPREAD:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture
def memcached() -> Iterator[MemcachedProcess]:
    """A real memcached, empty, on a socket of its own."""
    with MemcachedProcess() as process:
        yield process

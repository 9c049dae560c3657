"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from compare.memcached_process import MemcachedProcess

pytest_plugins = ["compare.check.pytest_plugin"]

# Warnings are errors in the processes that tests start, as they are in the tests.
os.environ.setdefault("PYTHONWARNINGS", "error")


@pytest.fixture
def memcached() -> Iterator[MemcachedProcess]:
    """A real memcached, empty, on a socket of its own."""
    with MemcachedProcess() as process:
        yield process

"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from memcached_process import MemcachedProcess


@pytest.fixture
def memcached() -> Iterator[MemcachedProcess]:
    """A real memcached, empty, on a socket of its own."""
    with MemcachedProcess() as process:
        yield process

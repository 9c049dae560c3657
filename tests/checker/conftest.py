"""One event loop for the applications of a file's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from served import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running

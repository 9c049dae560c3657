"""People in front of the demo.

A pytest plugin: ``pytest_plugins = ["browser", "demo_browser"]`` brings its fixtures. All tests of
the demo in one process of pytest share one: whoever comes costs two applications.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from demo_process import DemoProcess
from demo_visitor import Person
from playwright.sync_api import Browser


@pytest.fixture
def visit_demo(chromium: Browser, demo: DemoProcess) -> Iterator[Callable[..., Person]]:
    """Call it for another person in front of the demo."""
    with ExitStack() as stack:

        def come(**options: Any) -> Person:
            person = Person(chromium, demo, **options)
            stack.callback(person.leave)
            return person

        yield come

"""What README.rst shows is what happens."""

from __future__ import annotations

import doctest
import re
import textwrap
from collections.abc import Callable
from typing import Any

from run_app import SECRET
from tornado.httpclient import AsyncHTTPClient
from tornado.testing import bind_unused_port
from tornado.web import Application

from compare.app_process import ROOT
from compare.memcached_process import MemcachedProcess

README = (ROOT / "README.rst").read_text()


def code_blocks() -> list[str]:
    blocks = re.findall(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", README, re.MULTILINE)
    return [textwrap.dedent(block) for block in blocks]


async def test_the_example_to_take_along_counts_visits() -> None:
    """It runs as it stands there, against a memcached, and counts."""
    (example,) = [block for block in code_blocks() if "def make_app" in block]
    names: dict[str, Any] = {}
    exec(compile(example, "README.rst", "exec"), names)
    make_app: Callable[..., Application] = names["make_app"]
    with MemcachedProcess() as memcached:
        server = make_app(SECRET, memcached.address, secure=False).listen(0, "127.0.0.1")
        listener, port = bind_unused_port()
        server.add_socket(listener)
        url, cookie, said = f"http://127.0.0.1:{port}/", "", []
        for _ in range(3):
            answer = await AsyncHTTPClient().fetch(url, headers={"Cookie": cookie})
            cookie = cookie or answer.headers["Set-Cookie"].partition(";")[0]
            said.append(answer.body.decode())
        server.stop()
        await names["MemcachedStore"].close(store_of(server.request_callback))
    assert said == ["visit number 1", "visit number 2", "visit number 3"]


def store_of(application: Any) -> Any:
    return application._tiers.server_session.store


def test_the_example_of_placement_says_what_it_says() -> None:
    """The reasons shown are the reasons given."""
    (example,) = [block for block in code_blocks() if ">>>" in block]
    test = doctest.DocTestParser().get_doctest(example, {}, "README.rst", None, 0)
    assert doctest.DocTestRunner().run(test).failed == 0

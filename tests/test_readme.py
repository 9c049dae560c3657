"""What README.rst shows is what happens, and it is short."""

from __future__ import annotations

import doctest
import re
import textwrap
from collections.abc import Callable
from typing import Any

from run_app import SECRET
from tornado.httpclient import AsyncHTTPClient
from tornado.testing import bind_unused_port
from tornado_state import StateApplication

from compare.app_process import ROOT
from compare.memcached_process import MemcachedProcess

README = (ROOT / "README.rst").read_text()


def code_blocks() -> list[str]:
    blocks = re.findall(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", README, re.MULTILINE)
    return [textwrap.dedent(block) for block in blocks]


def test_it_is_read_to_the_end() -> None:
    """What is longer than 200 lines stands elsewhere."""
    assert len(README.splitlines()) < 200


async def test_the_example_to_take_along_counts_visits() -> None:
    """It runs as it stands there, against a memcached, and counts."""
    (example,) = [block for block in code_blocks() if "def make_app" in block]
    names: dict[str, Any] = {}
    exec(compile(example, "README.rst", "exec"), names)
    make_app: Callable[..., StateApplication] = names["make_app"]
    with MemcachedProcess() as memcached:
        application = make_app(
            cookie_secret=SECRET,
            session_store=f"memcached://{memcached.address}",
            cookie_secure=False,
        )
        listener, port = bind_unused_port()
        server = application.listen(0, "127.0.0.1")
        server.add_socket(listener)
        url, cookie, said = f"http://127.0.0.1:{port}/", "", []
        for _ in range(3):
            answer = await AsyncHTTPClient().fetch(url, headers={"Cookie": cookie})
            cookie = cookie or answer.headers["Set-Cookie"].partition(";")[0]
            said.append(answer.body.decode())
        server.stop()
        assert application.session_store is not None
        await application.session_store.close()
    assert said == ["visit number 1", "visit number 2", "visit number 3"]


def test_the_example_of_placement_says_what_it_says() -> None:
    """The reasons shown are the reasons given."""
    (example,) = [block for block in code_blocks() if ">>>" in block]
    test = doctest.DocTestParser().get_doctest(example, {}, "README.rst", None, 0)
    assert doctest.DocTestRunner().run(test).failed == 0

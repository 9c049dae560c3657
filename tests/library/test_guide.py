"""What the guide and the README say, held against what is so."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tornado_state
from tornado_state import settings
from tornado_state.stores import urls

LIBRARY = Path(tornado_state.__file__).parent
DOCS = LIBRARY / "docs"
README = LIBRARY / "README.rst"
PAGES = [README, *sorted(DOCS.glob("*.rst"))]


def blocks(page: Path) -> Iterator[str]:
    """Yield the Python that a page has in it."""
    found = re.finditer(
        r"^\.\. code-block:: python\n\n((?: {4}.*\n|\n)+)", page.read_text(), re.MULTILINE
    )
    for block in found:
        yield textwrap.dedent(block[1]).strip() + "\n"


#: Public, and none of an application's business: it names a store by its URL.
ELSEWHERE = {"is_away", "MemcachedStore", "RedisStore"}

PYTHON = [(page.name, block) for page in PAGES[1:] for block in blocks(page)]


@pytest.mark.parametrize(("page", "block"), PYTHON, ids=[page for page, _ in PYTHON])
def test_python_on_a_page_runs(
    page: str, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written there as code does what is said beside it; a class of tests passes.

    Beside each other, as nearly all of them wait for a clock.
    """
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    namespace: dict[str, object] = {"__name__": page}
    exec(compile(block, page, "exec"), namespace)
    tests = [
        getattr(value(), name)
        for value in namespace.values()
        if inspect.isclass(value) and value.__module__ == page
        for name in dir(value)
        if name.startswith("test_")
    ]
    with ThreadPoolExecutor(len(tests) or 1) as pool:
        assert list(pool.map(run, tests)) == [None] * len(tests)


def run(test: object) -> None:
    """Run a test, which may leave itself out."""
    assert callable(test)
    try:
        test()
    except BaseException as error:
        if type(error).__name__ != "SkipTest":
            raise


def test_the_readme_begins_with_the_smallest_application() -> None:
    """It is the example, letter for letter, which is served and visited as an example."""
    assert list(blocks(README)) == [(DOCS / "examples" / "smallest.py").read_text()]


def test_the_readme_is_two_screens() -> None:
    """Sixty lines, without what is blank."""
    lines = [line for line in README.read_text().splitlines() if line.strip()]
    assert len(lines) <= 60


def test_every_setting_has_a_row() -> None:
    """What the settings are read for, and what the application reads itself."""
    read = set(
        re.findall(r'"((?:cookie|https|session|key|state)_[a-z_]+)"', inspect.getsource(settings))
    )
    read |= {"session_store", "placement", "state_clock", "state_events"}
    table = (DOCS / "settings.rst").read_text()
    rows = set(re.findall(r"^``([a-z_]+)`` {2,}", table, re.MULTILINE))
    assert rows == read
    for name in rows:
        assert f"``{name}``" in str(inspect.getdoc(tornado_state.StateApplication))


def test_every_kind_of_store_has_a_row() -> None:
    """As its URL begins."""
    rows = re.findall(r"^``([a-z+]+)://", (DOCS / "stores.rst").read_text(), re.MULTILINE)
    assert set(rows) == set(urls._SCHEMES)


def test_every_need_has_a_row_that_is_true() -> None:
    """The table of needs is the capabilities of the tiers."""
    page = (DOCS / "kinds.rst").read_text()
    rows = re.findall(r"^``([a-z_]+)`` .*?(\S+) {2,}(\S+)(?:: a database)?$", page, re.MULTILINE)
    cookie, session = tornado_state.SIGNED_COOKIE, tornado_state.SERVER_SESSION
    said = {need: (in_cookie, in_session.strip(":")) for need, in_cookie, in_session in rows}
    assert said.pop("size") == (f"{cookie.capacity:,}", f"{session.capacity:,}")
    assert said == {
        need: tuple("yes" if getattr(tier, need) else "no" for tier in (cookie, session))
        for need in tornado_state.Needs.__dataclass_fields__
        if need != "size"
    }


def test_every_name_that_is_public_is_in_the_reference() -> None:
    """What can be imported from the library, and from its rooms for applications."""
    page = (DOCS / "reference.rst").read_text()
    errors = {
        name
        for name in tornado_state.__all__
        if isinstance(getattr(tornado_state, name), type)
        and issubclass(getattr(tornado_state, name), Exception)
    }
    listed = set(re.findall(r"tornado_state\.(\w+)$", page, re.MULTILINE))
    assert set(tornado_state.__all__) - errors - listed == set()
    for room in ("predecessors", "stores", "testing"):
        public = set(getattr(__import__(f"tornado_state.{room}"), room).__all__)
        listed = set(re.findall(rf"tornado_state\.{room}\.(\w+)", page))
        assert public - listed - ELSEWHERE == set()


def test_the_guide_is_built_without_a_warning(tmp_path: Path) -> None:
    """Each reference, table and included file is there, and of a state what applications use."""
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going"]
    said = subprocess.run(
        [*command, "-d", str(tmp_path / "doctrees"), str(DOCS), str(tmp_path / "html")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")
    reference = (tmp_path / "html" / "reference.html").read_text()
    for name in ("RequestState", "open_state.OpenState"):
        told = set(re.findall(rf'id="tornado_state\.{name}\.(\w+)"', reference))
        members = rf"autoclass:: tornado_state\.{name}\n +:members: (.*)"
        (named,) = re.findall(members, (DOCS / "reference.rst").read_text())
        assert told == set(named.split(", "))

"""What the library's distribution says of itself."""

from __future__ import annotations

import tomllib
from pathlib import Path

import tornado_state

LIBRARY = Path(tornado_state.__file__).parent
PROJECT = tomllib.loads((LIBRARY / "pyproject.toml").read_text())
#: What lies in the folder and is no room of the package.
NO_ROOMS = {"docs", "build"}


def test_every_room_is_packaged() -> None:
    """Each folder with modules stands in the list of packages, and no other."""
    rooms = {
        ".".join(["tornado_state", *path.parent.relative_to(LIBRARY).parts])
        for path in LIBRARY.rglob("__init__.py")
        if not NO_ROOMS & set(path.relative_to(LIBRARY).parts)
    }
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == rooms


def test_a_room_is_a_package() -> None:
    """A folder with a module in it has an ``__init__.py``, or it would not be found."""
    modules = [
        path
        for path in LIBRARY.rglob("*.py")
        if not NO_ROOMS & set(path.relative_to(LIBRARY).parts)
    ]
    assert {path.parent for path in modules if not (path.parent / "__init__.py").exists()} == set()


def test_nothing_is_pinned() -> None:
    """What a library needs is a range: its user decides which version, and fixes bugs with it."""
    extras = PROJECT["project"]["optional-dependencies"].values()
    needed = [*PROJECT["project"]["dependencies"], *(each for extra in extras for each in extra)]
    assert [each for each in needed if "==" in each or ("<" not in each and ">=" not in each)] == [
        "tornado-state[memcached,redis,metrics]"
    ]

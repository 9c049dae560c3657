"""Usage: dist_contents.py LIBRARY WHEEL SDIST. See that each has what belongs in it, no more."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path


def main(library: Path, wheel: Path, sdist: Path) -> None:
    """Exit with what is missing, and what is there and should not be."""
    modules = {path.relative_to(library).as_posix() for path in library.rglob("*.py")}
    guide = {name for name in _files(library, "docs") if not name.startswith("docs/_build/")}
    package = {name for name in modules - guide if not name.startswith("build/")} | {"py.typed"}
    beside = {"LICENSE", "README.rst", "pyproject.toml"}
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = set(archive.namelist())
    with tarfile.open(sdist) as archive:
        in_sdist = {member.name.partition("/")[2] for member in archive if member.isfile()}
    metadata = {name for name in in_wheel if ".dist-info/" in name}
    _compare(wheel, in_wheel - metadata, {f"tornado_state/{name}" for name in package})
    if not any(name.endswith("/LICENSE") for name in metadata):
        sys.exit(f"{wheel.name} has no LICENSE")
    made = {name for name in in_sdist if "egg-info/" in name} | {"PKG-INFO", "setup.cfg"}
    _compare(sdist, in_sdist - made, package | guide | beside | {"MANIFEST.in"})


def _files(library: Path, folder: str) -> set[str]:
    within = (library / folder).rglob("*")
    return {
        path.relative_to(library).as_posix()
        for path in within
        if path.is_file() and "__pycache__" not in path.parts
    }


def _compare(built: Path, found: set[str], wanted: set[str]) -> None:
    if found != wanted:
        missing, more = sorted(wanted - found), sorted(found - wanted)
        sys.exit(f"{built.name}: missing {missing}, and should not have {more}")
    print(f"{built.name}: {len(found)} files, as it should be")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

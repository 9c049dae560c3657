"""What type checkers say of code that uses the library: mypy and basedpyright, as they come."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import tornado_state

HERE = Path(__file__).parent
LIBRARY = Path(tornado_state.__file__).parent
GOOD, BAD = HERE / "typing_good", HERE / "typing_bad"
FOLDERS = (GOOD, BAD, LIBRARY / "docs" / "examples")


class Refusal(NamedTuple):
    """A line that a checker refuses."""

    file: str
    line: int


def by_mypy(folder: Path) -> dict[Refusal, str]:
    """Return what ``mypy --strict`` refuses."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--output=json"]
    said = subprocess.run(
        [*command, f"--cache-dir={folder / 'cache'}", *_files()],
        env={"MYPYPATH": str(LIBRARY.parent), "PATH": ""},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stderr == ""
    errors = [json.loads(line) for line in said.stdout.splitlines()]
    return {
        Refusal(str(folder / each["file"]), each["line"]): each["message"]
        for each in errors
        # What is installed is looked into and not judged; that is for its own checks.
        if each["severity"] == "error" and each["file"] in _files()
    }


def by_basedpyright(folder: Path) -> dict[Refusal, str]:
    """Return what basedpyright refuses; its warnings are about taste."""
    project = {"include": _files(), "extraPaths": [str(LIBRARY.parent)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(project))
    said = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(said.stdout)
    assert report["summary"]["filesAnalyzed"] == len(_files())
    return {
        Refusal(each["file"], each["range"]["start"]["line"] + 1): each["message"]
        for each in report["generalDiagnostics"]
        if each["severity"] == "error"
    }


CHECKERS = {"mypy": by_mypy, "basedpyright": by_basedpyright}


def _files() -> list[str]:
    return [str(path) for folder in FOLDERS for path in sorted(folder.glob("*.py"))]


def marked(checker: str) -> Iterator[Refusal]:
    """Yield the lines that are to be refused."""
    for path in BAD.glob("*.py"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.endswith(("  # refused", f"  # refused by {checker}")):
                yield Refusal(str(path), number)


@pytest.mark.parametrize("checker", CHECKERS)
def test_what_is_wrong_is_refused_and_nothing_else(checker: str, tmp_path: Path) -> None:
    """Good code and every example of the guide are clean; of the bad, exactly what is marked."""
    refused = CHECKERS[checker](tmp_path)
    wanted = set(marked(checker))
    assert {each: refused[each] for each in refused.keys() - wanted} == {}
    assert wanted - refused.keys() == set()


def test_kinds_are_typed_for_whoever_installs_the_library() -> None:
    """The marker is there that has checkers look into it (PEP 561)."""
    assert (LIBRARY / "py.typed").exists()

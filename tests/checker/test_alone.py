"""The checker by itself: what its distribution has is enough, and is nothing of the shops."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from compare.app_process import ROOT
from compare.check.command import check
from compare.check.description import read
from compare.check.shape import Looks, Step, Table, Take
from compare.check.tables import Account, Description, Pace, Start, Store, Timeouts
from compare.experiments import EXPERIMENTS

COMPARE = ROOT / "compare"
PROJECT = tomllib.loads((COMPARE / "pyproject.toml").read_text())
README = (COMPARE / "README.rst").read_text()
INCLUDED = {
    path
    for pattern in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["include"]
    for path in COMPARE.glob(pattern)
    if path.suffix == ".py"
}


def imports_of(path: Path) -> Iterator[Path]:
    """Yield the files that a module imports when it runs, by relative imports."""
    tree = ast.parse(path.read_text())
    typed = {
        id(each)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for each in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and id(node) not in typed:
            folder = path.parents[node.level - 1]
            base = folder.joinpath(*(node.module or "").split(".")) if node.module else folder
            yield from _files(base, [alias.name for alias in node.names])


def _files(base: Path, names: list[str]) -> Iterator[Path]:
    if base.with_suffix(".py").exists():
        yield base.with_suffix(".py")
        return
    for name in names:
        file = base / f"{name}.py"
        yield file if file.exists() else base / "__init__.py"


def test_what_it_imports_is_in_it() -> None:
    """No module of the distribution needs one that is left out."""
    assert len(INCLUDED) > 60
    assert [
        f"{path.relative_to(COMPARE)}: {needed.relative_to(COMPARE)}"
        for path in INCLUDED
        for needed in imports_of(path)
        if needed not in INCLUDED
    ] == []


def test_nothing_of_ours_is_in_it() -> None:
    """No demo, no peer, no target of the comparison, and nothing that imports the shops."""
    names = {path.relative_to(COMPARE).parts[0] for path in INCLUDED}
    assert names.isdisjoint({"demo", "peers", "targets.py", "run.py", "verdict.py", "__main__.py"})
    used = re.compile(r"^\s*(?:from|import) (?:server|tornado_state)\b", re.MULTILINE)
    assert [path for path in INCLUDED if used.search(path.read_text())] == []


def test_what_it_is_developed_with_is_allowed() -> None:
    """Ranges there, pins at the root: the same packages."""
    root = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {*root["dependencies"], *root["optional-dependencies"]["compare"]}
    names = {re.split(r"[=<>]", each)[0] for each in pinned}
    assert {re.split(r"[=<>]", each)[0] for each in PROJECT["project"]["dependencies"]} <= names


def test_every_experiment_has_its_row() -> None:
    """What counts and what does not is written down for each, and which are core."""
    rows = re.findall(r"^   \* - ([a-z-]+)( \(core\))?$", README, re.MULTILINE)
    assert {(name, bool(core)) for name, core in rows} - {("experiment", False)} == {
        (each.name, each.core) for each in EXPERIMENTS if each.kept
    }


@pytest.mark.parametrize("option", ["sarif", "junit", "report", "html", "baseline", "explain"])
def test_every_option_is_documented(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the README and in the command's help."""
    with pytest.raises(SystemExit):
        check(["--help"])
    assert f"--{option}" in capsys.readouterr().out
    assert f"--{option}" in README


def test_the_example_is_a_file() -> None:
    """It can be read as it is, and explains every table and every part of a request."""
    example = COMPARE / "check" / "example.toml"
    assert read(example).name == "My application"
    words = set(re.findall(r"[a-z_]+", example.read_text()))
    fields = {*Step.__struct_fields__, *Looks.__struct_fields__, *Take.__struct_fields__}
    assert {*Description.__struct_fields__, *fields} <= words


@pytest.mark.parametrize("table", [Account, Start, Store, Timeouts, Pace])
def test_the_example_explains_a_table_where_it_stands(table: type[Table]) -> None:
    """A word that two tables have is no explanation of the other one's."""
    header = f"[{table.__name__.lower()}]"
    blocks = (COMPARE / "check" / "example.toml").read_text().split("\n\n")
    (block,) = (each for each in blocks if header in each.replace("# ", "").splitlines())
    assert {*table.__struct_fields__} <= {*re.findall(r"[a-z_]+", block)}


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_the_workflows_call_what_there_is(name: str) -> None:
    """Every option in them is one of the command's."""
    text = (COMPARE / "examples" / name).read_text()
    used = re.findall(r"session-check \S+\.toml (.*)", text)
    assert len(used) == 1
    given = used[0].split()
    assert {each for each in given if each.startswith("--")} <= {
        *("--sarif", "--junit", "--html", "--report", "--baseline")
    }

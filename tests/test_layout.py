"""The layout: what may know what, which words are used, and that what is written about it is so."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from compare.app_process import ROOT
from compare.experiments import EXPERIMENTS

SERVER, COMPARE, TESTS = ROOT / "server", ROOT / "compare", ROOT / "tests"
LIBRARY = SERVER / "tornado_state"
#: The peers are as their documentation writes them, and so are those who are measured.
PEERS, BENCH = COMPARE / "peers", COMPARE / "bench"
#: What an application looks like, and what pip leaves behind.
NO_ROOMS = (LIBRARY / "docs", LIBRARY / "build")
FILES = sorted(
    path
    for path in [*SERVER.rglob("*.py"), *COMPARE.rglob("*.py")]
    if path.parent.parent not in {PEERS, BENCH / "apps"}
    and not any(path.is_relative_to(each) for each in NO_ROOMS)
)


def _name_of(path: Path) -> str:
    above = SERVER if path.is_relative_to(LIBRARY) else ROOT
    return ".".join(path.relative_to(above).with_suffix("").parts)


NAMES = {path: _name_of(path) for path in FILES}

#: What each room must not import; the prefix of a module's name names a room.
FORBIDDEN = {
    "server.": ("compare", "tests"),
    "tornado_state.": ("compare", "tests", "server"),
    "compare.": (
        "tests",
        "server.app",
        "server.handlers",
        "server.accounts",
        "server.settings",
    ),
    "compare.experiments.": ("server", "compare.targets.Targets", "compare.run", "compare.reports"),
    "compare.verdict": ("compare.experiments", "compare.targets", "compare.run"),
    "compare.findings": ("compare", "server"),
    "compare.reports.": ("server", "compare.targets"),
    "server.handlers.": (
        "server.app",
        "server.operation",
        "server.options",
        "server.settings",
        "tornado_state.stores",
        "tornado_state.sessions",
        "tornado_state.cookies",
    ),
    "server.shop": ("server.handlers", "server.accounts", "tornado"),
    "server.accounts": ("server.handlers", "server.app", "server.operation"),
    "server.settings": ("server.app", "server.handlers", "server.operation"),
    "server.app": ("server.operation",),
}

#: What a room may import although it is of one that it must not.
ALLOWED = {"compare.findings": ("compare.harmless",)}

#: The words that design has another one for. `key` and `token` also have honest uses (a store key,
#: a compare-and-swap token), and `kill` is what a signal is called.
OTHER_WORDS = {
    *("sid", "storage", "cache", "repository", "blob", "payload", "backend", "engine", "manager"),
    *("regenerate", "cycle", "rotate", "flush", "invalidate", "ttl"),
}


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(), str(path))))


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """Return the full name of every module, and of everything, that a file imports."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    package = NAMES[path].split(".")
    package = package[:-1]
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def is_within(name: str, module: str) -> bool:
    return name == module or name.startswith(module + ".")


@pytest.mark.parametrize("room", FORBIDDEN)
def test_imports_run_one_way(room: str) -> None:
    """tornado_state <- handlers, accounts <- app <- operation <- the composition roots."""
    wrong = [
        f"{NAMES[path]} imports {name}"
        for path in FILES
        if NAMES[path].startswith(room)
        for name in imports_of(path)
        if any(is_within(name, module) for module in FORBIDDEN[room])
        if not any(is_within(name, module) for module in ALLOWED.get(room, ()))
    ]
    assert wrong == []


def test_the_state_layer_can_be_taken_along() -> None:
    """The library imports a few packages and nothing of the rest of server/."""
    allowed = {
        *("tornado", "cryptography", "msgspec"),
        *("pymemcache", "redis", "hiredis", "prometheus_client"),
        # For type checkers only, which bring it along.
        "typing_extensions",
        *sys.stdlib_module_names,
    }
    wrong = [
        f"{NAMES[path]} imports {name}"
        for path in FILES
        if path.is_relative_to(LIBRARY)
        for name in imports_of(path)
        if name.split(".")[0] not in allowed and not is_within(name, "tornado_state")
    ]
    assert wrong == []


def test_the_library_has_one_name() -> None:
    """Nobody imports it from where it happens to lie, or from there by another module's name."""
    everywhere = [*FILES, *TESTS.rglob("*.py")]
    wrong = re.compile(
        r"^\s*(from|import) +(server\.tornado_state|\.+tornado_state)\b"
        r"|^\s*from +(server|\.+) +import .*\btornado_state\b",
        re.MULTILINE,
    )
    assert [str(path) for path in everywhere if wrong.search(path.read_text())] == []


def test_inside_the_state_layer_imports_are_relative() -> None:
    """No file of the library imports it by its name."""
    assert [
        NAMES[path]
        for path in FILES
        if path.is_relative_to(LIBRARY)
        for node in nodes_of(path)
        if isinstance(node, ast.ImportFrom)
        if not node.level and is_within(str(node.module), "tornado_state")
    ] == []


def test_imports_make_no_circle() -> None:
    """What a module imports never leads back to it."""
    modules = set(NAMES.values())
    direct = {
        NAMES[path]: {
            module
            for name in imports_of(path)
            for module in (name, name.rpartition(".")[0])
            if module in modules and module != NAMES[path]
        }
        for path in FILES
    }

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [*direct[start]]
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting += direct[module]
        return seen

    assert [module for module in direct if module in reached(module)] == []


def test_compare_knows_of_the_server_what_composes_a_target() -> None:
    """Everything else it finds out over HTTP."""
    importers = {
        path.relative_to(COMPARE).as_posix()
        for path in FILES
        if path.is_relative_to(COMPARE)
        for name in imports_of(path)
        if is_within(name, "server") or is_within(name, "tornado_state")
    }
    assert importers == {
        "targets.py",
        "run.py",
        "verdict.py",
        "demo/matrix.py",
        "demo/placing.py",
        "demo/store_view.py",
    }


def test_pymemcache_has_one_importer() -> None:
    """Only the memcached store's connection knows pymemcache."""
    importers = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        for name in imports_of(path)
        if is_within(name, "pymemcache")
    }
    assert importers == {"server/tornado_state/stores/memcached/connection.py"}


def test_the_environment_has_one_reader() -> None:
    """Only the settings read the environment."""
    readers = {
        path.relative_to(SERVER).as_posix()
        for path in FILES
        if path.is_relative_to(SERVER)
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}
    }
    assert readers == {"settings.py"}


def defined_names(path: Path) -> Iterator[str]:
    for node in nodes_of(path):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def words_of(name: str) -> set[str]:
    """Return the words of ``snake_case`` and ``CamelCase``, in lower case, in the singular."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {word.lower() for word in words} | {word.lower().removesuffix("s") for word in words}


def test_one_word_per_idea() -> None:
    """No name that is defined here uses a word for which the project has another."""
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in FILES
        for name in defined_names(path)
        if words_of(name) & OTHER_WORDS
    }
    assert wrong == set()


def test_no_file_is_long() -> None:
    """A file that needs more than 250 lines is two files."""
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > 250} == {}


def test_every_experiment_is_registered() -> None:
    """A file in compare/experiments is a line of the table of contents, and the other way round."""
    files = {path.stem for path in (COMPARE / "experiments").glob("*.py")} - {"__init__"}
    assert {each.run.__module__.rpartition(".")[2] for each in EXPERIMENTS} == files


MAPS = {
    "README.rst": SERVER,
    "compare/__init__.py": COMPARE,
    "compare/reports/__init__.py": COMPARE / "reports",
    "compare/check/__init__.py": COMPARE / "check",
    "compare/demo/__init__.py": COMPARE / "demo",
    "compare/demo/tour/__init__.py": COMPARE / "demo/tour",
    "compare/peers/__init__.py": PEERS,
    "compare/bench/__init__.py": BENCH,
    "server/tornado_state/__init__.py": LIBRARY,
    "server/handlers/__init__.py": SERVER / "handlers",
    "server/accounts/__init__.py": SERVER / "accounts",
    "server/operation/__init__.py": SERVER / "operation",
}


@pytest.mark.parametrize("written", MAPS)
def test_the_map_is_the_folder(written: str) -> None:
    """The map names every file of the folder, and no file that is not there."""
    text = (ROOT / written).read_text()
    files = {path.name for path in MAPS[written].glob("*.py")} - {"__init__.py"}
    # A line of a map begins with a file's name, or with several.
    named = set(re.findall(r"^ *(?:[a-z_]+\.py +)*?([a-z_]+\.py)(?= |$)", text, re.MULTILINE))
    missing = {file for file in files if not re.search(rf"(?<![\w/]){re.escape(file)}\b", text)}
    everywhere = {path.name for room in (SERVER, COMPARE, TESTS) for path in room.rglob("*.py")}
    assert (missing, named - everywhere) == (set(), set())


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def targets() -> set[str]:
    found = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(found)


def test_make_help_lists_every_target() -> None:
    """``make help``, and ``make`` alone, list every target with what it does."""
    listed = set(re.findall(r"^  make ([a-z-]+) +\S", make("help").stdout, re.MULTILINE))
    assert listed == targets()
    assert make().stdout == make("help").stdout


def test_every_target_is_a_command_and_no_file() -> None:
    """Every target is phony, so a file of its name does not stop it."""
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(phony.split()) == targets()


@pytest.mark.parametrize("target", sorted(targets()))
def test_make_can_say_what_it_would_do(target: str) -> None:
    """``make -n`` of every target works, and says no warning."""
    said = make("-n", target)
    assert (said.returncode, said.stderr) == (0, "")


def test_a_start_brings_neither_a_word_list_nor_an_orm() -> None:
    """What an application never uses, or not yet, it does not load."""
    code = "import sys, server.recommended_app; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    loaded = ran.stdout.decode().split()
    assert [name for name in loaded if name.startswith(("zxcvbn", "sqlalchemy.orm"))] == []

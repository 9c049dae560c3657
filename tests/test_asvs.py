"""The table of ASVS 5.0: whole, and each test it names is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from shop_here import shop_here
from tornado.httpclient import AsyncHTTPClient

from compare import demands
from compare.app_process import ROOT
from compare.findings import Demand

TABLE = (ROOT / "server" / "ASVS.rst").read_text()

#: How many requirements of levels 1 and 2 each section has; those of level 3 come after them.
SECTIONS = {"6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4}
SECTIONS |= {"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "9.1": 3, "9.2": 4}

#: Levels of what the comparison and the checker cite, as the table of 5.0.0 has them.
LEVELS = {"3.3.1": 1, "3.3.2": 2, "3.3.3": 2, "3.3.4": 2, "3.3.5": 3, "7.2.3": 1, "7.2.4": 1}
LEVELS |= {"7.3.1": 2, "7.3.2": 2, "7.4.1": 1, "7.4.3": 2, "9.1.1": 1, "14.3.3": 2, "15.4.2": 3}
LEVELS |= {"16.5.2": 2, "16.5.3": 2}


def test_levels_that_verdicts_cite_are_the_standards() -> None:
    """A verdict's clause has the level that the standard gives it, in the README as well."""
    cited = [each for each in vars(demands).values() if isinstance(each, Demand) and each.level]
    assert {each.source.removeprefix("ASVS "): each.level for each in cited} == LEVELS
    told = re.findall(r"(\d+\.\d\.\d) \(L(\d)\)", (ROOT / "compare" / "README.rst").read_text())
    assert [(number, int(level)) for number, level in told if LEVELS[number] != int(level)] == []


def test_every_requirement_has_a_row() -> None:
    """Each of levels 1 and 2 is there once, and is met, partly, not, or not ours."""
    rows = re.findall(r"^(\d\.\d\.\d+) +.+?  (met|partly|not|not ours)(?: |$)", TABLE, re.MULTILINE)
    wanted = [f"{section}.{n}" for section, most in SECTIONS.items() for n in range(1, most + 1)]
    assert [number for number, _ in rows] == wanted


def test_every_test_that_is_named_exists() -> None:
    """What the table rests on is in the suite, and what is met rests on something."""
    named = set(re.findall(r"\btest_\w+(?!\.py)\b", TABLE)) - {"test_asvs"}
    here = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    assert {name for name in named if f"def {name}(" not in here} == set()
    assert [line for line in TABLE.splitlines() if re.search(r"  met  .* {9}$", line)] == []


@pytest.mark.parametrize(("path", "fields"), [("/login", 1), ("/register", 1)])
async def test_asvs_password_fields_hide_what_is_typed_and_take_managers(
    tmp_path: Path, path: str, fields: int
) -> None:
    """Each says what it is for, and nothing keeps anybody from pasting (ASVS 5.0 6.2.6, 6.2.7)."""
    async with shop_here(tmp_path) as shop:
        url = f"http://127.0.0.1:{shop.port}{path}"
        page = (await AsyncHTTPClient().fetch(url, headers={"Accept": "text/html"})).body.decode()
    inputs = re.findall(r"<input[^>]*name=\"(?:password|current|new)\"[^>]*>", page)
    assert len(inputs) == fields
    for field in inputs:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
    scripts = (ROOT / "server" / "static").glob("*.js")
    assert not any("paste" in text for text in (page, *(each.read_text() for each in scripts)))

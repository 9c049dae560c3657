"""The table of ASVS 5.0: whole, and each test it names is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from shop_here import shop_here
from tornado.httpclient import AsyncHTTPClient

from compare.app_process import ROOT

TABLE = (ROOT / "server" / "ASVS.rst").read_text()

#: How many requirements of levels 1 and 2 each section has; those of level 3 come after them.
SECTIONS = {"6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4}
SECTIONS |= {"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "9.1": 3, "9.2": 4}


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

"""The reports of ``make bench``: a table, ``bench.json``, a page and a picture."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from bench_results import MACHINE, NOTHING, RESULTS, WRONG
from jsonschema import Draft202012Validator
from playwright.sync_api import Browser
from rich.console import Console

from compare import bench
from compare.bench.__main__ import KEPT, main
from compare.bench.as_json import as_json, from_json
from compare.bench.page import as_page
from compare.bench.picture import as_picture
from compare.bench.results import Results
from compare.bench.terminal import print_results

pytest_plugins = ["browser"]

AUDIT = Path(__file__).with_name("audit.js").read_text()
FOLDER = Path(bench.__file__).parent
SCHEMA = json.loads((FOLDER / "bench.schema.json").read_text())


@pytest.mark.parametrize("results", [RESULTS, NOTHING])
def test_the_json_keeps_its_schema_and_can_be_read(results: Results) -> None:
    """``bench.json`` is what ``bench.schema.json`` says; the reports can be made of it again."""
    text = as_json(results)
    assert list(Draft202012Validator(SCHEMA).iter_errors(json.loads(text))) == []
    assert from_json(text) == results
    with pytest.raises(ValueError, match="truncated"):
        from_json(text[:100])


@pytest.mark.parametrize("results", [RESULTS, NOTHING])
def test_everybody_is_told_of_everywhere(results: Results) -> None:
    """Who was measured and who was left out, with the reason, in the terminal and on the page."""
    told = StringIO()
    print_results(Console(file=told, width=250), results)
    page = as_page(results)
    for entry in results.entries:
        assert entry.title in told.getvalue()
        assert entry.title.replace("'", "&#x27;") in page.replace("&#39;", "&#x27;")
    assert WRONG not in page
    assert (WRONG in told.getvalue()) == (results is RESULTS)


def test_the_page_needs_nothing_else() -> None:
    """No script, nothing loaded from anywhere, and a policy that forbids both."""
    page = as_page(RESULTS)
    assert "<script" not in page
    assert not re.search(r"""(src|href)=["'](?!#)""", page)
    assert "url(" not in page
    assert "default-src 'none'" in page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_for_everyone(chromium: Browser, tmp_path: Path, scheme: Any) -> None:
    """Landmarks, headings, contrast and no sideways scrolling, at three widths, in both themes."""
    file = tmp_path / "bench.html"
    file.write_text(as_page(RESULTS))
    page = chromium.new_page()
    page.goto(file.as_uri())
    page.emulate_media(color_scheme=scheme)
    problems = []
    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        problems += [f"at {width}: {problem}" for problem in page.evaluate(AUDIT)]
    page.close()
    assert problems == []


def test_the_picture_is_a_picture_of_the_figures() -> None:
    """It is SVG by itself, has a row for each layer on a store, and says so to who cannot see."""
    root = ET.fromstring(as_picture(RESULTS))
    texts = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"tornado-state, memcached", "tornado-state, memory", "25 µs"} <= {*texts}
    assert "express-session, memcached: 140 and 150 µs" in root.attrib["aria-label"]
    assert "cookie-session" not in texts
    with pytest.raises(ValueError, match="no session layer"):
        as_picture(NOTHING)


def test_reports_can_be_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the figures that are there, without any load; ``--keep`` writes what is committed."""
    there, out, kept = tmp_path / "there.json", tmp_path / "out", tmp_path / "kept"
    there.write_text(as_json(RESULTS))
    kept.mkdir()
    assert main([f"--again={there}", f"--out={out}", f"--keep={kept}"]) == 1  # one was left out
    assert {each.name for each in out.iterdir()} == {"bench.json", "bench.html", "overhead.svg"}
    assert {each.name for each in kept.iterdir()} == {*KEPT}
    assert "Reports:" in capsys.readouterr().out


def test_the_kept_picture_is_of_the_kept_figures() -> None:
    """Whoever draws it otherwise, draws it anew: ``python -m compare.bench --again … --keep``."""
    for figures in FOLDER.glob("overhead.json"):
        picture = as_picture(from_json(figures.read_text()))
        assert figures.with_suffix(".svg").read_text() == picture


def test_figures_of_a_busy_machine_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are refused before anything is measured."""
    monkeypatch.setattr("compare.bench.__main__.machine", lambda: MACHINE | {"load": "7.25"})
    with pytest.raises(SystemExit) as ended:
        main([f"--keep={tmp_path}", f"--out={tmp_path / 'out'}"])
    assert ended.value.code == 2
    assert "not to be kept. The machine was busy" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.*"))


def test_the_page_says_first_what_was_found() -> None:
    """Ours beside Express, beside Tornado without sessions, each with its spread."""
    header = as_page(RESULTS).partition("<main>")[0]
    assert (
        "Reading: tornado-state, memcached adds 0.20 (0.15 to 0.25, n = 2) times what "
        "express-session, memcached adds to a request" in header
    )
    assert "Writing a session on memcached: 0.80 (0.77 to 0.83, n = 2) times" in header


@pytest.mark.parametrize(
    ("wrong", "named"),
    [("--only=nothing", "ours_redis"), ("--rounds=0", "“0”"), ("--again=/none", "No such file")],
)
def test_a_wrong_option_is_one_line(
    wrong: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what there is, and measures nothing."""
    with pytest.raises(SystemExit) as ended:
        main([wrong, f"--out={tmp_path}"])
    said = capsys.readouterr().err.splitlines()
    assert (ended.value.code, len(said), named in said[0]) == (2, 1, True)

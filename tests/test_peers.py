"""The peers: described rightly, pinned as they are called, and put side by side."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from warm_start import run_warm

from compare.check.description import read
from compare.check.side_by_side import as_json, as_page, as_rst, print_side_by_side
from compare.check.trial import BROKEN, CHECKS, KEPT, NOT_TRIED, Checked
from compare.findings import Exchange
from compare.peers.command import OURS, PEERS
from compare.peers.environments import FOLDER, prepare


def pinned(peer: str) -> dict[str, str]:
    """Return the versions that a peer is pinned to, by the package's name."""
    if (packages := FOLDER / peer / "package.json").exists():
        return dict(json.loads(packages.read_text())["dependencies"])
    lines = (FOLDER / peer / "requirements.txt").read_text().splitlines()
    return {name: version for name, _, version in (line.partition("==") for line in lines)}


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_is_called_by_what_it_is_pinned_to(peer: str) -> None:
    """Every version is exact, and the name in the table says those that matter."""
    versions = pinned(peer)
    assert all(re.fullmatch(r"\d+(\.\d+)+", version) for version in versions.values())
    name = read(FOLDER / peer / "check.toml").name
    called = re.findall(r"([A-Za-z-]+) (\d[\d.]*)", name)
    assert called
    for package, version in called:
        by_name = {key.lower(): value for key, value in versions.items()}
        assert by_name[package.lower()] == version


def test_every_peer_is_in_the_table() -> None:
    """A folder is a column, and a file beside them one of ours."""
    folders = {path.parent.name for path in FOLDER.glob("*/check.toml")}
    assert (folders, {path.stem for path in FOLDER.glob("*.toml")}) == (set(PEERS), set(OURS))


def test_an_unknown_peer_is_one_line_and_status_2() -> None:
    """It says which there are, and installs nothing."""
    said = run_warm("-m", "compare", "peers", "--only=nothing")
    assert (said.returncode, said.stdout) == (2, "")
    (line,) = said.stderr.splitlines()
    assert all(peer in line for peer in ("nothing", *OURS, *PEERS))


def test_what_is_installed_is_not_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment that was made for the same versions stays as it is."""
    monkeypatch.setattr("compare.peers.environments.BUILT", tmp_path)
    (tmp_path / "flask_cookie").mkdir()
    there = tmp_path / "flask_cookie" / "requirements.txt"
    there.write_bytes((FOLDER / "flask_cookie" / "requirements.txt").read_bytes())
    prepare("flask_cookie")
    assert list((tmp_path / "flask_cookie").iterdir()) == [there]


EXCHANGE = Exchange("a", "GET /", "x")
FOUND = {
    "one": [
        Checked(CHECKS[0], KEPT, "opaque", "Nothing."),
        Checked(
            CHECKS[1], BROKEN, "<b>odd</b>", "It is <i>odd</i>.", (Exchange("a", "GET /", "x"),)
        ),
    ],
    "two": [
        Checked(CHECKS[0], NOT_TRIED, "not tried", "Not tried: no reason."),
        Checked(CHECKS[1], KEPT, "fine", "It is."),
    ],
}


def test_the_page_shows_every_cell_with_its_evidence() -> None:
    """Each cell leads to its sentence and exchanges; nothing that was seen is markup."""
    page = as_page(FOUND, "2026-01-01T00:00:00Z")
    for number, experiment in enumerate(CHECKS[:2]):
        for column in range(2):
            assert f'href="#{experiment.name}-{column}"' in page, number
            assert f'id="{experiment.name}-{column}"' in page
    assert "<b>odd</b>" not in page
    assert "<i>odd</i>" not in page
    assert "1 exchange," in page


def test_the_same_is_told_in_every_form() -> None:
    """Verdicts are the same in the terminal, as JSON and for the README."""
    told = StringIO()
    print_side_by_side(Console(file=told, width=120), FOUND)
    assert "✗ <b>odd</b>" in told.getvalue()
    report = json.loads(as_json(FOUND, "2026-01-01T00:00:00Z"))
    assert [each["verdict"] for each in report["applications"][0]["checks"]] == [KEPT, BROKEN]
    signs = re.findall(r"- (✓|✗|·)$", as_rst(FOUND), re.MULTILINE)
    assert signs == ["✓", "·", "✗", "✓"]


def test_a_readme_says_first_what_each_keeps_and_which_it_breaks() -> None:
    """Names that a reader knows come first, this project's own last."""
    found = {"this project, cookies": [], **FOUND}
    table = as_rst(found).partition("\n\n.. list-table")[0]
    rows = re.findall(r"\* - (.*)\n     - (.*)\n     - (.*)\n     - (.*)", table)
    assert rows[-1] == ("this project, cookies", "0", "0", "none")
    broken = {name: which for name, _, _, which in rows[1:-1]}
    assert any(which != "none" for which in broken.values())

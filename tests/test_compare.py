"""``python -m compare``: what it takes, what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from compare.app_process import ROOT, environment_with
from compare.experiments import EXPERIMENTS, cost, replay
from compare.load import load
from compare.run import run
from compare.targets import APPLICATIONS


def compare(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = environment_with({"PATH": path} if path else {})
    return subprocess.run(
        [sys.executable, "-m", "compare", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_list_names_every_experiment() -> None:
    """``--list`` has a line for each, with its question."""
    said = compare("--list")
    assert said.returncode == 0
    lines = said.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [each.name for each in EXPERIMENTS]
    assert all(line.endswith("?") for line in lines)


@pytest.mark.parametrize("argument", ["--only=nothing", "--wrong", "stray"])
def test_a_wrong_argument_is_one_line_and_status_2(argument: str) -> None:
    """It says what is wrong, and tries nothing."""
    said = compare(argument)
    assert (said.returncode, said.stdout) == (2, "")
    (line,) = said.stderr.splitlines()
    assert argument.partition("=")[2] in line


def test_a_missing_tool_is_one_line_and_status_2(tmp_path: Path) -> None:
    """Without memcached and wrk it says what to install."""
    said = compare("--only=replay", path=str(tmp_path))
    assert (said.returncode, said.stdout) == (2, "")
    (line,) = said.stderr.splitlines()
    assert "install memcached and wrk" in line


def test_only_tries_what_it_names_and_json_prints_it(tmp_path: Path) -> None:
    """``--only`` carries out the named experiments, ``--json -`` prints the report alone."""
    said = compare("--only=rollback,replay", "--json=-", f"--out={tmp_path / 'deep' / 'out'}")
    assert said.returncode == 0, said.stderr
    report = json.loads(said.stdout)
    assert [each["name"] for each in report["experiments"]] == ["rollback", "replay"]
    assert report["placements"] == []
    written = tmp_path / "deep" / "out"
    assert json.loads((written / "report.json").read_text()) == report
    assert "Rollback" in (written / "report.html").read_text()


def test_a_promise_that_is_broken_is_status_1(tmp_path: Path) -> None:
    """A declaration that is not confirmed ends with status 1 and names itself."""
    spoiled = (
        "import sys, dataclasses, compare.targets as targets\n"
        "from compare.__main__ import main\n"
        "cookie = targets.APPLICATIONS['cookie']\n"
        "tier = dataclasses.replace(cookie.tier, revocable=True)\n"
        "import compare.__main__ as command\n"
        "command.APPLICATIONS = {**targets.APPLICATIONS, "
        "'cookie': dataclasses.replace(cookie, tier=tier)}\n"
        f"sys.exit(main(['--only=replay', '--out={tmp_path}']))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", spoiled], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert said.returncode == 1, said.stderr
    assert "revocable of the signed cookie is declared yes and is measured no" in said.stdout


def test_an_application_that_does_not_answer_gives_no_verdict() -> None:
    """What could not be tried is a failure that says so, never a verdict."""
    away = replace(
        replay.EXPERIMENT,
        run=lambda lab: (lab.target().app.kill(), replay.run(lab))[1],
    )
    found = run({"session": APPLICATIONS["session"]}, [away])
    (finding,) = found.findings
    assert finding.outcome is None
    assert "could not be tried" in finding.sentence
    assert not found.verdict.passed


def test_a_load_that_fails_gives_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs of answers that are refusals are not costs: it says that it could not measure."""
    monkeypatch.setattr(cost, "_round", lambda target, _cookies: (load(f"{target.url}/none", 1),))
    (finding,) = run({"cookie": APPLICATIONS["cookie"]}, [cost.EXPERIMENT]).findings
    assert finding.outcome is None
    assert "Non-2xx" in finding.sentence


def test_nothing_is_left_running() -> None:
    """Every process that a run starts has ended when it is over."""
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    run(APPLICATIONS, [replay.EXPERIMENT])
    after = {child.pid for child in psutil.Process().children(recursive=True)}
    assert after <= before

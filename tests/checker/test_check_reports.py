"""What a run leaves: SARIF, JUnit, JSON and a page, a baseline, an exit status, and no secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from served import FILE, PASSWORD, WRITE, Page, Server, Site

from compare import check as check_package
from compare.check.as_json import as_json
from compare.check.as_junit import as_junit
from compare.check.as_sarif import as_sarif
from compare.check.command import status_of
from compare.check.main import main
from compare.check.side_by_side import as_page
from compare.check.trial import BROKEN, CHECKS, KEPT, NOT_TRIED, Checked
from compare.experiments import fixation, idle_expiry, replay

SCHEMA = json.loads((Path(check_package.__file__).parent / "check.schema.json").read_text())
SARIF = json.loads((Path(__file__).parent / "sarif_rules.json").read_text())

FOUND = [
    Checked(CHECKS[0], KEPT, "opaque", "Nothing.", remarks=("It could be better.",)),
    Checked(replay.EXPERIMENT, BROKEN, replay.STILL_IN, "It is."),
    Checked(fixation.EXPERIMENT, NOT_TRIED, NOT_TRIED, "Not tried: no reason."),
    Checked(CHECKS[5], NOT_TRIED, "could not be tried", "It answered 500.", strange=True),
]
KNOWN = {("replay", replay.STILL_IN)}
Run = Callable[..., int]


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Run:
    """The command, on a site with habits; its files go to a folder of the test's."""

    def checked(*habits: str, options: str, file: str = FILE, page: type[Page] = Page) -> int:
        with server.serving(Site(*habits), page) as url:
            described = tmp_path / "it.toml"
            described.write_text(file.replace("URL", url))
            return main([str(described), *options.replace("HERE", str(tmp_path)).split()])

    return checked


@pytest.mark.parametrize("known", [(), KNOWN])
@pytest.mark.parametrize("ended", ["", "it was interrupted"])
def test_sarif_is_sarif(known: set[tuple[str, str]], ended: str) -> None:
    """It has what the standard asks for; only what is broken fails, by its severity."""
    report = json.loads(as_sarif("it.toml", FOUND, known, ended))
    Draft202012Validator(SARIF).validate(report)
    results = report["runs"][0]["results"]
    assert [each["level"] for each in results] == ["none", "error", "none", "none"]
    assert results[1].get("baselineState") == ("unchanged" if known else None)
    tags = report["runs"][0]["tool"]["driver"]["rules"][1]["properties"]["tags"]
    assert tags == ["security", "external/cwe/cwe-613", "external/asvs/7.4.1", "WSTG-SESS-06"]


@pytest.mark.parametrize(("known", "failures"), [((), 1), (KNOWN, 0)])
def test_junit_counts(known: set[tuple[str, str]], failures: int) -> None:
    """A test for each experiment: broken fails, unless it is known; strange is an error."""
    suite = ElementTree.fromstring(as_junit("it", FOUND, known, "it was interrupted")).find("*")
    counts = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": 5, "failures": failures, "errors": 2, "skipped": 2 - failures}


def test_json_is_by_its_schema() -> None:
    """Number and level, CWE, WSTG and severity stand on each finding."""
    report = json.loads(as_json("it", 3, FOUND, "it was interrupted"))
    Draft202012Validator(SCHEMA).validate(report)
    assert report["checks"][1]["clause"] == "ASVS 7.4.1 (level 1)"
    assert report["checks"][1]["demand"]["cwe"] == 613


def test_a_page_says_what_the_others_say() -> None:
    """Clause, severity, remarks, and that it was cut off."""
    page = as_page({"it": FOUND}, "2026-01-01T00:00:00Z", "it was interrupted")
    for words in ("CWE-613 · WSTG-SESS-06", "severity high", "Remark: It could", "cut off: it was"):
        assert words in page


def test_every_check_has_a_demand() -> None:
    """Kept and broken are about something that is written somewhere."""
    assert [each.name for each in CHECKS if each.demand is None] == []


# Exit statuses


@pytest.mark.parametrize(
    ("checked", "known", "allow_untried", "status"),
    [
        (FOUND[:1], (), False, 0),
        (FOUND, (), False, 1),
        (FOUND, KNOWN, False, 2),
        (FOUND[:3], KNOWN, False, 3),
        (FOUND[:3], KNOWN, True, 0),
    ],
)
def test_the_status_says_the_gravest(
    checked: list[Checked], known: set[tuple[str, str]], allow_untried: bool, status: int
) -> None:
    """Broken and new, then strange, then a core experiment that was not tried."""
    assert status_of(checked, known, allow_untried) == status


def test_what_is_not_tried_is_no_pass(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Without [password] revocation is missing: 3, unless one says that this is all right."""
    assert run(options="--only=replay,revocation") == 3
    assert "revocation: no check is whole without it" in capsys.readouterr().out
    assert run(options="--only=replay,revocation --allow-untried") == 0


def test_what_cannot_be_there_is_not_missing(run: Run) -> None:
    """An experiment that takes a time-out or a store is none of those."""
    assert run(options="--only=replay,idle-expiry,leaked-store") == 0
    assert not idle_expiry.EXPERIMENT.core


# Baselines and runs that are cut off


def test_a_baseline_lets_be_what_it_knows(run: Run, tmp_path: Path) -> None:
    """A report is a baseline: what is new fails, what was there does not."""
    habit, only = "signs_out_in_the_browser_only", "--only=replay,fixation --allow-untried"
    assert run(habit, options=f"{only} --report=HERE/known") == 1
    assert run(habit, options=f"{only} --baseline=HERE/known") == 0
    others = "keeps_its_id_at_sign_in", "gives_an_id_on_its_login_page"
    assert run(habit, *others, options=f"{only} --baseline=HERE/known") == 1
    assert {each.name for each in tmp_path.iterdir()} == {"it.toml", "known"}


def test_no_baseline_is_said(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is none is a line and status 2."""
    with pytest.raises(SystemExit) as raised:
        run(options="--baseline=HERE/it.toml")
    assert raised.value.code == 2
    assert "no report of an earlier run" in capsys.readouterr().err


class EndsSoon(Page):
    """Answers nothing any more once it has been asked often."""

    def prepare(self) -> None:
        super().prepare()
        if len(self.site.asked) > 20:
            self.detach().close()
            self._finished = True


def test_what_was_found_stays_when_it_is_cut_off(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken promise is said, and written, though the application is gone since."""
    options = "--only=replay,fixation,tampering --report=HERE/report --sarif=HERE/sarif"
    status = run("signs_out_in_the_browser_only", options=options, page=EndsSoon)
    report = json.loads((tmp_path / "report").read_text())
    assert (status, report["checks"][0]["verdict"]) == (1, BROKEN)
    assert "it cannot be used since" in report["ended"]
    assert "still signed in" in capsys.readouterr().out
    assert "it cannot be used since" in (tmp_path / "sarif").read_text()


def test_an_interrupted_run_leaves_what_it_had(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends it, with every verdict until then in its files."""

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("compare.check.trial.DescribedLab.look_around", interrupt)
    described = tmp_path / "it.toml"
    options = [str(described), "--only=replay,fixation", f"--report={tmp_path / 'report'}"]
    with server.serving(Site()) as url:
        described.write_text(FILE.replace("URL", url))
        with pytest.raises(KeyboardInterrupt):
            main(options)
    report = json.loads((tmp_path / "report").read_text())
    assert [each["verdict"] for each in report["checks"]] == [KEPT]


# Secrets


class Talkative(Page):
    """Shows session IDs and passwords wherever it can."""

    def get_me(self) -> None:
        super().get_me()
        self.write(f" {self.session_id} {self.site.accounts['ann']}")


def test_no_secret_is_in_any_output(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Session IDs and passwords are shown by their beginning, wherever they stood."""
    described = tmp_path / "it.toml"
    options = [f"--{each}={tmp_path / each}" for each in ("report", "sarif", "junit", "html")]
    with server.serving(site := Site(), Talkative) as url:
        described.write_text((FILE + PASSWORD + WRITE).replace("URL", url))
        main([str(described), "--only=replay,revocation,rollback", "--json", *options])
    told = capsys.readouterr()
    files = (each.read_text() for each in tmp_path.iterdir() if each != described)
    secrets = [*site.made, "violet-otter-91", "amber-falcon-17"]
    assert len(secrets) > 5
    for text in (told.out, told.err, *files):
        assert [each for each in secrets if each in text] == []

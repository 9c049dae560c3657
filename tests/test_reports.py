"""The reports: a table, ``report.json`` by its schema, and a page that needs nothing else."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from playwright.sync_api import Browser, Page
from quick_cost import have_quick_cost
from rich.console import Console
from tornado_state import SERVER_SESSION, SIGNED_COOKIE

from compare import reports
from compare.experiment import Experiment
from compare.experiments import EXPERIMENTS
from compare.findings import Figures, Outcome, Series
from compare.reports.as_json import as_json
from compare.reports.page import as_page
from compare.reports.terminal import print_run
from compare.reports.words import spread
from compare.run import Run, run
from compare.targets import APPLICATIONS
from compare.verdict import judge
from server.recommended_app import COMPOSITION

pytest_plugins = ["browser"]

AUDIT = Path(__file__).with_name("audit.js").read_text()
SCHEMA = json.loads((Path(reports.__file__).parent / "report.schema.json").read_text())
SLOW = {"idle-expiry", "absolute-expiry"}


@pytest.fixture(scope="module")
def found() -> Run:
    """A run with everything in it; what takes seconds of waiting is told as promised instead."""
    quick = [each for each in EXPERIMENTS if each.name not in SLOW]
    with pytest.MonkeyPatch.context() as patch:
        have_quick_cost(patch)
        tried = run(APPLICATIONS, quick)
    others = [
        replace(
            tried.findings[0],
            experiment=each.name,
            target=finding.target,
            tier=finding.tier,
            capability=each.capability,
            expected=each.expected[finding.tier],
            outcome=Outcome(
                each.expected[finding.tier],
                finding.tier == SERVER_SESSION.tier if each.capability else None,
                "As promised.",
            ),
        )
        for each in EXPERIMENTS
        if each.name in SLOW
        for finding in tried.findings[:2]
    ]
    findings = (*tried.findings, *others)
    verdict = judge(findings, (SIGNED_COOKIE, SERVER_SESSION), COMPOSITION.placement)
    return replace(tried, experiments=EXPERIMENTS, findings=findings, verdict=verdict)


@pytest.fixture
def failed(found: Run) -> Run:
    """The same with a broken promise, and an experiment that could not be tried."""
    first, second, *others = found.findings
    broken = replace(first, outcome=Outcome("<b>odd</b>", True, "It is <i>odd</i>."))
    untried = replace(second, outcome=None, trouble="This could not be tried: no answer.")
    findings = (broken, untried, *others)
    verdict = judge(findings, (SIGNED_COOKIE, SERVER_SESSION), COMPOSITION.placement)
    return replace(found, findings=findings, verdict=verdict)


def test_the_applications_pass(found: Run) -> None:
    """Our two applications do as promised, and the kinds belong where the third one has them."""
    assert found.verdict.failures == ()
    assert {each.kind.name: each.tier.tier for each in found.verdict.placements} == {
        "preferences": "signed cookie",
        "cart": "server session",
        "credentials": "server session",
    }


def test_a_run_twice_says_the_same(found: Run) -> None:
    """Verdicts do not depend on the day: what is quick is tried again and compared."""
    again = [each for each in EXPERIMENTS if each.name in {"replay", "lost-update", "resurrection"}]
    names = {each.name for each in again}
    words = [each.word for each in found.findings if each.experiment in names]
    assert [each.word for each in run(APPLICATIONS, again).findings] == words


@pytest.mark.parametrize("which", ["found", "failed"])
def test_the_json_keeps_its_schema(which: str, request: pytest.FixtureRequest) -> None:
    """``report.json`` is what ``report.schema.json`` says, whether a run passed or failed."""
    report = json.loads(as_json(request.getfixturevalue(which)))
    assert list(Draft202012Validator(SCHEMA).iter_errors(report)) == []
    assert report["passed"] == (which == "found")
    assert [each["name"] for each in report["experiments"]] == [each.name for each in EXPERIMENTS]


def every_word() -> list[tuple[Experiment, str]]:
    """Return every word that an experiment can say, as its module names them in capitals."""
    modules = {each: sys.modules[each.run.__module__] for each in EXPERIMENTS}
    return [
        (experiment, word)
        for experiment, module in modules.items()
        for name, word in vars(module).items()
        if name.isupper() and isinstance(word, str) and name not in {"COOKIE", "SESSION"}
        if not name.startswith("_")
    ]


def a_word_each() -> Iterator[dict[Experiment, str]]:
    """Yield runs in which every experiment says a word, until each has said all of its words."""
    words: dict[Experiment, list[str]] = {}
    for experiment, word in every_word():
        words.setdefault(experiment, []).append(word)
    for number in range(max(map(len, words.values()))):
        yield {each: of_each[number % len(of_each)] for each, of_each in words.items()}


@pytest.mark.parametrize("with_figures", [True, False])
def test_every_word_can_be_reported(found: Run, *, with_figures: bool) -> None:
    """Whatever an experiment says, with figures or without: the three reports can tell it."""
    assert len(every_word()) > 2 * len(EXPERIMENTS)
    for said in a_word_each():
        told = [
            replace(
                each, outcome=_saying(each.outcome, said[experiment], with_figures=with_figures)
            )
            for experiment in said
            for each in found.about(experiment)
        ]
        for findings in (told, [*told[::2], *found.findings[1::2]]):
            one = replace(found, experiments=tuple(said), findings=tuple(findings))
            terminal = StringIO()
            print_run(Console(file=terminal, width=400), one)
            for report in (as_page(one), as_json(one), terminal.getvalue()):
                text = report.replace("&#x27;", "'").replace("&#39;", "'")
                for word, times in Counter(said.values()).items():
                    assert text.count(word) >= times


def _saying(outcome: Outcome | None, word: str, *, with_figures: bool) -> Outcome:
    figures = outcome.figures if outcome and with_figures else ()
    series = outcome.series if outcome and with_figures else ()
    return Outcome(word, False, "So it is.", figures, series)


def test_figures_of_nothing_can_be_drawn(found: Run) -> None:
    """A series without points, a cart without bytes and an answer in no time break no chart."""
    named = {
        "wire-weight": Outcome(
            "x", None, "", series=(Series("each request", "b", "b", ((0, 0),)),)
        ),
        "store-down": Outcome("x", None, "", (Figures("the store well", "ms", (0.0,)),)),
        "cost": Outcome("x", None, "", (Figures("with state", "µs", (0.0,)),)),
    }
    findings = [
        replace(each, outcome=named.get(each.experiment, each.outcome)) for each in found.findings
    ]
    assert "In figures" in as_page(replace(found, findings=tuple(findings)))


def test_figures_tell_n_and_spread(found: Run) -> None:
    """Every figure has its median between the least and the greatest, and says how many."""
    report = json.loads(as_json(found))
    figures = [
        figure
        for experiment in report["experiments"]
        for finding in experiment["findings"]
        for figure in finding["figures"]
    ]
    assert len(figures) > 20
    for figure in figures:
        assert figure["least"] <= figure["median"] <= figure["greatest"]
        assert figure["n"] == len(figure["numbers"])


@pytest.mark.parametrize("report", [as_json, as_page])
def test_reports_tell_no_secrets(found: Run, report: Any) -> None:
    """No password and no whole session ID or signature is in what people send around."""
    text = report(found)
    assert "violet-otter-91" not in text
    assert not re.search(r"[A-Za-z0-9_-]{43}\|[0-9a-f]{64}", text)
    assert not re.search(r"\|[0-9a-f]{64}", text)


def test_the_page_needs_nothing_else(found: Run) -> None:
    """No script, nothing loaded from anywhere, and a policy that forbids both."""
    page = as_page(found)
    assert "<script" not in page
    assert not re.search(r"""(src|href)=["'](?!#)""", page)
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_what_was_received_cannot_become_markup(failed: Run) -> None:
    """Words, sentences and messages are text, whatever is in them."""
    page = as_page(failed)
    assert "<b>odd</b>" not in page
    assert "<i>odd</i>" not in page
    assert "&lt;b&gt;odd&lt;/b&gt;" in page


def test_the_page_says_first_what_failed(failed: Run) -> None:
    """A failed run says so at the top, and names each failure."""
    header = as_page(failed).partition("<main>")[0]
    assert "Not everything is as promised" in header
    assert "disclosure on the signed cookie" in header
    assert "This could not be tried: no answer." in header


def test_the_table_tells_everything(found: Run, failed: Run) -> None:
    """The terminal names every experiment, where each kind belongs, and each failure."""
    told = StringIO()
    print_run(Console(file=told, width=160), found)
    for experiment in EXPERIMENTS:
        assert experiment.title in told.getvalue()
    assert "cart belongs in the server session" in told.getvalue()
    assert "Everything is as promised" in told.getvalue()
    told = StringIO()
    print_run(Console(file=told, width=160), failed)
    assert "✗ disclosure on the signed cookie" in told.getvalue()
    assert "Everything is as promised" not in told.getvalue()


@pytest.fixture
def opened(found: Run, chromium: Browser, tmp_path: Path) -> Page:
    """The page in a browser, with every exchange folded out."""
    file = tmp_path / "report.html"
    file.write_text(as_page(found))
    page = chromium.new_page()
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_for_everyone(opened: Page, scheme: Any) -> None:
    """Landmarks, headings, contrast and no sideways scrolling, at three widths, in both themes."""
    opened.emulate_media(color_scheme=scheme)
    problems = []
    for width in (1440, 1024, 390):
        opened.set_viewport_size({"width": width, "height": 900})
        problems += [f"at {width}: {problem}" for problem in opened.evaluate(AUDIT)]
    opened.close()
    assert problems == []


def test_the_page_puts_what_belongs_where_first(opened: Page) -> None:
    """A reader meets the answer before the evidence, and evidence beside evidence."""
    assert opened.get_by_role("heading", level=2).first.inner_text() == "What belongs where"
    replay = opened.locator("#replay")
    cookie, session = replay.locator(".side").all()
    assert "still signed in" in cookie.inner_text()
    assert "signed out" in session.inner_text()
    assert "POST /logout HTTP/1.1" in session.inner_text()
    box, other = cookie.bounding_box(), session.bounding_box()
    assert box is not None
    assert other is not None
    assert box["y"] == other["y"]
    opened.close()


def test_a_busy_machine_is_told(found: Run) -> None:
    """Figures of a machine with more to do than it has processors come with a warning."""
    assert float(json.loads(as_json(found))["machine"]["load"]) >= 0
    for load, warned in (("2.00", False), ("2.01", True), ("17.50", True)):
        there = replace(found, machine={**found.machine, "processors": "2", "load": load})
        told = StringIO()
        print_run(Console(file=told, width=400), there)
        assert ("The machine was busy" in told.getvalue()) is warned
        assert ("The machine was busy" in as_page(there)) is warned
        assert f"{load} processes wanted to run" in as_page(there)


def test_spread_is_told_in_words() -> None:
    """One number stands alone, several with their spread."""
    assert spread(Figures("a", "ms", (1.0,))) == "1 ms"
    assert spread(Figures("a", "ms", (1.0, 2.25, 1500.0))) == "2.25 ms (1 to 1,500, n = 3)"

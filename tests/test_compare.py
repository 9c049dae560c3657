"""``python -m compare``: what it takes, what it prints, and how it ends."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import psutil
import pytest
from kept_targets import KeptTargets
from warm_start import run_warm

from compare import __main__ as command
from compare.app_process import environment_with
from compare.browser import NoAnswer, Reply
from compare.experiment import Experiment, Lab
from compare.experiments import (
    EXPERIMENTS,
    cost,
    leaked_store,
    listing,
    lost_update,
    replay,
    second_device,
    store_down,
    store_restarted,
    store_weight,
)
from compare.findings import Finding
from compare.load import load
from compare.memcached_process import MemcachedProcess
from compare.run import run
from compare.shop_visitor import Person, ShopVisitor, Unexpected
from compare.targets import APPLICATIONS


def compare(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = environment_with({"PATH": path} if path else {})
    return run_warm("-m", "compare", *arguments, env=environment)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line with which the command ends with status 2, having tried nothing."""
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    (line,) = said.err.splitlines()
    return line


def test_list_names_every_experiment() -> None:
    """``--list`` has a line for each, with its question."""
    said = compare("--list")
    assert said.returncode == 0
    lines = said.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [each.name for each in EXPERIMENTS]
    assert all(line.endswith("?") for line in lines)


@pytest.mark.parametrize("argument", ["--only=nothing", "--wrong", "stray"])
def test_a_wrong_argument_is_one_line_and_status_2(
    argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what is wrong, and tries nothing."""
    assert argument.partition("=")[2] in refused(capsys, argument)


@pytest.mark.parametrize("text", ["replay,", ",", "replay,,cost"])
def test_a_comma_too_many_is_said(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not that there is no experiment without a name."""
    line = refused(capsys, f"--only={text}")
    assert line.endswith(f"“{text}” has a comma without a name beside it")


@pytest.mark.parametrize("option", ["--out={}/file/out", "--json={}/file/out.json", "--json={}"])
def test_a_place_that_cannot_be_written_is_said_before_anything_is_tried(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is one line and status 2, and nothing has been started."""
    (tmp_path / "file").touch()
    out = f"--out={tmp_path / 'out'}"
    assert str(tmp_path) in refused(capsys, "--only=replay", out, option.format(tmp_path))


def test_a_folder_for_the_json_is_made(tmp_path: Path) -> None:
    """``--json`` may name a file in a folder that is not there yet."""
    file = tmp_path / "deep" / "report.json"
    assert compare("--only=replay", f"--json={file}", f"--out={tmp_path}").returncode == 0
    assert json.loads(file.read_text())["passed"] is True


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


def test_a_promise_that_is_broken_is_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A declaration that is not confirmed ends with status 1 and names itself."""
    cookie = APPLICATIONS["cookie"]
    declared = replace(cookie, tier=replace(cookie.tier, revocable=True))
    monkeypatch.setattr(command, "APPLICATIONS", {**APPLICATIONS, "cookie": declared})
    assert command.main(["--only=replay", f"--out={tmp_path}"]) == 1
    said = capsys.readouterr().out
    assert "revocable of the signed cookie is declared yes and is measured no" in said


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


def spoiled(spoil: Callable[[Lab], object], then: Experiment = replay.EXPERIMENT) -> Experiment:
    """Return an experiment before which something is done to its target."""
    return replace(then, run=lambda lab: (spoil(lab), then.run(lab))[1])


def killed_by_number(lab: Lab) -> None:
    """End memcached as anybody else might."""
    psutil.Process(lab.target().memcached.pid).kill()


#: What is done, what is tried then, and what it is told as.
SPOILED: list[tuple[Callable[[Lab], object], Experiment, str]] = [
    (killed_by_number, leaked_store.EXPERIMENT, "memcached does not answer"),
    (killed_by_number, store_weight.EXPERIMENT, "memcached"),
    (killed_by_number, store_down.EXPERIMENT, "answered 503"),
    (lambda lab: lab.target().memcached.kill(), store_restarted.EXPERIMENT, "answered 503"),
    (lambda lab: lab.target().app.kill(), lost_update.EXPERIMENT, "Connection refused"),
    (lambda lab: lab.target("--store-deadline=10").app.kill(), cost.EXPERIMENT, "gone"),
    (lambda lab: lab.target().disable(Person("nobody", "")), replay.EXPERIMENT, "disabled"),
    (lambda lab: lab.target("--nonsense"), replay.EXPERIMENT, "nonsense"),
    (lambda lab: lab.target(memcached=["--nonsense"]), replay.EXPERIMENT, "ended at once"),
]


@pytest.fixture(scope="module")
def spoiled_findings() -> tuple[Finding, ...]:
    """One run, in which whatever can die does, and each time the next one is tried."""
    each = [(spoiled(spoil, then), replay.EXPERIMENT) for spoil, then, _ in SPOILED]
    return run({"session": APPLICATIONS["session"]}, list(chain.from_iterable(each))).findings


@pytest.mark.parametrize(("number", "why"), list(enumerate(why for *_, why in SPOILED)))
def test_what_dies_is_told_and_the_next_one_is_tried(
    spoiled_findings: tuple[Finding, ...], number: int, why: str
) -> None:
    """Whatever has ended, the run goes on with a fresh application."""
    first, second = spoiled_findings[2 * number : 2 * number + 2]
    assert first.outcome is None
    assert why in first.sentence
    assert (second.word, second.as_expected) == (replay.OUT, True)


def test_where_something_could_not_be_tried_the_next_one_starts_anew() -> None:
    """What is going wrong there may not be over, even where both processes seem to run."""
    seen = []

    def stop_half_way(lab: Lab) -> None:
        seen.append(lab.target().app.pid)
        raise Unexpected("it did what it should not")

    def look(lab: Lab) -> None:
        seen.append(lab.target().app.pid)

    run({"session": APPLICATIONS["session"]}, [spoiled(stop_half_way), spoiled(look)])
    assert len(set(seen)) == 2


@pytest.fixture(scope="module")
def targets() -> Iterator[KeptTargets]:
    """The application in sessions, once for all who only listen to it in another way."""
    with KeptTargets({"session": APPLICATIONS["session"]}) as targets:
        yield targets


@pytest.mark.parametrize("path", ["/account", "/cart", "/preferences", "/products", "/sessions"])
def test_an_answer_in_another_shape_gives_no_verdict(
    path: str, targets: KeptTargets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page instead of JSON, with status 200, is told and ends the experiment alone."""
    send = ShopVisitor.send

    def sent(self: ShopVisitor, method: str, asked: str, *rest: Any, **headers: str) -> Reply:
        reply = send(self, method, asked, *rest, **headers)
        return replace(reply, body=b"<h1>Hello</h1>") if asked == path else reply

    monkeypatch.setattr(ShopVisitor, "send", sent)
    asking = [replay.EXPERIMENT, listing.EXPERIMENT, second_device.EXPERIMENT]
    targets.running("session").__dict__.pop("skus", None)  # asked for once, else
    words = [each.carried_out(targets, "session").sentence for each in asking]
    assert any("another shape: “<h1>Hello</h1>”" in each for each in words)


def test_what_cannot_be_sent_gives_no_answer() -> None:
    """A cookie that HTTP has no way for is no error of this program's."""
    browser = ShopVisitor("http://127.0.0.1:1", "visitor", {"a": "line\nbreak"})
    with pytest.raises(NoAnswer, match="cannot be sent"):
        browser.ask_who()


def test_several_can_look_into_memcached_at_once() -> None:
    """Its crawler works for one at a time; the others wait for it, and see the same."""
    with MemcachedProcess() as memcached, ThreadPoolExecutor(4) as pool:
        memcached.crowd_out(10, 20_000)
        numbers = [len(keys) for keys in pool.map(lambda _: memcached.keys(), range(8))]
    assert numbers == [20_000] * 8


class Forgetful(MemcachedProcess):
    """Some of its first lists lack a key, as when memcached moves the item while it lists them."""

    lacking = 1

    def ask(self, line: str, *arguments: Any, **options: Any) -> bytes:
        answer = super().ask(line, *arguments, **options)
        if b"key=crowd-0 " not in answer or not self.lacking:
            return answer
        self.lacking -= 1
        return re.sub(rb"key=crowd-0 .*\n", b"", answer)


@pytest.mark.parametrize(("lacking", "listed"), [(1, 3), (100, 2)])
def test_what_memcached_passes_by_is_asked_for_again(lacking: int, listed: int) -> None:
    """It counts more than it has told of; what has ended it counts as well, and never tells."""
    with Forgetful() as memcached:
        memcached.lacking = lacking
        memcached.crowd_out(10, 3)
        assert len(memcached.keys()) == listed
        assert memcached.lacking < lacking


def test_a_load_that_fails_gives_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs of answers that are refusals are not costs: it says that it could not measure."""
    monkeypatch.setattr(cost, "_round", lambda target, _cookies: (load(f"{target.url}/none", 1),))
    (finding,) = run({"cookie": APPLICATIONS["cookie"]}, [cost.EXPERIMENT]).findings
    assert finding.outcome is None
    assert "not answered with 2xx" in finding.sentence


def test_nothing_is_left_running() -> None:
    """Every process that a run starts has ended when it is over."""
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    run(APPLICATIONS, [replay.EXPERIMENT])
    after = {child.pid for child in psutil.Process().children(recursive=True)}
    assert after <= before

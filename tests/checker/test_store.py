"""What is seen with a hand on the store; and how an application is started and ended."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest
from demo_process import has_ended

from compare.check.described_target import DescribedTarget
from compare.check.description import Description, Unusable, described
from compare.check.trial import BROKEN, KEPT, NOT_TRIED, Checked, trial
from compare.experiment import Experiment
from compare.experiments import leaked_store, resurrection, store_down
from compare.waiting import wait_until

FOLDER = Path(__file__).parent
FILE = """
name = "it"
url = "http://127.0.0.1:{port}"
[start]
command = ["{python}", "store_app.py", "{port}", "{store}", "HABIT"]
[store]
kind = "memcached"
[account]
username = "ann"
password = "violet-otter-91"
email = "ann@post.example"
[sign_in]
path = "/login"
form = { name = "{username}", password = "{password}" }
[sign_out]
path = "/logout"
[who]
path = "/"
holds = "user {username}"
"""
WRITE = """
[write]
path = "/note"
form = { note = "{value}" }
without_sign_in = false
[read]
path = "/"
holds = "{value}"
"""


def description(habit: str = "none", more: str = "") -> Description:
    return described(FILE.replace("HABIT", habit) + more, FOLDER / "it.toml")


def checked(habit: str, experiment: Experiment) -> Checked:
    with DescribedTarget(description(habit)) as target:
        (found,) = trial(target, [experiment])
    return found


def test_an_id_that_stands_in_the_store_signs_in() -> None:
    """Whoever has a copy of the store is whoever they like."""
    found = checked("none", leaked_store.EXPERIMENT)
    assert (found.verdict, found.word) == (BROKEN, leaked_store.SIGNS_IN), found.sentence


@pytest.mark.parametrize(
    ("habit", "verdict", "word"),
    [
        ("lets_everybody_in", BROKEN, store_down.LETS_IN),
        ("hangs", BROKEN, store_down.HANGS),
        ("answers_500", KEPT, store_down.ERROR),
        ("none", KEPT, store_down.WRONG),
    ],
)
def test_an_outage_is_judged_by_its_clause(
    habit: str, verdict: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASVS 16.5.2 asks for security and for going on; 503 is better practice, and a remark."""
    monkeypatch.setattr("compare.request._SECONDS", 2.0)
    found = checked(habit, store_down.EXPERIMENT)
    assert (found.verdict, found.word) == (verdict, word), found.sentence
    assert bool(found.remarks) == (verdict == KEPT)


def test_half_a_request_that_keeps_everybody_waiting_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One worker reads one request at a time: what races cannot be tried, and nothing hangs."""
    monkeypatch.setattr("compare.request._SECONDS", 1.0)
    with DescribedTarget(description("keeps_notes", WRITE)) as target:
        (found,) = trial(target, [resurrection.EXPERIMENT])
    assert found.verdict == NOT_TRIED
    assert "half a request keeps everybody waiting" in found.sentence


# Starting and ending


def test_an_application_is_ended_the_gentle_way(tmp_path: Path) -> None:
    """It is asked to end before it is made to."""
    more = f"[start.environment]\nTOLD = {json.dumps(str(tmp_path))}\n"
    text = FILE.replace("HABIT", "none") + more
    with DescribedTarget(described(text, FOLDER / "it.toml")):
        assert not (tmp_path / "ended").exists()
    assert (tmp_path / "ended").read_text() == "gently"


def test_what_it_started_ends_with_it() -> None:
    """Also what has left its process group."""
    with DescribedTarget(description("leaves_a_child")) as target:
        (child,) = [
            each
            for each in psutil.Process(target.pid).children(recursive=True)
            if each.name() == "sleep"
        ]
    wait_until(lambda: has_ended(child), "it has ended")


def test_a_404_is_not_up() -> None:
    """A proxy that answers before the application does says just that."""
    command = '"store_app.py", "{port}", "{store}", "HABIT"'
    text = FILE.replace(command, '"-m", "http.server", "{port}"')
    text = text.replace("[store]", 'ready = "/404"\npatience = 2.0\n[store]')
    with (
        pytest.raises(Unusable, match=r"after 2 s \(patience in \[start\]\): it answers 404"),
        DescribedTarget(described(text, FOLDER / "it.toml")),
    ):
        pass

"""What ``python -m compare check`` says of applications whose habits are their own."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from compare.browser import Reply
from compare.check.described_target import DescribedTarget
from compare.check.described_visitor import DescribedVisitor
from compare.check.description import described
from compare.check.trial import BROKEN, KEPT, NOT_TRIED, Checked, trial
from compare.experiment import Experiment
from compare.experiments import adoption, attributes, replay, revocation, store_down
from compare.shop_visitor import Person

FOLDER = Path(__file__).parent
ANN = Person("ann", "ann", "violet-otter-91")

FILE = """
name = "it"
url = "http://127.0.0.1:{port}"
[start]
command = ["{python}", "strange_app.py", "{port}", "HABIT"]
[store]
kind = "memcached"
[account]
username = "ann"
password = "violet-otter-91"
[sign_in]
path = "/login"
form = { name = "{username}", password = "{password}" }
[sign_out]
path = "/logout"
[who]
path = "/"
holds = "user {username}"
[password]
path = "/password"
form = { new = "{new_password}" }
[write]
path = "/note"
form = { key = "{key}", value = "{value}" }
without_sign_in = false
[read]
path = "/notes"
holds = '"{key}": "{value}"'
"""


def target_with(habit: str) -> DescribedTarget:
    return DescribedTarget(described(FILE.replace("HABIT", habit), FOLDER / "it.toml"))


def checked(habit: str, experiment: Experiment) -> Checked:
    with target_with(habit) as target:
        (found,) = trial(target, [experiment])
    return found


@pytest.mark.parametrize(
    ("habit", "experiment", "verdict", "words"),
    [
        ("none", replay.EXPERIMENT, KEPT, ""),
        ("limits_how_often_one_asks", replay.EXPERIMENT, NOT_TRIED, "takes no more requests now"),
        ("either_of_two_cookies", attributes.EXPERIMENT, BROKEN, "remembered has no HttpOnly"),
        ("deletes_its_cookie_first", attributes.EXPERIMENT, KEPT, ""),
        ("shows_the_time", store_down.EXPERIMENT, KEPT, "Nobody noticed"),
        ("sets_its_cookie_with_each_answer", store_down.EXPERIMENT, KEPT, "Nobody noticed"),
        ("none", adoption.EXPERIMENT, KEPT, ""),
        ("has_short_ids", adoption.EXPERIMENT, NOT_TRIED, "nothing in its cookies looks random"),
        ("says_200_and_changes_no_password", revocation.EXPERIMENT, NOT_TRIED, "does not sign in"),
    ],
)
def test_a_habit_is_no_broken_promise_nor_a_kept_one(
    habit: str, experiment: Experiment, verdict: str, words: str
) -> None:
    """What cannot be told is not tried; what has another reason is not held against anybody."""
    found = checked(habit, experiment)
    assert (found.verdict, words in found.sentence) == (verdict, True), found.sentence


@pytest.mark.parametrize(
    "habit", ["none", "changes_the_password_without_an_answer", "says_200_and_changes_no_password"]
)
def test_an_account_has_its_password_in_the_end(habit: str) -> None:
    """Whether the change was made, was made without an answer, or was only said to be made."""
    with target_with(habit) as target:
        list(trial(target, [revocation.EXPERIMENT]))
        target.allow(2)
        owner = DescribedVisitor(target, "owner")
        owner.sign_in(ANN)
        assert (owner.who(), target.changed_passwords) == ("ann", {})


def test_a_check_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither with a command and a store."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    checked("none", replay.EXPERIMENT)
    assert list(tmp_path.iterdir()) == []


def reply(status: int, *set_cookies: str, body: bytes = b"user ann") -> Reply:
    headers = tuple(("set-cookie", each) for each in set_cookies)
    return Reply(status, headers, body, 0, 0, 0.0)


@pytest.mark.parametrize(
    ("away", "word"),
    [
        (reply(200, "sid=2"), store_down.UNAFFECTED),
        (reply(200, "sid=; Max-Age=0"), store_down.COOKIE_LOST),
        (reply(200, "sid=2", body=b"nobody"), store_down.COOKIE_LOST),
        (reply(200, "sid=1", "other=2", body=b"nobody"), store_down.WRONG),
        (reply(401, "other=; Max-Age=0", body=b"nobody"), store_down.SIGNED_OUT),
    ],
)
def test_a_cookie_is_lost_where_it_is_deleted_or_another_stands_for_nobody(
    away: Reply, word: str
) -> None:
    """One that is signed anew is no loss to somebody who is still known by it."""
    with target_with("none") as target:
        target.people.append(ANN)
        visitor = DescribedVisitor(target, "visitor")
        outcome = store_down.judged(visitor, [reply(200)], [away], {"sid": "1"})
    assert outcome.word == word


@pytest.mark.parametrize(
    ("away", "usual", "told"),
    [
        ([0.9, 0.1, 0.1], [0.01], ""),
        ([1.2, 0.1, 0.1], [0.01], "An answer took 1.2 s"),
        ([1.2, 0.1, 0.1], [0.4, 0.01], ""),
        ([0.1, 0.3, 0.3], [0.01], "half of the later ones took 0.30 s"),
        ([0.1, 0.3, 0.3], [0.2], ""),
    ],
)
def test_slow_is_what_takes_longer_than_with_the_store_well(
    away: list[float], usual: list[float], told: str
) -> None:
    """A machine that is busy with something else is no fault of the application's."""

    def lasting(seconds: list[float]) -> list[Reply]:
        return [replace(reply(200), seconds=each) for each in seconds]

    assert told in (said := store_down.slower(lasting(away), [], 0.5, lasting(usual)))
    assert bool(said) == bool(told)

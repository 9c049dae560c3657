"""``python -m compare check``: what it takes, what it prints, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from answering import answering
from test_experiments import IN_COOKIES, SEEN, weak
from warm_start import WarmApp, run_warm

from compare.app_process import ROOT, environment_with
from compare.check.command import status_of
from compare.check.described_target import DescribedTarget
from compare.check.description import Unusable, read
from compare.check.trial import BROKEN, CHECKS, KEPT, NOT_TRIED, Checked, most_requests, trial
from compare.experiments import leaked_store, store_down
from compare.peers.environments import FOLDER as PEERS
from compare.shop_visitor import Person, ShopVisitor
from compare.waiting import free_port

OURS = PEERS / "ours_session.toml"


def check(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    env = environment_with({"PYTHONWARNINGS": ""})
    return run_warm("-m", "compare", "check", *map(str, arguments), env=env)


def checks_of(file: Path, *only: str) -> tuple[int, dict[str, str]]:
    """Return the exit status, and each experiment's verdict."""
    said = check(file, f"--only={','.join(only)}", "--json")
    assert said.stdout, said.stderr
    report = json.loads(said.stdout)
    return said.returncode, {each["name"]: each["verdict"] for each in report["checks"]}


# What an application keeps, breaks and has not


def test_our_server_session_keeps_every_promise() -> None:
    """No false alarm, nothing left out, and no more requests than were said."""
    said = check(OURS, "--json")
    report = json.loads(said.stdout)
    seen = {each["name"]: (each["verdict"], each["sentence"]) for each in report["checks"]}
    assert {name: words for name, words in seen.items() if words[0] != KEPT} == {}
    assert (said.returncode, seen.keys()) == (0, {each.name for each in CHECKS})
    most = re.search(r"at most ([\d,]+) requests", said.stderr)
    assert most is not None
    assert 0 < report["requests"] <= int(most[1].replace(",", ""))
    assert "violet-otter" not in said.stdout


def test_signed_cookies_break_what_they_must() -> None:
    """They are told from the session by the same experiments; what has no store is not tried."""
    status, verdicts = checks_of(
        PEERS / "ours_cookie.toml", "replay", "rollback", "tampering", "failed-save"
    )
    assert status == 1
    assert verdicts == {
        "replay": BROKEN,
        "rollback": BROKEN,
        "tampering": KEPT,
        "failed-save": NOT_TRIED,
    }


def described_weak(folder: Path, weakness: str) -> Path:
    """Return the file of a shop with a weakness."""
    ours = "ours_cookie.toml" if weakness in IN_COOKIES else "ours_session.toml"
    environment = dict(weak(weakness).environment)
    file = folder / "weak.toml"
    file.write_text(
        re.sub(r"server\.\w+_app", "weak_app", (PEERS / ours).read_text()).replace(
            'directory = "../.."', f'directory = "{ROOT}"\nenvironment = {inline(environment)}'
        )
    )
    return file


def inline(table: dict[str, str]) -> str:
    return f"{{ {', '.join(f'{name} = {json.dumps(value)}' for name, value in table.items())} }}"


#: Whoever has not the cookie secret as well can do nothing with the key of a record.
NEEDS_THE_SECRET = {"uses_the_session_id_as_the_key"}
#: Seen in ``checker/test_store.py``: no shop has a weakness that the clause is about.
SEEN_ELSEWHERE = {leaked_store.EXPERIMENT, store_down.EXPERIMENT}
#: One for each experiment: that the others are seen, the comparison's tests show.
PLANTED = list(
    {
        each[0].EXPERIMENT: each
        for each in SEEN
        if each[0].EXPERIMENT.kept
        and each[2] not in each[0].EXPERIMENT.kept
        and each[1] not in NEEDS_THE_SECRET
    }.values()
)


@pytest.mark.parametrize(
    ("module", "name", "word"),
    PLANTED,
    ids=[f"{each[0].EXPERIMENT.name}-{each[1]}" for each in PLANTED],
)
def test_a_planted_weakness_is_seen(module: object, name: str, word: str, tmp_path: Path) -> None:
    """What an experiment finds in the comparison, it finds through a description as well."""
    with DescribedTarget(read(described_weak(tmp_path, name))) as target:
        (checked,) = trial(target, [module.EXPERIMENT])
    assert (checked.verdict, checked.word) == (BROKEN, word), checked.sentence
    assert checked.exchanges


def test_every_check_has_been_seen_to_find_something() -> None:
    """There is no check without a weakness."""
    assert {each[0].EXPERIMENT for each in PLANTED} | SEEN_ELSEWHERE == set(CHECKS)


# Applications that cannot be used

MINIMAL = """
name = "it"
url = "{url}"
[account]
username = "ann"
password = "violet-otter-91"
[sign_in]
path = "/login"
json = {{ username = "{{username}}", password = "{{password}}" }}
[sign_out]
path = "/logout"
[who]
path = "/account"
holds = "{{username}}"
headers = {{ Accept = "application/json" }}
"""


def refused(file: Path, *arguments: str) -> str:
    """Return the one line with which it refuses a file or an application."""
    said = check(file, *arguments)
    assert (said.returncode, said.stdout) == (2, ""), said
    last = said.stderr.splitlines()[-1]
    assert last.startswith("python -m compare check: ")
    assert "Traceback" not in said.stderr
    return last


def written(folder: Path, text: str) -> Path:
    file = folder / "app.toml"
    file.write_text(text)
    return file


def test_a_wrong_port_is_said(tmp_path: Path) -> None:
    """Nobody listens there: one line, exit status 2, no verdict."""
    url = f"http://127.0.0.1:{free_port()}"
    assert "Connection refused" in refused(written(tmp_path, MINIMAL.format(url=url)))


def html_error(connection: socket.socket) -> None:
    body = b"<h1>Sorry</h1>"
    head = b"HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
    connection.sendall(head % len(body) + body)


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b"x" * 65_536)


def no_http(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (html_error, "it answered 500: Sorry"),
        (endless, "more than 4,194,304 bytes"),
        (no_http, "no HTTP"),
    ],
)
def test_an_application_that_answers_nonsense_is_said(
    answer: Callable[[socket.socket], None], sentence: str, tmp_path: Path
) -> None:
    """An error page, an answer without end and another protocol are each a sentence."""
    with answering(answer) as url:
        assert sentence in refused(written(tmp_path, MINIMAL.format(url=url)))


def test_a_sign_in_that_fails_is_said(tmp_path: Path) -> None:
    """A wrong password gives no verdict at all."""
    with WarmApp("server.cookie_app", "--dev") as app:
        line = refused(written(tmp_path, MINIMAL.format(url=app.url)))
    assert "to sign in was answered 401" in line


def test_a_page_that_names_nobody_is_said(tmp_path: Path) -> None:
    """A [who] that does not tell who is signed in makes every verdict worthless."""
    text = OURS.read_text().replace('path = "/account"', 'path = "/preferences"')
    text = text.replace('directory = "../.."', f'directory = "{ROOT}"')
    line = refused(written(tmp_path, text))
    assert "/preferences does not say that" in line


def test_a_command_that_ends_is_said(tmp_path: Path) -> None:
    """What it said last stands in the line."""
    text = MINIMAL.format(url="http://127.0.0.1:{port}")
    text += "[start]\ncommand = ['{python}', '-c', 'raise SystemExit(\"no database\")']\n"
    assert "no database" in refused(written(tmp_path, text))


def test_an_application_that_dies_half_way_is_said() -> None:
    """The trial ends with a sentence, not with verdicts on what is no longer there."""
    replay, rollback = (each for each in CHECKS if each.name in {"replay", "rollback"})
    with DescribedTarget(read(OURS)) as target:
        found = trial(target, [replay, rollback, replay])
        assert next(found).verdict == KEPT
        os.killpg(target.pid, signal.SIGKILL)
        with pytest.raises(Unusable, match="since replay: it ended with status -9"):
            list(found)


def test_an_application_that_hangs_half_way_is_said() -> None:
    """It runs, and answers no more: that ends the trial as well."""
    (replay,) = (each for each in CHECKS if each.name == "replay")
    with DescribedTarget(read(OURS)) as target:
        found = trial(target, [replay, replay])
        assert next(found).verdict == KEPT
        os.killpg(target.pid, signal.SIGSTOP)
        with pytest.raises(Unusable, match="it cannot be used since replay: no complete answer"):
            list(found)


@pytest.mark.parametrize("host", ["192.0.2.7", "example.invalid"])
def test_another_machine_is_refused(host: str, tmp_path: Path) -> None:
    """Its address is not tried without being told that it is one's own."""
    line = refused(written(tmp_path, MINIMAL.format(url=f"http://{host}")))
    assert "--i-own-this" in line or "not known" in line


def test_an_account_of_the_files_gets_its_password_back(tmp_path: Path) -> None:
    """After a change of password was tried, the old one works again."""
    password = '[password]\npath = "/password"\n'
    password += 'json = { current = "{password}", new = "{new_password}" }\n'
    with WarmApp("server.session_app", "--dev") as app:
        person = Person("ann", "ann@post.example")
        ShopVisitor(app.url, "ann").register(person)
        file = written(tmp_path, MINIMAL.format(url=app.url) + password)
        status, verdicts = checks_of(file, "revocation", "replay")
        ShopVisitor(app.url, "ann").sign_in(person)
    assert (status, verdicts) == (0, {"revocation": KEPT, "replay": KEPT})


# The command


def test_list_names_every_check() -> None:
    """``--list`` has a line for each, with its clause and its question."""
    lines = check("--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [each.name for each in CHECKS]
    assert all(each.clause in line for each, line in zip(CHECKS, lines, strict=True))


@pytest.mark.parametrize("arguments", [("--only=nothing",), ("--wrong",), (), ("/none.toml",)])
def test_a_wrong_argument_is_one_line_and_status_2(arguments: tuple[str, ...]) -> None:
    """It says what is wrong, and tries nothing."""
    said = check(*arguments)
    assert (said.returncode, said.stdout) == (2, "")
    assert len(said.stderr.splitlines()) == 1


def test_the_table_says_everything_in_words() -> None:
    """A line for each promise, with its clause, its verdict and a sentence."""
    said = check(OURS, "--only=replay,tampering")
    assert said.returncode == 0
    for words in ("Replay after sign-out", "ASVS 7.4.1", "signed out", "2 kept."):
        assert words in said.stdout


@pytest.mark.parametrize(
    ("verdicts", "strange", "status"),
    [
        ([KEPT, NOT_TRIED], False, 0),
        ([KEPT, BROKEN], True, 1),
        ([KEPT, NOT_TRIED], True, 2),
    ],
)
def test_the_exit_status_is_the_verdict(verdicts: list[str], strange: bool, status: int) -> None:
    """1 for a broken promise, 2 for an application that did what its file does not say."""
    checked = [Checked(CHECKS[0], each, "", "", strange=strange) for each in verdicts]
    assert status_of(checked) == status


def test_requests_beyond_what_was_said_are_not_sent() -> None:
    """An experiment that would send more ends as not tried."""
    (replay,) = (each for each in CHECKS if each.name == "replay")
    with DescribedTarget(read(OURS)) as target:
        (checked,) = trial(target, [replace(replay, most_requests=2)])
        assert target.sent <= most_requests(target.description, [replace(replay, most_requests=2)])
    assert checked.verdict == NOT_TRIED
    assert "it took more than" in checked.sentence

"""What an application's file may say, and what is said of a slip of the pen in it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from test_check import MINIMAL

from compare.check.described_target import DescribedTarget
from compare.check.description import Unusable, described
from compare.check.main import main
from compare.check.table import print_checked
from compare.check.trial import CHECKS, KEPT, Checked

FILE = MINIMAL.format(url="http://127.0.0.1:{port}")
START = '[start]\ncommand = ["{python}"]\n'


@pytest.mark.parametrize(
    ("line", "instead", "sentence"),
    [
        ("http://127.0.0.1:{port}", "http://[::1", "url: http:// or https:// and a host"),
        ("http://127.0.0.1:{port}", "http://127.0.0.1:80000", "url: http:// or https:// and a"),
        ("http://127.0.0.1:{port}", "http://127.0.0.1/", "without a path"),
        ('"{password}" }', '"{password}", at = 2026-01-01 }', "[sign_in]: json: dates belong"),
        ("[who]", "[token]\npath = '/'\npattern = 'token'\n[who]", "brackets"),
        ("[who]", "[token]\npath = '/'\npattern = '(token'\n[who]", "brackets"),
        ("[who]", "[token]\npath = '/'\n[who]", "[token] needs pattern or cookie"),
        ("/account", "account", "[who]: path: “account” has to begin with /"),
        ("/login", "http://127.0.0.1/login", "[sign_in]: path: “http://127.0.0.1/login” has to"),
        ("[who]", "[token]\npath = 'form'\ncookie = 'csrf'\n[who]", "[token]: path: “form” has"),
        ("[account]", "visits = ['login']\n[account]", "visits: “login” has to begin with /"),
        ("[account]", f"{START}ready = 'health'\n[account]", "[start]: ready: “health” has to"),
        ('holds = "{username}"', 'holds = "{user}"', "[who]: there is no {user}; there is"),
    ],
)
def test_a_slip_of_the_pen_is_said(line: str, instead: str, sentence: str) -> None:
    """Nothing is tried with a file that cannot mean what it says."""
    described(FILE, Path("it.toml"))
    with pytest.raises(Unusable) as raised:
        described(FILE.replace(line, instead), Path("it.toml"))
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ('directory = "nowhere"\n', "nowhere is not there"),
        ('environment = { "A=B" = "c" }\n', "illegal environment variable name"),
    ],
)
def test_a_command_that_cannot_be_started_is_said(more: str, sentence: str) -> None:
    """It is the file that is wrong: a line, and no verdict."""
    with (
        pytest.raises(Unusable, match=sentence),
        DescribedTarget(described(FILE + START + more, Path("it.toml"))),
    ):
        pass


def test_another_machine_is_refused_whoever_starts_something_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command of the file's own does not make somebody else's address one's own."""
    file = tmp_path / "it.toml"
    file.write_text(FILE.replace("127.0.0.1:{port}", "192.0.2.7:{port}") + START)
    with pytest.raises(SystemExit) as raised:
        main([str(file)])
    assert raised.value.code == 2
    assert "is not this machine: say --i-own-this" in capsys.readouterr().err


def test_a_name_is_shown_as_it_is() -> None:
    """Brackets in it are no style of the table's."""
    said = StringIO()
    print_checked(Console(file=said), "shop [/app] [red]", [Checked(CHECKS[0], KEPT, "", "")])
    assert "Session handling of shop [/app] [red]" in said.getvalue()

"""The command: ``python -m server.accounts``."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from accounts_in_folder import (
    ANN,
    RIGHT,
    accounts_in,
    sessions_kept,
)
from tornado_state.stores import MemcachedStore
from warm_start import run_warm

from server.accounts.__main__ import main
from server.accounts.places import (
    MEMCACHED,
    MEMORY,
    PRIVATE_MEMCACHED,
    SIGNED_COOKIES,
    Place,
    place_here,
)


class Run:
    """A folder to run the command in, with a private memcached if asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.options = ["--run-dir", str(folder)]
        self.url = f"sqlite:///{folder}/accounts-new.sqlite3"

    def add_ann_with_sessions(self, *store_keys: str, places: Sequence[Place] = ()) -> None:
        """Have her sign in to applications that keep sessions at ``places``, one by one."""

        async def add() -> None:
            async with accounts_in(self.folder) as accounts:
                await accounts.register(*ANN)
            for place in places or [None]:
                async with accounts_in(self.folder, place=place) as accounts:
                    sign_in = await accounts.authenticate("ann", RIGHT)
                    assert sign_in is not None
            async with accounts_in(self.folder) as accounts:
                for store_key in store_keys:
                    await accounts.add_session(sign_in, store_key)

        asyncio.run(add())

    def private(self, name: str) -> Place:
        return place_here(PRIVATE_MEMCACHED, [str(self.folder / name)])

    def own(self, name: str) -> Place:
        return place_here(MEMCACHED, [str(self.folder / name)])

    @contextmanager
    def memcached(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        path = self.folder / name
        arguments = ["memcached", "-U", "0", "-s", str(path), "-u", "nobody", "-a", "0777"]
        self.folder.chmod(0o1777)
        with subprocess.Popen(arguments) as process:
            try:
                wait_for(path)
                yield process
            finally:
                process.send_signal(signal.SIGCONT)
                process.terminate()

    def store(self, name, use):
        async def with_store() -> object:
            store = MemcachedStore([str(self.folder / name)])
            try:
                return await use(store)
            finally:
                await store.close()

        return asyncio.run(with_store())


def wait_for(path: Path) -> None:
    """Return once somebody listens at the socket."""
    until = time.monotonic() + 10
    with socket.socket(socket.AF_UNIX) as probe:
        while probe.connect_ex(str(path)):
            assert time.monotonic() < until
            time.sleep(0.01)


@pytest.fixture
def run():
    # Not tmp_path: a socket's path is at most 107 bytes.
    with tempfile.TemporaryDirectory() as folder:
        yield Run(Path(folder))


KEY = "k" * 43
SOCKET = "memcached-session-4711.sock"


def test_disabling_ends_the_sessions_where_applications_keep_them(run, capsys):
    """Nobody has to say where that is: a memcached of theirs, and a private one that is gone."""
    (run.folder / "memcached-recommended-1.sock").touch()
    evicted = "e" * 43
    places = [run.private("memcached-recommended-1.sock"), run.private("gone"), run.own(SOCKET)]
    with run.memcached(SOCKET):
        run.store(SOCKET, lambda store: store.add(KEY, b"sealed", 100))
        run.add_ann_with_sessions(KEY, evicted, places=places)
        assert main([*run.options, "disable", "ann"], {}) == 0
        assert run.store(SOCKET, lambda store: store.load(KEY)) is None
    assert capsys.readouterr().out == "ann is disabled, and 2 sessions have ended.\n"
    assert sessions_kept(run.folder) == 0


def test_disabling_says_what_it_could_not_end(run, capsys):
    """While memcached does not answer the session stays listed; run again, it ends."""
    with run.memcached(SOCKET) as memcached:
        run.store(SOCKET, lambda store: store.add(KEY, b"sealed", 100))
        run.add_ann_with_sessions(KEY, places=[run.private(SOCKET)])
        memcached.send_signal(signal.SIGSTOP)
        assert main([*run.options, "disable", "ann"], {}) == 1
        memcached.send_signal(signal.SIGCONT)
        (said,) = capsys.readouterr().err.splitlines()
        assert "disabled, but 1 of 1 sessions could not be ended" in said
        assert f"{run.folder / SOCKET} does not answer" in said
        assert main([*run.options, "disable", "ann"], {}) == 0
        assert run.store(SOCKET, lambda store: store.load(KEY)) is None


def test_another_memcached_proves_nothing(run, capsys):
    """That a store has no such session says nothing while the one that may have it is away."""
    run.add_ann_with_sessions(KEY, places=[run.own("away.sock")])
    with run.memcached(SOCKET):
        named = ["--memcached", str(run.folder / SOCKET)]
        assert main([*run.options, *named, "disable", "ann"], {}) == 1
        assert "away.sock does not answer" in capsys.readouterr().err
        assert sessions_kept(run.folder) == 1
        run.store(SOCKET, lambda store: store.add(KEY, b"sealed", 100))
        assert main([*run.options, "disable", "ann"], {"MEMCACHED": named[1]}) == 0
        assert run.store(SOCKET, lambda store: store.load(KEY)) is None
    assert sessions_kept(run.folder) == 0


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (None, "is not known where"),
        (place_here(MEMORY), "in the memory of an application"),
        (Place(MEMCACHED, "elsewhere", ("127.0.0.1:11211",)), "on the machine elsewhere"),
        (Place(PRIVATE_MEMCACHED, "elsewhere", ("/run/shop.sock",)), "on the machine elsewhere"),
    ],
)
def test_a_session_out_of_reach_is_not_called_ended(run, capsys, place, said):
    """The account is disabled, its session may live on: one line says why, and the status is 1."""
    run.add_ann_with_sessions(KEY, places=[place])
    assert main([*run.options, "disable", "ann"], {}) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert main([*run.options, "list"], {}) == 0
    assert capsys.readouterr().out == "Ann\tann@example.org\tdisabled\t1 sessions\n"
    assert main([*run.options, "enable", "ann"], {}) == 0


def test_a_sign_in_kept_in_a_signed_cookie_is_not_called_ended(run, capsys):
    """It is beyond anybody's reach, and the command says so."""
    run.add_ann_with_sessions(places=[place_here(SIGNED_COOKIES)])
    assert main([*run.options, "disable", "ann"], {}) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "ann is disabled, but" in line
    assert "signed cookie" in line


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ([], {}),
        (["frobnicate"], {}),
        (["disable"], {}),
        (["add", "ann", "ann@example.org", "a password"], {}),
        (["--accounts", "nonsense", "list"], {}),
        (["list"], {"ACCOUNTS": "nonsense"}),
        (["--memcached", "nonsense", "list"], {}),
        (["list"], {"MEMCACHED": "localhost:0"}),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(arguments, environment, capsys):
    """A mistake is named on standard error, and nothing is done."""
    with pytest.raises(SystemExit) as ended:
        main(arguments, environment)
    assert ended.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("python -m server.accounts")
    assert output.err.count("\n") == 1


def test_many_processes_make_one_new_database(run):
    """Several start at once on a file that is not there yet; each adds its account."""
    command = [sys.executable, "-m", "server.accounts", f"--accounts={run.url}"]
    adding = [
        subprocess.Popen(
            [*command, "add", f"user{n}", "u@example.org"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for n in range(6)
    ]
    said = [process.communicate(RIGHT + "\n")[0] for process in adding]
    assert [process.returncode for process in adding] == [0] * 6, said
    listed = subprocess.run([*command, "list"], capture_output=True, check=True, text=True)
    assert listed.stdout.count("\tenabled\t") == 6


@pytest.mark.parametrize(
    ("given", "said"), [(b"short\n", "8 to 128"), (b"\xff" * 9, "UTF-8"), (b"", "8 to 128")]
)
def test_a_refused_password_is_one_sentence(run, given, said):
    """The command keeps the policy, whatever the pipe brings."""
    command = ["-m", "server.accounts", f"--accounts={run.url}", "add", "ann", "a@example.org"]
    refused = run_warm(*command, given=given)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_without_a_database_named_every_application_s_is_asked(run, capsys):
    """An account in one of them is disabled there, and that it is in no other is no error."""
    run.add_ann_with_sessions()
    (run.folder / "accounts-other.sqlite3").touch()
    assert main([*run.options, "disable", "ann"], {}) == 0
    assert main([*run.options, "disable", "nobody"], {}) == 1
    assert "nobody" in capsys.readouterr().err


def test_without_any_database_it_says_so_and_makes_none(run, capsys):
    """Nobody is told that an account is disabled which was never looked for."""
    assert main([*run.options, "disable", "ann"], {}) == 1
    assert "no accounts in" in capsys.readouterr().err
    assert not list(run.folder.iterdir())


@pytest.mark.parametrize("name", ["-h", "--help", "-1", "--accounts=x"])
def test_an_account_may_be_called_like_an_option(run, capsys, monkeypatch, name):
    """What follows a command is a name, and nothing else is done instead."""
    monkeypatch.setattr("getpass.getpass", lambda: RIGHT)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    assert main([f"--accounts={run.url}", "add", name, name + "@example.org"], {}) == 0
    capsys.readouterr()
    assert main([f"--accounts={run.url}", "disable", name], {}) == 0
    assert capsys.readouterr().out == f"{name} is disabled, and 0 sessions have ended.\n"
    assert main([f"--accounts={run.url}", "disable", "--nobody"], {}) == 1
    assert "--nobody" in capsys.readouterr().err
    assert main([f"--accounts={run.url}", "enable", name], {}) == 0

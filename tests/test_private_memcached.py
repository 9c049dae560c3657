"""The memcached that an application starts for itself."""

from __future__ import annotations

import os
import signal
import socket
import stat
from pathlib import Path

import pytest
from run_app import run_app
from shop_client import ShopClient
from warm_start import WarmApp

from compare.waiting import wait_until
from server.catalogue import PRODUCTS
from server.operation.private_memcached import private_memcached
from server.start_error import StartError

ITEM = {"sku": PRODUCTS[0].sku, "quantity": 2}


def ask(address: str, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.sendall(line + b"\r\n")
        return connection.recv(4096)


def pid_of(address: str) -> int:
    """Return the process ID that memcached itself tells."""
    statistics = dict(line.split()[1:3] for line in ask(address, b"stats").splitlines()[:-1])
    return int(statistics[b"pid"])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_answers_on_a_socket_for_its_owner_alone(tmp_path: Path) -> None:
    """It is ready when the block begins, on a Unix socket of mode 700; UDP and TCP are off."""
    with private_memcached("shop", tmp_path) as address:
        assert ask(address, b"version").startswith(b"VERSION")
        assert stat.S_IMODE(os.stat(address).st_mode) == 0o700
        settings = ask(address, b"stats settings")
        assert b"STAT udpport 0\r\n" in settings
        assert f"STAT domain_socket {address}".encode() in settings
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_after_the_block(tmp_path: Path) -> None:
    """Leaving the block ends the process and removes the socket."""
    with private_memcached("shop", tmp_path) as address:
        pid = pid_of(address)
    assert not Path(address).exists()
    wait_until(lambda: not is_alive(pid), "memcached has ended")


def test_each_application_has_its_own(tmp_path: Path) -> None:
    """Two applications in one run directory do not share one."""
    with (
        private_memcached("session", tmp_path) as one,
        private_memcached("shop", tmp_path) as other,
    ):
        assert pid_of(one) != pid_of(other)


def test_a_run_directory_may_have_a_long_path(tmp_path: Path) -> None:
    """Where a socket's path would be too long, it goes to a private temporary folder."""
    run_dir = tmp_path / ("long" * 30)
    run_dir.mkdir()
    with private_memcached("shop", run_dir) as address:
        assert ask(address, b"version").startswith(b"VERSION")
        folder = Path(address).parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_it_is_started_again_when_it_ends(tmp_path: Path) -> None:
    """One that was killed comes back at the same address, empty."""
    with private_memcached("shop", tmp_path) as address:
        first = pid_of(address)
        os.kill(first, signal.SIGKILL)

        def answers() -> bool:
            try:
                return pid_of(address) != first
            except OSError:
                return False

        wait_until(answers, "another one answers")


def test_without_memcached_one_line_says_how_to_install_it(tmp_path: Path) -> None:
    """A missing binary is one line with the commands that install it, and status 2."""
    options = ("--dev", "--port=0", f"--run-dir={tmp_path / 'run'}")
    ended = run_app("server.session_app", *options, PATH=str(tmp_path))
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "apt install memcached" in line
    assert "brew install memcached" in line


def test_one_that_does_not_start_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something called memcached that never answers is not taken for one."""
    (tmp_path / "memcached").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "memcached").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("server.operation.private_memcached._PATIENCE", 0.2)
    with pytest.raises(StartError, match="did not start"), private_memcached("shop", tmp_path):
        pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_the_application(number: signal.Signals) -> None:
    """However the application ends, its memcached ends, and leaves no socket."""
    with WarmApp("server.session_app", "--dev") as app:
        (address,) = app.run_dir.glob("memcached-session-*.sock")
        pid = pid_of(str(address))
        app.stop(number)
        wait_until(lambda: not is_alive(pid), "memcached has ended")
        wait_until(lambda: not address.exists(), "the socket is gone")


def test_sessions_end_when_it_is_killed_and_new_ones_begin() -> None:
    """After a kill the visitor is definitely signed out, and a new session works."""
    with WarmApp("server.session_app", "--dev") as app, ShopClient(app.url) as visitor:
        visitor.post("/cart", ITEM)
        (address,) = app.run_dir.glob("*.sock")
        os.kill(pid_of(str(address)), signal.SIGKILL)
        wait_until(lambda: visitor.get("/cart").status == 200, "the store is back")
        assert visitor.get("/cart").body["items"] == []
        assert visitor.post("/cart", ITEM).status == 200
        assert "every session is gone" in app.stderr

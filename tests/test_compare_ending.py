"""``python -m compare`` ends: nothing that it has started is left, however that comes about."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from compare.app_process import ROOT, environment_with
from compare.waiting import PATIENCE, wait_until

#: What goes on for seconds once an application is started, and that application.
COMPARED = ("--only=idle-expiry", "server.cookie_app")
CHECKED = ("check", "compare/peers/ours_session.toml", "--only=idle-expiry", "server.session_app")


@pytest.mark.parametrize("arguments", [COMPARED, CHECKED], ids=["compare", "check"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_running(
    arguments: tuple[str, ...], number: signal.Signals, tmp_path: Path
) -> None:
    """Told to end, or killed, it takes every process with it; told, every file as well."""
    *options, module = arguments
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "compare", *options],
        cwd=ROOT,
        env=environment_with({"TMPDIR": str(temporary)}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        itself = psutil.Process(process.pid)
        wait_until(lambda: module in _commands(itself), "the application is started", pause=0.05)
        children = itself.children(recursive=True)
        process.send_signal(number)
        status = process.wait(2 * PATIENCE)
    assert status == (-number if number == signal.SIGKILL else 128 + number)
    _, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert alive == []
    assert number == signal.SIGKILL or list(temporary.iterdir()) == []


#: A look at a process, in the midst of which this one is told to end.
LOOKING = """
import os, signal
from compare.processes import OwnProcess, end_in_order

class Interrupted:
    def __init__(self, lock):
        self.lock, self.release = lock, lock.release

    def acquire(self, *arguments):
        taken = self.lock.acquire(*arguments)
        os.kill(os.getpid(), signal.SIGTERM)
        return taken

    __enter__, __exit__ = acquire, lambda self, *error: self.release()

end_in_order()
process = OwnProcess(["sleep", "60"])
try:
    process._process._waitpid_lock = Interrupted(process._process._waitpid_lock)
    process.poll()
finally:
    process.end()
    print("ended")
"""


def test_an_end_in_the_midst_of_a_look_at_a_process_ends_it() -> None:
    """Popen has a lock that would stay taken, and whoever waits for the process would for ever."""
    command = [sys.executable, "-c", LOOKING]
    ended = subprocess.run(command, cwd=ROOT, timeout=PATIENCE, check=False, capture_output=True)
    assert (ended.returncode, ended.stdout) == (128 + signal.SIGTERM, b"ended\n")


def test_what_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """Started by nohup, it goes on when its terminal is gone."""
    program = f"trap '' HUP; exec {sys.executable} -m compare --only=replay --out={tmp_path}"
    with subprocess.Popen(
        ["sh", "-c", program], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        itself = psutil.Process(process.pid)
        wait_until(lambda: "server.cookie_app" in _commands(itself), "it has begun", pause=0.05)
        process.send_signal(signal.SIGHUP)
        assert process.wait(4 * PATIENCE) == 0


def _commands(process: psutil.Process) -> str:
    told = []
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            told += child.cmdline()
    return " ".join(told)

"""Python programs that start at once: forked from a process that has imported what they import.

One such process waits at a socket for what ``python`` would be told, with the files that are to be
standard input, output and error, and forks. Whoever is forked goes on and ends as that program
would, in a session of its own, and may ask for others in its turn. Their Argon2id is as cheap as it
gets.

For tests of what a program does: what is about how one starts and ends, or what a password costs,
starts it as a person does.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

from argon2 import PasswordHasher

from compare.app_process import ROOT, AppProcess, environment_with
from compare.check import started
from compare.processes import GuardedProcess, OwnProcess, ProcessFailed
from compare.targets import Targets
from compare.waiting import PATIENCE, wait_until
from server.accounts import passwords

#: Where whoever tests has one that forks, for all of its processes.
_WHERE = "WARM_START"

_IMPORTED = [
    *(f"server.{name}_app" for name in ("cookie", "session", "recommended")),
    *("server.accounts.__main__", "compare.__main__", "compare.demo.__main__"),
    # What they import when they have begun.
    *("tornado.platform.asyncio", "sqlalchemy.dialects.sqlite.aiosqlite", "aiosqlite", "greenlet"),
    *("encodings.ascii", "encodings.utf_8_sig"),
]

_NUMBER = struct.Struct("i")

#: What was begun here to fork from; all but the last one have been killed.
_begun: list[OwnProcess] = []


class WarmProcess(GuardedProcess):
    """One that is forked, for ``python -m module options`` and ``python file options``."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str],
        stdin: IO[bytes] | None = None,
        stdout: IO[bytes] | None = None,
        stderr: IO[bytes] | None = None,
    ) -> None:
        self._status: int | None = None
        asked = {"arguments": command[1:], "folder": str(cwd or ROOT), "environment": {**env}}
        asked["asker"] = os.getpid()
        self._told = socket.socket(socket.AF_UNIX)
        self._told.connect(where())
        with Path(os.devnull).open("r+b") as nothing:
            files = [(each or nothing).fileno() for each in (stdin, stdout, stderr)]
            socket.send_fds(self._told, [b"\n"], files)
        self._told.sendall(json.dumps(asked).encode())
        self._told.shutdown(socket.SHUT_WR)
        pid = self._number()
        if pid is None:
            raise ProcessFailed("what processes are forked from has ended")
        super().__init__(pid)

    def _number(self) -> int | None:
        told = self._told.recv(_NUMBER.size, socket.MSG_WAITALL)
        return int(_NUMBER.unpack(told)[0]) if len(told) == _NUMBER.size else None

    def poll(self) -> int | None:
        """See `GuardedProcess.poll`."""
        self._join(0)
        return self._status

    def send_signal(self, number: signal.Signals) -> None:
        """See `GuardedProcess.send_signal`."""
        if self.runs:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _join(self, timeout: float | None) -> None:
        if self._status is None and select.select([self._told], [], [], timeout)[0]:
            with self._told:
                self._status = self._number()
            if self._status is None:  # nobody is left who would tell of its end
                self._status = -signal.SIGKILL
                with suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)


class WarmApp(AppProcess):
    """`AppProcess` but for where its process comes from."""

    def begin(self, command: Sequence[str], log: IO[bytes]) -> WarmProcess:
        """Fork it."""
        return WarmProcess(command, env=self._environment, stderr=log)


def begin(command: Sequence[str], **how: Any) -> GuardedProcess:
    """Begin what somebody described: warm if it is a module or a file for Python."""
    python, argument, *_ = [*command, ""]
    warm = python == sys.executable and argument.endswith(("-m", ".py"))
    return (WarmProcess if warm else OwnProcess)(command, **how)


def run_warm(
    *arguments: str, env: Mapping[str, str] | None = None, given: bytes = b""
) -> subprocess.CompletedProcess[str]:
    """Do what ``python`` does with ``arguments``, to its end; return what it said."""
    command = [sys.executable, *arguments]
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        stdin, stdout, stderr = files
        stdin.write(given)
        stdin.seek(0)
        env = environment_with({}) if env is None else env
        process = WarmProcess(command, env=env, stdin=stdin, stdout=stdout, stderr=stderr)
        try:
            status = process.wait(4 * PATIENCE)
        finally:
            process.end()
        for each in files:
            each.seek(0)
        return subprocess.CompletedProcess(
            command, status, stdout.read().decode(), stderr.read().decode()
        )


def forked_for(asker: int) -> list[int]:
    """Return the processes that one has asked for and that run; some may end just now."""
    return [int(each.name) for each in _folder_of(where(), asker).glob("*")]


def _folder_of(at: str, asker: int) -> Path:
    return Path(f"{at}.{asker}")


def where() -> str:
    """Return where one forks; if none does yet, it is begun, and ends with this process."""
    if _WHERE not in os.environ or (_begun and not _begun[-1].runs):
        folder = tempfile.mkdtemp(prefix="warm-")
        atexit.register(shutil.rmtree, folder)
        os.environ[_WHERE] = str(Path(folder, "socket"))
        program = f"import {__name__}; {__name__}.serve({os.environ[_WHERE]!r})"
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        _begun.append(OwnProcess([sys.executable, "-c", program], env=environment))
        atexit.register(_begun[-1].end)
        wait_until(Path(os.environ[_WHERE]).exists, "there is one to fork from")
    return os.environ[_WHERE]


# In that process


def serve(at: str) -> None:
    """Fork what is asked for ``at`` a socket. Whoever is forked runs what it is to be."""
    for module in _IMPORTED:
        importlib.import_module(module)
    gc.freeze()  # what all share is not looked at, and so copied, by each
    running: dict[int, tuple[socket.socket, Path]] = {}
    woken, waking = socket.socketpair()
    waking.setblocking(False)
    signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(at + ".soon")
        listener.listen(128)
        Path(at + ".soon").rename(at)
        while True:
            ready, _, _ = select.select([listener, woken], [], [])
            if woken in ready:
                woken.recv(1024)
                _tell_ends(running)
            if listener in ready and (asked := _fork(listener, running)):
                break
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for each in (woken, waking, *(told for told, _ in running.values())):
        each.close()
    _be(**asked)


def _tell_ends(running: dict[int, tuple[socket.socket, Path]]) -> None:
    for pid in list(running):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            told, noted = running.pop(pid)
            noted.unlink(missing_ok=True)  # its number may soon be another's
            with told, suppress(OSError):
                told.send(_NUMBER.pack(os.waitstatus_to_exitcode(status)))


def _fork(
    listener: socket.socket, running: dict[int, tuple[socket.socket, Path]]
) -> dict[str, Any] | None:
    """Fork for whoever asks; return in whoever is forked what it is to be."""
    told, _ = listener.accept()
    _, files, _, _ = socket.recv_fds(told, 1, 3)
    with told.makefile("rb") as stream:
        asked: dict[str, Any] = json.loads(stream.read() or b"{}")
    folder = _folder_of(os.environ[_WHERE], asked.pop("asker", 0))
    if not asked:  # whoever asks was killed meanwhile
        told.close()
    elif pid := os.fork():
        running[pid] = told, folder / str(pid)
    if not asked or pid:
        for each in files:
            os.close(each)
        return None
    os.setsid()
    folder.mkdir(exist_ok=True)
    Path(folder, str(os.getpid())).touch()
    for number, each in enumerate(files):
        os.dup2(each, number)
        os.close(each)
    with told:
        told.send(_NUMBER.pack(os.getpid()))
    return asked


def _be(arguments: Sequence[str], folder: str, environment: Mapping[str, str]) -> None:
    """Be ``python`` with these arguments."""
    there = {**environment, _WHERE: where()}
    os.environ.clear()
    os.environ.update(there)
    os.chdir(folder)
    if environment.get("PYTHONWARNINGS") != "error":
        warnings.simplefilter("ignore")
    passwords.owasp_argon2id = _cheap_argon2id
    Targets.app_process = WarmApp
    started.OwnProcess = begin
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    if arguments[0] == "-m":
        _, module, *options = arguments
        sys.path.insert(0, folder)
        # It is run, not imported.
        if sys.modules.pop(f"{module}.__main__", None) is None:
            sys.modules.pop(module, None)
        sys.argv = [module, *options]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        file, *options = arguments
        sys.path.insert(0, str(Path(file).parent))
        sys.argv = [file, *options]
        runpy.run_path(file, run_name="__main__")


def _cheap_argon2id() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

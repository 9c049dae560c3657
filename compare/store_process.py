"""A server as a process of one's own, so that it can be frozen, thawed, killed and restarted.

Nothing is left behind: leaving the ``with`` block kills the process, frozen or not, and removes its
socket.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .processes import OwnProcess, ProcessFailed, StartedInBlock
from .waiting import PATIENCE, free_port, wait_until


class ServerProcess(StartedInBlock):
    """A server on a Unix socket in a folder of its own, or with ``tcp`` on a port of 127.0.0.1.

    ``arguments`` are further ones of its command. ``address`` is what a client takes.
    """

    #: What the process is called.
    name = "the server"

    def __init__(self, *arguments: str, tcp: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="store-"))
        self.port = free_port() if tcp else None
        self.address = f"127.0.0.1:{self.port}" if tcp else str(self.folder / "socket")
        self._arguments = arguments
        self._process: OwnProcess | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return what starts it, empty, at its address; each server has its own."""

    @property
    def runs(self) -> bool:
        """Whether it has been started, and has not ended, whoever ended it."""
        return self._process is not None and self._process.runs

    @property
    def pid(self) -> int:
        """The process's ID."""
        return self._running.pid

    def start(self) -> None:
        """Start it, empty, and return once it accepts connections."""
        self._process = OwnProcess([*self.command(), *self._arguments], stdout=subprocess.DEVNULL)
        wait_until(self._accepts, f"{self.name} accepts connections")

    def freeze(self) -> None:
        """Stop it (SIGSTOP): connections are taken, nothing is answered."""
        self._running.send_signal(signal.SIGSTOP)
        stat = Path(f"/proc/{self.pid}/stat")
        if stat.exists():
            wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "it stops")

    def thaw(self) -> None:
        """Let it go on (SIGCONT), with everything sent to it meanwhile."""
        self._running.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once; its records are gone."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def restart(self) -> None:
        """End it and start it anew, empty, at the same address."""
        self.kill()
        self.start()

    def close(self) -> None:
        """End it and remove what it left."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connected(self) -> socket.socket:
        """Return a connection to it, as any client could make one."""
        if self.port:
            return socket.create_connection(("127.0.0.1", self.port))
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(self.address)
        except OSError:
            connection.close()
            raise
        return connection

    @property
    def _running(self) -> OwnProcess:
        if self._process is None or not self._process.runs:
            raise ProcessFailed(f"{self.name} is gone")
        return self._process

    def _accepts(self) -> bool:
        if not self.runs:
            raise ProcessFailed(f"{self.name} ended at once")
        try:
            self.connected().close()
        except OSError:
            return False
        return True

    @contextmanager
    def _asked(self, patience: float = PATIENCE) -> Iterator[socket.socket]:
        """Have a connection that answers; `ProcessFailed` where it does not in ``patience``."""
        try:
            with self.connected() as connection:
                connection.settimeout(patience)
                yield connection
        except OSError as error:
            raise ProcessFailed(
                f"{self.name} does not answer: {error.strerror or error}"
            ) from error


class StoreProcess(ServerProcess):
    """A session store, to be looked into.

    ``schemes`` are what a session layer's URL of it begins with, on a port and on a socket.
    """

    schemes: tuple[str, str]

    @property
    def url(self) -> str:
        """Its URL, as a session layer takes it."""
        return f"{self.schemes[self.port is None]}://{self.address}"

    @abstractmethod
    def lookups(self) -> int:
        """Return how often it was asked for a record since it began, there or not.

        Where a lookup pushes the idle clock as well, it may count as something else.
        """

    @abstractmethod
    def records(self) -> dict[str, bytes]:
        """Return every key and its value; each store has its own way."""

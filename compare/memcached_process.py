"""A real memcached of one's own, and what can be done to it: freeze, thaw, kill, restart.

Nothing is left behind: leaving the ``with`` block kills the process, frozen or not, and removes its
socket.
"""

from __future__ import annotations

import getpass
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from .waiting import PATIENCE, free_port, wait_until


class MemcachedProcess:
    """memcached on a Unix socket in a folder of its own, or with ``tcp`` on a port of 127.0.0.1.

    ``arguments`` are further ones of memcached's, ``-m 1`` say. ``address`` is what a store takes.
    """

    def __init__(self, *arguments: str, tcp: bool = False) -> None:
        self._arguments = arguments
        self._folder = Path(tempfile.mkdtemp(prefix="memcached-"))
        self._port = free_port() if tcp else None
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"127.0.0.1:{self._port}" if tcp else str(self._folder / "socket")

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process's ID."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, empty, and return once it accepts connections."""
        where = ["-l", "127.0.0.1", "-p", str(self._port)] if self._port else ["-s", self.address]
        self._process = subprocess.Popen(
            ["memcached", "-u", getpass.getuser(), "-U", "0", *where, *self._arguments]
        )
        wait_until(self._accepts, "memcached accepts connections")

    def freeze(self) -> None:
        """Stop it (SIGSTOP): connections are taken, nothing is answered."""
        self._signal(signal.SIGSTOP)
        stat = Path(f"/proc/{self.pid}/stat")
        if stat.exists():
            wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "it stops")

    def thaw(self) -> None:
        """Let it go on (SIGCONT), with everything sent to it meanwhile."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once; its records are gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """End it and start it anew, empty, at the same address."""
        self.kill()
        self.start()

    def close(self) -> None:
        """End it and remove what it left."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, line: str, end: bytes = b"\r\n") -> bytes:
        """Send one line as any client could, and return the answer up to ``end``."""
        with self._connected() as connection:
            connection.settimeout(PATIENCE)
            connection.sendall(line.encode() + b"\r\n")
            answer = b""
            while not answer.endswith(end):
                more = connection.recv(65_536)
                assert more, f"memcached closed the connection after {answer!r}"
                answer += more
            return answer

    def counters(self) -> dict[str, int]:
        """Return what ``stats`` and ``stats slabs`` count in whole numbers."""
        lines = self.ask("stats", b"END\r\n") + self.ask("stats slabs", b"END\r\n")
        rows = (line.split() for line in lines.decode().splitlines() if line.startswith("STAT"))
        return {row[1]: int(row[2]) for row in rows if row[2].isdigit()}

    def keys(self) -> dict[str, int]:
        """Return every key with when it expires in epoch seconds, as anybody may ask for them."""
        told = self.ask("lru_crawler metadump all", b"END\r\n").decode()
        rows = (line.split() for line in told.splitlines() if line.startswith("key="))
        return {unquote(key.removeprefix("key=")): int(exp[4:]) for key, exp, *_ in rows}

    def records(self) -> dict[str, bytes]:
        """Return every key and its value."""
        return {key: self._value(key) for key in self.keys()}

    def _value(self, key: str) -> bytes:
        answer = self.ask(f"get {key}", b"END\r\n")
        head, _, rest = answer.partition(b"\r\n")
        return rest[: int(head.split()[3])] if head != b"END" else b""

    def crowd_out(self, size: int, count: int) -> None:
        """Store ``count`` values of ``size`` bytes; what was there before has to make room."""
        value = b"x" * size
        with self._connected() as connection:
            connection.settimeout(PATIENCE)
            for start in range(0, count, 1000):
                numbers = range(start, min(count, start + 1000))
                connection.sendall(
                    b"".join(
                        b"set crowd-%d 0 0 %d noreply\r\n%b\r\n" % (number, size, value)
                        for number in numbers
                    )
                )
            connection.sendall(b"version\r\n")
            while not connection.recv(4096).endswith(b"\r\n"):
                pass

    def _connected(self) -> socket.socket:
        if self._port:
            return socket.create_connection(("127.0.0.1", self._port))
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(self.address)
        except OSError:
            connection.close()
            raise
        return connection

    def _accepts(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "memcached ended at once"
        try:
            self._connected().close()
        except OSError:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

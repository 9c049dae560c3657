"""A real memcached of one's own, to be frozen, killed, and looked into."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from .processes import ProcessFailed
from .store_process import StoreProcess
from .waiting import PATIENCE, wait_until

#: Whole answers where another one was asked for. The crawler works for one client at a time.
_REFUSALS = (b"ERROR\r\n", b"BUSY currently processing crawler request\r\n")

#: How often it is asked for its keys: what has ended it counts for a while, and never lists.
_LISTINGS = 10


class MemcachedProcess(StoreProcess):
    """memcached; its arguments are ``-m 1``, say."""

    name = "memcached"
    schemes = ("memcached", "memcached")

    def command(self) -> Sequence[str]:
        """Return what starts it."""
        where = ["-l", "127.0.0.1", "-p", str(self.port)] if self.port else ["-s", self.address]
        return ["memcached", "-u", getpass.getuser(), "-U", "0", *where]

    def ask(self, line: str, end: bytes = b"\r\n", *, patience: float = PATIENCE) -> bytes:
        """Send one line as any client could, and return the answer up to ``end``.

        ``patience`` is the seconds to wait for each part of it, here as below.
        """
        with self._asked(patience) as connection:
            connection.sendall(line.encode() + b"\r\n")
            answer = b""
            while not answer.endswith((end, *_REFUSALS)):
                more = connection.recv(65_536)
                if not more:
                    raise ProcessFailed("memcached closed the connection")
                answer += more
            return answer

    def counters(self) -> dict[str, int]:
        """Return what ``stats`` and ``stats slabs`` count in whole numbers."""
        return self._counted("stats") | self._counted("stats slabs")

    def _counted(self, what: str, patience: float = PATIENCE) -> dict[str, int]:
        lines = self.ask(what, b"END\r\n", patience=patience).decode().splitlines()
        rows = (line.split() for line in lines if line.startswith("STAT"))
        return {row[1]: int(row[2]) for row in rows if row[2].isdigit()}

    def lookups(self) -> int:
        """See `StoreProcess.lookups`."""
        return self.counters()["cmd_get"]

    def keys(self, *, patience: float = PATIENCE) -> dict[str, int]:
        """Return every key with when it expires in epoch seconds, as anybody may ask for them.

        An item that memcached moves meanwhile it may pass by: it is asked again until it has told
        of as many as it counts.
        """
        found: dict[str, int] = {}
        for _ in range(_LISTINGS):
            found |= self._listed(patience)
            if len(found) >= self._counted("stats", patience)["curr_items"]:
                break
        return found

    def _listed(self, patience: float) -> dict[str, int]:
        told = b""

        def crawled() -> bool:
            nonlocal told
            told = self.ask("lru_crawler metadump all", b"END\r\n", patience=patience)
            return not told.endswith(_REFUSALS)

        wait_until(crawled, "memcached's crawler has time", patience=patience)
        rows = (line.split() for line in told.decode().splitlines() if line.startswith("key="))
        return {unquote(key.removeprefix("key=")): int(exp[4:]) for key, exp, *_ in rows}

    def records(self) -> dict[str, bytes]:
        """Return every key and its value."""
        return self.values(self.keys())

    def values(self, keys: Iterable[str], *, patience: float = PATIENCE) -> dict[str, bytes]:
        """Return the values of those keys that are there, asked for over one connection."""
        found = {}
        with self._asked(patience) as connection, connection.makefile("rwb") as stream:
            for key in keys:
                stream.write(f"get {key}\r\n".encode())
                stream.flush()
                if (head := stream.readline()).startswith(b"VALUE"):
                    found[key] = stream.read(int(head.split()[3]))
                    stream.readline()  # what is left of the value's line
                    stream.readline()  # END
        return found

    def crowd_out(self, size: int, count: int) -> None:
        """Store ``count`` values of ``size`` bytes; what was there before has to make room."""
        value = b"x" * size
        with self._asked() as connection:
            for start in range(0, count, 1000):
                numbers = range(start, min(count, start + 1000))
                connection.sendall(
                    b"".join(
                        b"set crowd-%d 0 0 %d noreply\r\n%b\r\n" % (number, size, value)
                        for number in numbers
                    )
                )
            connection.sendall(b"version\r\n")
            while not (answer := connection.recv(4096)).endswith(b"\r\n"):
                if not answer:
                    raise ProcessFailed("memcached closed the connection")

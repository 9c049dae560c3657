"""A contender that serves: its process, and the store that it has to itself.

Rule 1: the contender has the first processor to itself, and its store shares the others with the
load (:mod:`compare.load`). One that is not
pinned runs where the system puts it: several processes of one.
Rule 2: leaving the ``with`` block ends both.
"""

from __future__ import annotations

import shutil
import tempfile
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import psutil

from ..load import pin
from ..memcached_process import MemcachedProcess
from ..processes import OwnProcess, ProcessFailed, StartedInBlock, environment_with
from ..redis_process import RedisProcess
from ..store_process import StoreProcess
from ..waiting import free_port, wait_until
from .cart import as_text, cart
from .contenders import APPS, MEMCACHED, MEMORY, REDIS, Contender
from .store_weight import bytes_taken

#: What a million sessions have room in.
_ROOM = ("-m", "4096", "-c", "4096")


class Served(StartedInBlock):
    """A contender as ``processes`` processes that share a port, on ``nodes`` stores.

    ``url`` is where it serves, ``pids`` are its processes without their children.
    """

    def __init__(
        self, contender: Contender, *, processes: int = 1, nodes: int = 1, pinned: bool = True
    ) -> None:
        self.contender = contender
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.stores = [_store_of(contender.store) for _ in range(nodes)]
        self._count = processes
        self._pinned = pinned
        self._processes: list[OwnProcess] = []
        self._folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self._open = ExitStack()

    @property
    def pids(self) -> list[int]:
        """The processes' IDs."""
        return [process.pid for process in self._processes]

    @property
    def said(self) -> str:
        """The last line that it wrote to standard error, or nothing."""
        log = self._folder / "stderr"
        lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        return lines[-1] if lines else ""

    def memory(self) -> int:
        """Return the bytes of memory (RSS) of the process that serves, the largest of its own."""
        family = [psutil.Process(pid) for pid in self.pids]
        family += [child for each in family for child in each.children(recursive=True)]
        return max(int(each.memory_info().rss) for each in family)

    def weight(self) -> int:
        """Return the bytes that its stores have taken for what is in them."""
        return sum(bytes_taken(store) for store in self.stores if store is not None)

    def close(self) -> None:
        """End it and its stores."""
        for process in self._processes:
            process.end()
        self._open.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start its stores and its processes, and return once it answers."""
        for store in self.stores:
            if store is not None:
                pin(self._open.enter_context(store).pid, alone=False)
        environment = environment_with(
            self.contender.told(self.port, self._where(), as_text(cart(0)))
        )
        command = self.contender.command(self.port)
        with (self._folder / "stderr").open("wb") as log:
            for _ in range(self._count):
                process = OwnProcess(command, cwd=APPS, env=environment, stdout=log, stderr=log)
                self._processes.append(process)
        wait_until(self._answers, f"{self.contender.name} answers")
        if self._pinned:
            pin(self.pids[0], alone=True)

    def _where(self) -> str:
        kind = self.contender.store
        if kind == MEMORY:
            return "memory://"
        addresses = [store.address for store in self.stores if store is not None]
        return f"{kind}://{','.join(addresses)}" if addresses else kind

    def _answers(self) -> bool:
        """Return whether it answers at all: 404 for a cart that nobody has is an answer."""
        if not all(process.runs for process in self._processes):
            raise ProcessFailed(f"it ended at once: {self.said}")
        path = "bare" if self.contender.is_bare else "cart"
        try:
            urllib.request.urlopen(f"{self.url}/{path}", timeout=5).close()
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            return False
        return True


def _store_of(kind: str) -> StoreProcess | None:
    if kind == MEMCACHED:
        return MemcachedProcess(*_ROOM, tcp=True)
    return RedisProcess(tcp=True) if kind == REDIS else None

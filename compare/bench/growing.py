"""How cost grows, and with what: sessions, bytes of state, processes, nodes of the store.

Rule 1: what is compared is there at the same time, and is asked in turn, as in :mod:`.measuring`.
Rule 2: of very many sessions as many are visitors' as the load can ask for in its seconds, so each
is one that was not seen for long; the others are copies of such a record under other store keys.
How many connections there are is what :mod:`.measuring` varies.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ..check.description import Unusable
from ..load import LoadFailed
from ..memcached_process import MemcachedProcess
from ..processes import ProcessFailed
from .asking import ask
from .cart import as_text, cart, lines_for
from .contenders import CONTENDERS, READ, WRITE
from .grown import NODES, PROCESSES, SESSIONS, SMALL, STATE, Grown, Growth
from .results import USUAL
from .served import Served
from .visitors import Disproved, begin, prove_kept

#: The most that visitors begin themselves; about what is read in a few seconds.
_VISITORS = 10_000
_AT_ONCE = 1_000
SESSION, COOKIE = "ours_memcached", "ours_cookie"
_TIER = {SESSION: "server session", COOKIE: "signed cookie"}


@dataclass(frozen=True)
class Range:
    """How far it goes: numbers of sessions and of bytes in each tier, and how often it is asked."""

    sessions: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    session_bytes: tuple[int, ...] = (100, 1_000, 4_000, 16_000, 64_000)
    cookie_bytes: tuple[int, ...] = (100, 500, 1_000, 2_000, 2_800)
    usual_sessions: int = 1_000
    rounds: int = 3
    seconds: int = 1


@dataclass(frozen=True)
class Point:
    """One place on a curve: a contender that serves, with the visitors who ask it."""

    served: Served
    x: int
    headers: list[str]
    cases: tuple[str, ...] = (READ, WRITE)
    store_bytes: float | None = None

    def asked(self, case: str, number: int, seconds: int, folder: Path) -> Grown:
        """Have it loaded for some seconds."""
        jar = folder / "jar"
        jar.write_text("".join(f"{header}\n" for header in self.headers))
        start = secrets.randbelow(len(self.headers))
        found = ask(self.served, case, jar, connections=USUAL, seconds=seconds, start=start)
        return Grown(
            _TIER[self.served.contender.name],
            case,
            self.x,
            number,
            round(found.per_second, 1),
            round(found.microseconds, 2),
            found.errors,
            self.store_bytes,
        )


def grow(extent: Range, watch: Callable[[str], None]) -> Iterator[Growth]:
    """Yield how cost grows with each of these, or why it could not be measured."""
    for what, points in (
        (SESSIONS, _with_sessions),
        (STATE, _with_state),
        (PROCESSES, _with_processes),
        (NODES, _with_nodes),
    ):
        watch(f"growing: {what}")
        try:
            with ExitStack() as running:
                found = _rounds(list(points(extent, running)), extent)
            yield Growth(what, tuple(found))
        except (Disproved, LoadFailed, ProcessFailed, TimeoutError, Unusable) as error:
            yield Growth(what, left_out=str(error))


def _rounds(points: Sequence[Point], extent: Range) -> list[Grown]:
    found = []
    with TemporaryDirectory(prefix="bench-") as folder:
        for number in range(-1, extent.rounds):
            for point in points:
                for case in point.cases:
                    grown = point.asked(case, number, extent.seconds, Path(folder))
                    found += [grown] if number >= 0 else []  # the first warms up
    for point in points:
        prove_kept(point.served.url, point.headers)
    return found


def _with_sessions(extent: Range, running: ExitStack) -> Iterator[Point]:
    for count in extent.sessions:
        served = running.enter_context(Served(CONTENDERS[SESSION]))
        visitors = min(count, _VISITORS)
        headers = begin(served.url, visitors, lines_for(SMALL))
        store = served.stores[0]
        assert isinstance(store, MemcachedProcess)
        copy_records(store, count - visitors)
        yield Point(served, count, headers, (READ,), served.weight() / count)


def _with_state(extent: Range, running: ExitStack) -> Iterator[Point]:
    for name, sizes in ((SESSION, extent.session_bytes), (COOKIE, extent.cookie_bytes)):
        served = running.enter_context(Served(CONTENDERS[name]))
        for size in sizes:
            lines = lines_for(size)
            headers = begin(served.url, min(extent.usual_sessions, 200), lines)
            yield Point(served, len(as_text(cart(0, lines))), headers)


def _with_processes(extent: Range, running: ExitStack) -> Iterator[Point]:
    for count in (1, 2):
        served = Served(CONTENDERS[SESSION], processes=count, pinned=False)
        running.enter_context(served)
        yield Point(served, count, begin(served.url, extent.usual_sessions))


def _with_nodes(extent: Range, running: ExitStack) -> Iterator[Point]:
    for count in (1, 3):
        served = running.enter_context(Served(CONTENDERS[SESSION], nodes=count))
        yield Point(served, count, begin(served.url, extent.usual_sessions))


def copy_records(store: MemcachedProcess, count: int) -> None:
    """Store ``count`` copies of a record that is there, under store keys of their own."""
    if count < 1:
        return
    (key, ends), *_ = store.keys().items()  # -1 where it never ends
    value = store.values([key])[key]
    with store.connected() as connection:
        for start in range(0, count, _AT_ONCE):
            names = (_like(key) for _ in range(min(_AT_ONCE, count - start)))
            connection.sendall(
                b"".join(
                    b"add %b 0 %d %d noreply\r\n%b\r\n" % (name, max(ends, 0), len(value), value)
                    for name in names
                )
            )
        connection.sendall(b"version\r\n")
        if not connection.recv(4096):
            raise ProcessFailed("memcached closed the connection")


def _like(key: str) -> bytes:
    """Return a store key that no session has, as long as any other."""
    return secrets.token_urlsafe(len(key))[: len(key)].encode()

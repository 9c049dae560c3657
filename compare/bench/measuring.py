"""Measuring: rounds in which every contender has its turn, so that all share the same minutes.

Rule 1: each is warm before the first figure is taken. That takes requests and not seconds: V8 goes
on compiling for some thousands of them, and on a slow machine they take long.
Rule 2: in every round all are asked the same way, one after the other, and each round has an order
of its own, so that nobody always follows the same.
Rule 3: whoever fails the proof before, during or after is left out with the reason, and has no
figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from ..check.description import Unusable
from ..processes import ProcessFailed
from .asking import ask
from .contenders import MEMORY, Contender
from .results import USUAL, Entry, Sample
from .served import Served
from .visitors import Disproved, begin, prove, prove_bare, prove_kept

#: Connections at a time in every fourth round, besides the usual number.
_OTHERS = (1, 16, 256, 1024)
#: How many times the seconds of a figure it may take to be warm, where that needs as many requests.
_WARMING = 5

#: Called with what is being done, in a few words.
Watcher = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is measured. ``seconds`` are of one figure, ``sessions`` each contender's.

    ``others`` are numbers of connections that every fourth round has besides the usual one, and
    ``warm_up`` is after how many requests of each kind a contender is warm.
    """

    rounds: int = 10
    sessions: int = 3_000
    seconds: int = 1
    others: tuple[int, ...] = _OTHERS
    warm_up: int = 3_000

    def sweeps(self, number: int) -> list[tuple[int, ...]]:
        """Return how many connections there are at a time in a round, and what of it is one sweep.

        All contenders have the usual ones within a minute: a machine's speed drifts, and what is
        compared is to be measured at the same one.
        """
        return [(USUAL,)] if number % 4 or not self.others else [(USUAL,), self.others]

    def duration(self, connections: int) -> int:
        """Return the seconds; a thousand connections are served once before they count."""
        return self.seconds * (2 if connections > 512 else 1)


@dataclass
class _Turn:
    """A contender that takes part, until there is a reason that it does not."""

    served: Served
    folder: Path
    headers: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    store_bytes: float | None = None
    memory: int = 0
    start: int = 0

    @property
    def contender(self) -> Contender:
        return self.served.contender

    @property
    def _jar(self) -> Path:
        return self.folder / self.contender.name

    def prepare(self, sessions: int) -> None:
        """Prove that it does what it is measured for, and begin its sessions."""
        if self.contender.is_bare:
            prove_bare(self.served.url)
        else:
            prove(self.served.url)
            before = self.served.weight()
            self.headers = begin(self.served.url, sessions)
            if self.contender.store != MEMORY:  # nobody can tell what of the process is a session
                self.store_bytes = (self.served.weight() - before) / sessions
        self._jar.write_text("".join(f"{header}\n" for header in self.headers))

    def sample(self, case: str, connections: int, number: int, seconds: int) -> Sample:
        """Have it loaded for some seconds."""
        how_long = {"connections": connections, "seconds": seconds}
        found = ask(self.served, case, self._jar, **how_long, start=self.start)
        self.start += found.requests  # it goes on where it was: with visitors not seen for long
        return Sample.of(found, case, connections, number)

    def close(self) -> None:
        """Prove that nobody has lost their cart, and weigh the process."""
        if self.headers:
            prove_kept(self.served.url, self.headers)
        self.memory = self.served.memory()


class Measurement:
    """All contenders from their start to the last proof; `entries` are what was found."""

    def __init__(self, contenders: list[Contender], plan: Plan, watch: Watcher) -> None:
        self._contenders = contenders
        self._plan = plan
        self._watch = watch
        self._left_out: dict[str, str] = {}
        self._turns: dict[str, _Turn] = {}

    def run(self) -> None:
        """Measure them."""
        with TemporaryDirectory(prefix="bench-") as folder, ExitStack() as running:
            for contender in self._contenders:
                self._try(contender.name, partial(self._begin, contender, Path(folder), running))
            for name, turn in self._turns.items():
                self._try(name, partial(self._warm, turn))
            for number in range(self._plan.rounds):
                self._round(number)
            for name, turn in self._turns.items():
                self._try(name, turn.close)

    def entries(self) -> Iterator[Entry]:
        """Yield what was found of each contender, in the order in which they were named."""
        for contender in self._contenders:
            reason = self._left_out.get(contender.name, "")
            turn = self._turns.get(contender.name)
            if reason or turn is None:
                yield Entry.of(contender, left_out=reason)
            else:
                yield Entry.of(
                    contender,
                    samples=tuple(turn.samples),
                    memory=turn.memory,
                    store_bytes=turn.store_bytes,
                )

    def _begin(self, contender: Contender, folder: Path, running: ExitStack) -> None:
        self._watch(f"starting {contender.title}")
        contender.prepare()
        turn = _Turn(running.enter_context(Served(contender)), folder)
        self._turns[contender.name] = turn
        turn.prepare(self._plan.sessions)

    def _round(self, number: int) -> None:
        names = [name for name in self._turns if name not in self._left_out]
        # It is the same in every run, and nobody gains by guessing it.
        order = Random(number).sample(names, len(names))  # noqa: S311
        for sweep in self._plan.sweeps(number):
            for name in order:
                self._try(name, partial(self._turn, self._turns[name], number, sweep))

    def _turn(self, turn: _Turn, number: int, sweep: tuple[int, ...]) -> None:
        if turn.contender.is_bare and USUAL not in sweep:
            return
        self._watch(f"round {number + 1} of {self._plan.rounds}: {turn.contender.title}")
        for case in turn.contender.cases:
            for connections in sweep:
                seconds = self._plan.duration(connections)
                turn.samples.append(turn.sample(case, connections, number, seconds))

    def _warm(self, turn: _Turn) -> None:
        self._watch(f"warming up: {turn.contender.title}")
        for case in turn.contender.cases:
            left = self._plan.warm_up
            for _ in range(_WARMING if left else 0):
                left -= turn.sample(case, USUAL, -1, self._plan.seconds).requests
                if left <= 0:
                    break

    def _try(self, name: str, step: Callable[[], None]) -> None:
        if name in self._left_out:
            return
        try:
            step()
        except (Disproved, ProcessFailed, TimeoutError, Unusable) as error:
            self._left_out[name] = str(error)
            self._watch(f"{name} is left out: {error}")

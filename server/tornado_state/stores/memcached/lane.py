"""One connection to one memcached: an exchange of many commands, each answer matched to its own.

Rule 1: one exchange at a time. It ends with ``mn``, and its answers are believed when that one's
answer, ``MN``, has come just where it must: then nothing was left out and nothing slipped in.
Rule 2: anything unexpected - an answer of another kind, something unasked, an end, an error -
destroys the connection, so that an answer still to come can never be taken for another command's.
Rule 3: over TLS each command is a record of its own. Of a large value memcached takes just the
bytes, and what follows in the same record lies in its TLS library while it waits for the socket.
Rule 4: nothing here waits, and nothing here is a task: the answers complete the futures of those
who wait from the callback that reads them.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from typing import cast

from ...exceptions import StoreUnfit
from ..exchanges.commands import Command, StoreError, Unreachable
from ..exchanges.lanes import Lane, LaneOwner
from .answers import Answer, Answers, Foreign
from .commands import MemcachedCommand
from .connection import Connection, Door
from .opening import Opening

_READ_SIZE = 262_144
_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_END = b"mn\r\n"
#: Seconds between two looks whether a thread has ended.
_PAUSE = 0.02


class MemcachedLane(Lane):
    """A connection that is made by pymemcache, and read and written on the event loop."""

    def __init__(self, door: Door, owner: LaneOwner, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(owner, loop)
        self._door = door
        self._opening: Opening[Connection] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._connection: Connection | None = None
        self._socket: socket.socket | None = None
        self._answers = Answers()
        self._heard: list[Answer] = []
        self._unsent: deque[memoryview] = deque()
        self._is_writing = False
        self._number = 0

    def open(self, patience: float) -> None:
        """See `Lane.open`; while an earlier try is stuck in a look-up, this one waits for it."""
        self.is_opening = True
        if self._opening is not None and self._opening.is_stuck():
            self._retry = self.loop.call_later(_PAUSE, self._open_later, patience - _PAUSE)
            return
        self._opening = Opening(
            self._door.name,
            lambda sockets: self._door.open(sockets, patience),
            patience,
            self._opened,
            self._not_opened,
        )

    def _open_later(self, patience: float) -> None:
        if patience > _PAUSE:
            self.open(patience)
        else:
            self._not_opened(Unreachable("the look-up of memcached's name takes long"))

    def send(self, commands: list[Command]) -> None:
        """See `Lane.send`."""
        self.exchange = commands
        self.sent_at = self.loop.time()
        self._request(cast("Sequence[MemcachedCommand]", commands))

    def hear(self) -> None:
        """See `Lane.hear`; asking whether anything is there costs less than an error."""
        if self._socket is not None and self._arrived.poll(0):
            self._read()

    def _read(self) -> None:
        while True:
            assert self._socket is not None
            try:
                data = self._socket.recv(_READ_SIZE)
            except _NOT_NOW:
                return
            except OSError as error:
                self._lose(Unreachable(f"no connection to memcached: {error.strerror}"))
                return
            if not data:
                self._lose(Unreachable("memcached closed the connection"))
                return
            self._take_in(data)
            is_all = len(data) < _READ_SIZE and not isinstance(self._socket, ssl.SSLSocket)
            if self._socket is None or is_all:
                return

    def close(self) -> list[Command]:
        """See `Lane.close`."""
        self.is_open = self.is_opening = False
        if self._opening is not None:
            self._opening.abandon()
        if self._retry is not None:
            self._retry.cancel()
        if self._socket is not None and self._connection is not None:
            self.loop.remove_reader(self._socket.fileno())
            self.loop.remove_writer(self._socket.fileno())
            self._connection.close()
            self._socket = self._connection = None
        commands, self.exchange = self.exchange, []
        return commands

    def _opened(self, connection: Connection) -> None:
        self.is_open, self.is_opening = True, False
        self.answers = 0
        self._connection, self._socket = connection, connection.socket
        self._answers, self._heard, self._is_writing = Answers(), [], False
        self._unsent.clear()
        self.loop.add_reader(self._socket.fileno(), self._read)
        self._arrived = select.poll()
        self._arrived.register(self._socket, select.POLLIN)
        self.owner.opened(self)

    def _not_opened(self, error: StoreError) -> None:
        self.is_opening = False
        self.owner.not_opened(self, error)

    def _request(self, commands: Sequence[MemcachedCommand]) -> None:
        assert self._connection is not None
        numbered = self._connection.misses_are_numbered
        requests = []
        for command in commands:
            self._number += 1
            requests.append(command.request(self._number, misses_are_numbered=numbered))
        self._heard = []
        requests.append(_END)
        parts = requests if isinstance(self._socket, ssl.SSLSocket) else [b"".join(requests)]
        self._unsent.extend(memoryview(part) for part in parts)
        self._write()

    def _write(self) -> None:
        assert self._socket is not None
        try:
            while self._unsent:
                sent = self._socket.send(self._unsent[0])
                rest = self._unsent.popleft()[sent:]
                if rest:
                    self._unsent.appendleft(rest)
        except _NOT_NOW:
            pass
        except OSError as error:
            self._lose(Unreachable(f"no connection to memcached: {error.strerror}"))
            return
        if self._unsent:
            self.loop.add_writer(self._socket.fileno(), self._write)
        elif self._is_writing:
            self.loop.remove_writer(self._socket.fileno())
        self._is_writing = bool(self._unsent)

    def _take_in(self, data: bytes) -> None:
        try:
            self._heard += self._answers.feed(data)
            if self._heard:
                self.heard_at = self.loop.time()
            if len(self._heard) > len(self.exchange):
                self._believe()
        except Foreign:
            self._lose(StoreUnfit("what answers does not answer as memcached does"))

    def _believe(self) -> None:
        """Give the answers of a whole exchange to those who wait; `Foreign` if it is not whole."""
        commands = cast("list[MemcachedCommand]", self.exchange)
        heard, self._heard = self._heard, []
        if not commands or len(heard) != len(commands) + 1 or heard[-1].words != [b"MN"]:
            raise Foreign
        more = [each for each, answer in zip(commands, heard, strict=False) if each.hear(answer)]
        self.answers += 1
        if more:
            self.exchange = [*more]
            self._request(more)
            return
        self.exchange = []
        self.owner.answered(self, [*commands])

    def _lose(self, error: StoreError) -> None:
        commands = self.close()
        self.owner.lost(self, commands, error)

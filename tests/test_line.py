"""Requests wait for their turn: so many are worked at, and nobody waits in vain."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any

from server.operation import line as line_module
from server.operation.line import Line


class Told:
    """A line, and what became of whom."""

    def __init__(self, at_work: int, patience: float = 5) -> None:
        self.line = Line(at_work, patience)
        self.begun: list[object] = []
        self.refused: list[object] = []

    def enter(self, names: Iterable[object], now: float = 0, network: str | None = None) -> None:
        for name in names:
            self.line.enter(
                name,
                lambda name=name: self.begun.append(name),
                lambda name=name: self.refused.append(name),
                now,
                network,
            )

    async def leave(self, names: Iterable[object], now: float = 0) -> None:
        for name in names:
            self.line.leave(name, now)
            await asyncio.sleep(0)


async def test_so_many_are_worked_at_and_the_others_in_the_order_they_came() -> None:
    """The next one begins when one is done; who has left meanwhile does not."""
    told = Told(at_work=2)
    told.enter("abcde")
    assert told.begun == ["a", "b"]
    await told.leave("d")
    await told.leave("ba")
    assert told.begun == ["a", "b", "c", "e"]
    await told.leave("cexx")
    told.enter("f")
    assert told.begun[-1] == "f"
    assert told.refused == []


async def test_who_cannot_be_served_in_time_is_refused_at_once() -> None:
    """At one a second and five seconds' patience the seventh need not wait to hear it."""
    told = Told(at_work=1)
    told.enter("abcdefg", now=0)
    await told.leave("a", now=1)
    await told.leave("b", now=2)
    told.enter("1234", now=2)
    assert told.refused == ["3", "4"]


async def test_who_has_waited_too_long_is_refused_all_the_same() -> None:
    """Also while nothing is done at all."""
    told = Told(at_work=1)
    told.enter("ab", now=0)
    told.enter("c", now=3)
    told.line.refuse_late(4.9)
    assert told.refused == []
    told.line.refuse_late(5)
    assert told.refused == ["b"]
    await told.leave("a", now=6)
    assert told.begun == ["a", "c"]


async def test_a_network_has_its_share_of_the_work() -> None:
    """Whoever waits behind a crowd from one place goes first; the crowd is not refused for it."""
    told = Told(at_work=8)
    told.enter("123456", network="crowd")
    assert told.begun == ["1", "2"]
    told.enter("abcdef", network=None)
    told.enter("xy", network="ann")
    assert told.begun == [*"12abcdef"]
    await told.leave("a")
    assert told.begun[-1] == "x"
    await told.leave("12")
    assert told.begun[-2:] == ["y", "3"]
    await told.leave("5b")
    assert told.begun[-1] == "4"
    assert told.refused == []


async def test_networks_take_turns() -> None:
    """Who asks for one thing does not wait for all that others have asked for before."""
    told = Told(at_work=1)
    told.enter("-")
    for network in "abc":
        told.enter([f"{network}{number}" for number in range(3)], network=network)
    told.enter("x", network="ann")
    await told.leave(["-", "a0", "b0", "c1", "c0", "x", "a1", "b1"])
    assert told.begun == ["-", "a0", "b0", "c0", "x", "a1", "b1", "c2"]


async def test_who_waits_for_one_of_each_network_is_not_refused_for_the_rest() -> None:
    """At one a second and five seconds' patience seven of four networks are not too many."""
    told = Told(at_work=8)
    told.enter("1234567890", now=0)
    await told.leave("1", now=1)
    for network in "abc":
        told.enter([f"{network}{number}" for number in range(4)], now=1, network=network)
    assert told.refused == ["b1", "b2", "b3", "c1", "c2", "c3"]
    told.enter("x", now=1, network="ann")
    assert "x" not in told.refused


async def test_work_does_not_grow_with_those_who_wait() -> None:
    """To enter, to leave and to be refused are as many lines for each of eight times as many."""
    few, many = [await lines_of_a_flood(size) for size in (40, 320)]
    assert many < 8 * few * 1.1


async def lines_of_a_flood(size: int) -> int:
    """Return how many lines of the line's module are run while ``size`` crowd into it thrice."""
    ran = 0

    def count(frame: FrameType, _event: str, _argument: object) -> Any:
        nonlocal ran
        ran += frame.f_code.co_filename == line_module.__file__
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        told = Told(at_work=8, patience=1)
        told.enter(range(size), network="crowd")
        told.enter(range(size, 2 * size), network=None)
        for number in range(2 * size, 3 * size):
            told.enter([number], network=f"network {number}")
        for number in [*range(size, 2 * size), *range(size // 2)]:
            told.line.leave(number, 0)
        told.line.refuse_late(1)
        assert len(told.refused) > size
    finally:
        sys.settrace(before)
    return ran


async def test_a_crowd_from_one_place_has_nobody_else_refused() -> None:
    """And waits itself, until it is too late: who is refused at once asks again at once."""
    told = Told(at_work=4)
    told.enter("a123456", now=0, network="crowd")
    told.enter("bcd", now=0)
    await told.leave("b", now=1)
    told.enter("e", now=1)
    await told.leave("c", now=2)
    told.enter("7", now=2, network="crowd")
    assert told.refused == []
    told.enter("x", now=2, network="ann")
    assert told.begun[-1] == "x"
    told.line.refuse_late(5)
    assert told.refused == [*"123456"]


async def test_of_a_network_a_few_begin_in_a_turn_of_the_loop() -> None:
    """Or requests that are done at once would keep the loop from everybody else's."""
    told = Told(at_work=64)
    told.enter(range(10), network="crowd")
    told.enter("xyz", network="ann")
    told.enter("123456")
    assert told.begun == [*range(4), *"xyz123456"]
    await asyncio.sleep(0)
    assert told.begun[13:] == [4, 5, 6, 7]
    await asyncio.sleep(0)
    assert told.begun[17:] == [8, 9]
    told.enter("v", network="ann")
    assert told.begun[-1] == "v"

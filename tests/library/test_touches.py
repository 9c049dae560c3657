"""When the idle clock of which session was last pushed."""

from __future__ import annotations

import pytest
from tornado_state.sessions import touches as touches_module
from tornado_state.sessions.touches import Touches
from watched_store import Clock


def test_a_touch_is_due_once_its_time_is_used_up() -> None:
    """Not seen before, long ago, or by a clock that went backwards: due."""
    clock = Clock()
    touches = Touches(180, clock)
    assert touches.due("a")
    touches.done("a")
    for passed, due in ((0, False), (179.9, False), (0.1, True), (-181, True)):
        clock.pass_(passed)
        assert touches.due("a") is due


def test_what_saves_a_touch_is_known_of_however_many_sessions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A read of a session costs a touch of its own once in a while, and not for others' sake."""
    monkeypatch.setattr(touches_module, "_AT_LEAST", 3)
    clock = Clock()
    touches = Touches(180, clock)
    for number in range(20):
        touches.done(str(number))
        clock.pass_(8.9)
    assert not any(touches.due(str(number)) for number in range(1, 20))


def test_what_saves_none_any_more_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless there are few; and in the end there is a bound, whatever that costs."""
    monkeypatch.setattr(touches_module, "_AT_LEAST", 2)
    monkeypatch.setattr(touches_module, "_AT_MOST", 4)
    clock = Clock()
    touches = Touches(180, clock)
    touches.done("first")
    clock.pass_(1_000)
    touches.done("second")
    assert touches.last("first") == clock.now - 1_000
    touches.done("third")
    clock.pass_(180)
    for number in range(3):
        touches.done(str(number))
    assert touches.last("first") is None
    for number in range(3, 11):
        touches.done(str(number))
    assert touches.last("third") is None
    assert not touches.due("10")

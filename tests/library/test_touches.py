"""When the idle clock of which session was last pushed."""

from __future__ import annotations

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


def test_only_so_many_are_remembered() -> None:
    """Of 65,537 sessions the one touched longest ago is forgotten, and due again."""
    touches = Touches(180, Clock())
    touches.done("first")
    touches.done("second")
    touches.done("first")
    for number in range(65_535):
        touches.done(str(number))
    assert touches.due("second")
    assert not touches.due("first")

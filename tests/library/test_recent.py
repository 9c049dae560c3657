"""What was worked out lately, kept within bounds."""

from __future__ import annotations

from tornado_state.recent import Recent


def test_what_is_asked_for_stays() -> None:
    """Of what is not, at most as much again is kept, and what is oldest goes."""
    recent: Recent[int, str] = Recent(3)
    for number in range(3):
        recent.put(number, str(number))
    recent.put(3, "3")
    assert recent[0] == "0"
    recent.put(4, "4")
    recent.put(5, "5")
    assert [recent[number] for number in (0, 3, 4, 5)] == ["0", "3", "4", "5"]
    assert recent[1] is None
    assert recent[9] is None

"""The whole tour as one file: a real run is recorded, for whoever has no demo at hand.

What the tour does not fill in of the matrix is tried as well. Nobody has guessed yet: that is for
whoever opens the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .actions import ACTIONS
from .booth import Booth
from .doing import carry_out
from .telling import saved_page
from .tour.playing import bring_back, play
from .tour.steps import STEPS

#: What fills in the rows that the tour does not.
_REST = [each for each in ACTIONS if each.capability not in {step.capability for step in STEPS}]


def recorded(path: Path) -> Iterator[str]:
    """Record it into a file; yield what is being done, in a line each."""
    booth = Booth()
    try:
        booth.open()
        for step in STEPS:
            yield step.question
            for number in range(len(step.beats)):
                play(booth, step.name, number, {})
        bring_back(booth)
        for action in _REST:
            if action.capability:
                yield action.told
                carry_out(action, booth)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(saved_page(booth, guessed=False), encoding="utf-8")
    finally:
        booth.close()

"""What a step of the tour is.

Rule 1: a step asks one question that is answered with yes or no on either side, before anything
happens. What came is measured; nothing in a step knows which side it plays on.
Rule 2: a step begins with whatever the visitor has left, signed in, and may be repeated.
Rule 3: every sentence is in the words of the shop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..scene import Stage


@dataclass(frozen=True)
class Seen:
    """What came on one side: the ``answer`` to the step's question, whether the side ``meets`` what
    the step is about, and what happened, in a ``sentence``.
    """

    answer: bool
    meets: bool
    sentence: str


@dataclass(frozen=True)
class Beat:
    """Something that happens on both sides: what is ``told`` of it, and how it is played."""

    told: str
    play: Callable[[Stage], None]


@dataclass(frozen=True)
class Step:
    """One question. ``label`` is its name in the list of steps, ``guest`` whose browser stands
    beside the visitor's, "" for nobody's, ``judged`` what came once all ``beats`` are played,
    ``capability`` the row of the matrix it fills in, ``lesson`` what follows from it,
    ``wrong_guess`` what makes people guess wrong. ``guest_sign`` stands before the guest.
    """

    name: str
    label: str
    question: str
    guest: str
    beats: tuple[Beat, ...]
    judged: Callable[[Stage], Seen]
    capability: str
    lesson: str
    wrong_guess: str
    objections: tuple[str, ...] = ()
    guest_sign: str = "☠"
    takes_store_away: bool = False

"""Steal it and sign out: a copy of the cookies is used once their owner has signed out."""

from __future__ import annotations

from ..scene import Stage
from .step import Beat, Seen, Step

_THIEF = "thief"


def _copy(stage: Stage) -> None:
    stage.welcome("The thief's browser", stage.side.jar)
    stage.you.ask_who()


def _open(stage: Stage) -> None:
    stage.guest(_THIEF).ask_who()


def _sign_out(stage: Stage) -> None:
    stage.you.sign_out()


def _open_again(stage: Stage) -> None:
    stage.facts["who"] = stage.guest(_THIEF).who()


def _judged(stage: Stage) -> Seen:
    if who := stage.facts["who"]:
        return Seen(False, False, f"The thief's copy still opens the shop as {who}.")
    return Seen(True, True, "The thief's copy opens nothing any more: the shop asks to sign in.")


STEP = Step(
    name="steal",
    label="Steal it, sign out",
    question="A thief has copied your cookies. You sign out. Is the thief out, too?",
    guest="The thief's browser",
    beats=(
        Beat("You are signed in. A thief copies your cookies.", _copy),
        Beat("The thief opens the shop with the copy.", _open),
        Beat("You sign out.", _sign_out),
        Beat("The thief opens the shop again.", _open_again),
    ),
    judged=_judged,
    capability="revocable",
    lesson=(
        "A server can forget a session; nobody can take a cookie back. What must end on command, "
        "a sign-in above all, belongs in a session."
    ),
    wrong_guess="Signing out deletes the cookie in your browser. The copy is in another one.",
    objections=("refresh", "denylist", "localstorage"),
)

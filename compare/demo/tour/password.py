"""Change the password: another device is signed in, and somebody else has it."""

from __future__ import annotations

from ...shop_visitor import NEW_PASSWORD
from ..scene import Stage
from .step import Beat, Seen, Step

_FINDER = "finder"


def _sign_in(stage: Stage) -> None:
    """Be signed in here and, by a sign-in of its own, on the phone."""
    stage.welcome("Your lost phone", {})
    with stage.behind_the_scene():
        stage.guest(_FINDER).sign_in(stage.person)
    stage.guest(_FINDER).ask_who()


def _change(stage: Stage) -> None:
    """Change it; it is changed back when the step has been seen."""
    old = stage.person.password
    stage.you.change_password(_another(old), old)


def _open(stage: Stage) -> None:
    stage.facts["who"] = stage.guest(_FINDER).who()
    old = stage.person.password
    with stage.behind_the_scene():
        stage.you.change_password(old, _another(old))


def _another(password: str) -> str:
    return NEW_PASSWORD if password != NEW_PASSWORD else f"{NEW_PASSWORD}-2"


def _judged(stage: Stage) -> Seen:
    if who := stage.facts["who"]:
        return Seen(False, False, f"Your lost phone still opens the shop as {who}.")
    return Seen(True, True, "Your lost phone is signed out; you are not.")


STEP = Step(
    name="password",
    label="Change the password",
    question="Your phone is lost, signed in as you. You change your password. Is the phone out?",
    guest="Your lost phone",
    beats=(
        Beat(
            "You have signed in here, and on a phone, which somebody has found: no copy, a sign-in "
            "of its own.",
            _sign_in,
        ),
        Beat("You change your password.", _change),
        Beat("The finder opens the shop on the phone.", _open),
    ),
    judged=_judged,
    capability="revocable",
    lesson=(
        "A signed cookie does not learn that the password has changed. A server can keep a list of "
        "your sessions and end them all: what must end on every device belongs in a session."
    ),
    wrong_guess="The password is asked for once, at sign-in, and is in no cookie.",
    objections=("token_version", "no_list"),
)

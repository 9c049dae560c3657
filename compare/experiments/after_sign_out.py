"""After sign-out: what a visitor chose is looked for once they have signed out."""

from __future__ import annotations

from ..experiment import COOKIE, SESSION, Experiment, Lab
from ..findings import Outcome

THERE, GONE = "still there", "gone"


def run(lab: Lab) -> Outcome:
    """Choose a theme, sign out, look."""
    visitor = lab.signed_in(lab.target(), name="visitor")
    visitor.prefer(theme="dark")
    visitor.sign_out()
    if visitor.preferences()["theme"] == "dark":
        return Outcome(THERE, True, "The preferences outlive the sign-out.")
    return Outcome(GONE, False, "Signing out took the preferences as well.")


EXPERIMENT = Experiment(
    name="after-sign-out",
    title="After sign-out",
    question="Are preferences still there once somebody has signed out?",
    clause="design: preferences outlive sign-out",
    capability="outlives_logout",
    run=run,
    expected={COOKIE: THERE, SESSION: GONE},
)

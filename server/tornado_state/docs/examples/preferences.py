"""Preferences, which nobody minds if somebody reads: they live in a signed cookie.

No store is needed, and none is asked.
"""

from typing import Any, Literal, TypedDict, cast

from tornado_state import Kind, StateApplication, StateHandler

Theme = Literal["light", "dark", "system"]


class Preferences(TypedDict):
    results_per_page: int
    theme: Theme


PREFERENCES = Kind(
    "preferences",
    Preferences,
    default=Preferences(results_per_page=20, theme="system"),
    outage_proof=True,
    outlives_logout=True,
    inherited=True,  # a sign-in keeps it too: nobody gains from planting it
)


class Settings(StateHandler):
    preferences = PREFERENCES

    def get(self) -> None:
        self.write({**self.preferences})

    def post(self) -> None:
        self.preferences["theme"] = cast("Theme", self.get_argument("theme"))


def make_app(**settings: Any) -> StateApplication:
    return StateApplication([("/settings", Settings)], **settings)

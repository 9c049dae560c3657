"""Preferences, which nobody minds if somebody reads: they live in a signed cookie.

No store is needed, and none is asked.
"""

from typing import Any, Literal, TypedDict, cast

from tornado.web import HTTPError
from tornado_state import InvalidValue, Kind, StateApplication, StateHandler

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
        theme = cast("Theme", self.get_argument("theme"))  # as far as anybody knows
        try:
            self.preferences = {**self.preferences, "theme": theme}
        except InvalidValue as error:
            raise HTTPError(422, "%s", error) from error


def make_app(**settings: Any) -> StateApplication:
    return StateApplication([("/settings", Settings)], **settings)

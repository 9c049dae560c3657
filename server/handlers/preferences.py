"""How a visitor wants to search."""

from __future__ import annotations

from functools import partial

from msgspec.structs import asdict

from ..shop import PREFERENCES, checked_preferences, with_preferences
from .base import ShopHandler
from .bodies import read_fields


class PreferencesHandler(ShopHandler):
    """``GET`` and ``POST /preferences``."""

    kinds = (PREFERENCES,)
    form = "preferences.html"

    def get(self) -> None:
        """Show the preferences."""
        self.answer(asdict(self.preferences), "preferences.html", title="Preferences")

    async def post(self) -> None:
        """Change any of them."""
        self.entered = read_fields(
            self.request, numbers=("results_per_page",), truths=("safe_search",)
        )
        changes = checked_preferences(self.entered)
        if changes:
            await self.state.update(PREFERENCES, partial(with_preferences, changes))
        self.answer_form(asdict(self.preferences), self.came_from(), notice="preferences-saved")

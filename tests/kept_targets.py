"""Applications that an experiment's failure is no reason to start anew."""

from __future__ import annotations

from compare.targets import Targets


class KeptTargets(Targets):
    """For experiments that fail because of what a test has planted, and leave nothing behind."""

    def give_up(self, application: str) -> None:
        """Go on with it."""

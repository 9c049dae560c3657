"""What a request costs, found by one short load instead of ten: for whoever wants no figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compare.experiments import cost
from compare.load import Load, load
from compare.targets import Target


def have_quick_cost(patch: pytest.MonkeyPatch) -> None:
    """Have the experiment on cost load for a second only, and once."""
    patch.setattr(cost, "_ROUNDS", 1)
    patch.setattr(cost, "_round", _round)


def _round(target: Target, cookies: list[str]) -> tuple[Load, Load]:
    """Load by all connections, and take that for the load by one as well; it is counted once."""
    found = load(f"{target.url}/preferences", target.app.pid, cookies, seconds=1)
    return found, replace(found, requests=0)

"""The steps of the tour, in order."""

from __future__ import annotations

from . import cart, password, read, steal, store, tabs
from .step import Step

STEPS: tuple[Step, ...] = (
    read.STEP,
    steal.STEP,
    password.STEP,
    cart.STEP,
    tabs.STEP,
    store.STEP,
)
BY_NAME = {step.name: step for step in STEPS}

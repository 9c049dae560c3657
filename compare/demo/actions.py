"""What a visitor can do to both sides: the experiments of ``make compare``, on live state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..experiment import Lab
from ..experiments import (
    capacity,
    disclosure,
    lost_update,
    replay,
    rollback,
    rotation,
    store_restarted,
    tampering,
)
from ..findings import Outcome
from .others import end_others


@dataclass(frozen=True)
class Action:
    """A button. ``told`` says what it does, before it is done; ``capability`` is what it measures.

    One that ``uses_cart`` puts the cart back as it was; one that ``fills_cart`` needs it empty.
    One that is ``of_the_store`` is about nothing where no store is used.
    """

    name: str
    label: str
    told: str
    run: Callable[[Lab], Outcome]
    capability: str | None = None
    uses_cart: bool = False
    fills_cart: bool = False
    of_the_store: bool = False


ACTIONS = (
    Action(
        "read",
        "Read it",
        "Looks into your own cookies, as anybody could who gets hold of them.",
        disclosure.EXPERIMENT.run,
        disclosure.EXPERIMENT.capability,
        uses_cart=True,
    ),
    Action(
        "tamper",
        "Tamper with it",
        "Changes a character of your cookies, here and there, and tries each.",
        tampering.EXPERIMENT.run,
    ),
    Action(
        "replay",
        "Steal, sign out, replay",
        "A thief copies your cookies. You sign out. The thief uses the copy.",
        replay.EXPERIMENT.run,
        replay.EXPERIMENT.capability,
    ),
    Action(
        "rollback",
        "Put back yesterday's cookie",
        "Keeps a copy of your cookies, changes your cart, and sends the copy.",
        rollback.EXPERIMENT.run,
        rollback.EXPERIMENT.capability,
        uses_cart=True,
    ),
    Action(
        "capacity",
        "Make it too big",
        "Writes long notes into an empty cart until one does not fit. Your cart is put back.",
        capacity.EXPERIMENT.run,
        capacity.EXPERIMENT.capability,
        uses_cart=True,
        fills_cart=True,
    ),
    Action(
        "tabs",
        "Use eight tabs at once",
        "Eight tabs add to one cart in the same instant, several times. Your cart is put back.",
        lost_update.EXPERIMENT.run,
        lost_update.EXPERIMENT.capability,
        uses_cart=True,
        fills_cart=True,
    ),
    Action(
        "devices",
        "End all my other sessions",
        "You are signed in on other devices as well, and end all of that from this one.",
        end_others,
        "revocable",
    ),
    Action(
        "rotate",
        "Rotate the secret",
        "The applications get a new cookie secret; later they forget the old one.",
        rotation.EXPERIMENT.run,
    ),
    Action(
        "restart",
        "Restart memcached",
        "The store comes back empty, and has forgotten every session.",
        store_restarted.EXPERIMENT.run,
        of_the_store=True,
    ),
)

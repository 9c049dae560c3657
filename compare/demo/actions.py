"""What a visitor can do to both sides at once: the experiments of ``make compare``, on live state.

Each returns for each side what was seen, in a word and a sentence, with the exchanges that show it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from ..browser import Reply
from ..experiment import TROUBLE, Experiment
from ..experiments import (
    capacity,
    disclosure,
    listing,
    lost_update,
    replay,
    rollback,
    rotation,
    store_down,
    store_restarted,
    tampering,
)
from ..findings import Exchange, Outcome
from ..shop_visitor import ShopVisitor
from ..waiting import wait_until
from .booth import Booth
from .lab import LiveLab, You

_SHOWN_EXCHANGES = 8


@dataclass(frozen=True)
class Action:
    """A button. ``told`` says what it does, before it is done."""

    name: str
    label: str
    told: str
    experiment: Experiment
    tidy: bool = False


ACTIONS = (
    Action(
        "read",
        "Read it",
        "Looks into your own cookies, as anybody could who gets hold of them.",
        disclosure.EXPERIMENT,
    ),
    Action(
        "tamper",
        "Tamper with it",
        "Changes a character of your cookies, here and there, and tries each.",
        tampering.EXPERIMENT,
    ),
    Action(
        "replay",
        "Steal, sign out, replay",
        "A thief copies your cookies. You sign out. The thief uses the copy.",
        replay.EXPERIMENT,
    ),
    Action(
        "rollback",
        "Put back yesterday's cookie",
        "Keeps a copy of your cookies, changes your cart, and sends the copy.",
        rollback.EXPERIMENT,
    ),
    Action(
        "capacity",
        "Make it too big",
        "Writes long notes into your cart until one does not fit, then cleans up.",
        capacity.EXPERIMENT,
        tidy=True,
    ),
    Action(
        "tabs",
        "Use eight tabs at once",
        "Eight tabs add to your cart in the same instant, six times.",
        lost_update.EXPERIMENT,
    ),
    Action(
        "devices",
        "End another device",
        "You sign in on another device, find it in your list of sessions, and end it.",
        listing.EXPERIMENT,
    ),
    Action(
        "rotate",
        "Rotate the secret",
        "The applications get a new cookie secret; later they forget the old one.",
        rotation.EXPERIMENT,
    ),
    Action(
        "restart",
        "Restart memcached",
        "The store comes back empty, and has forgotten every session.",
        store_restarted.EXPERIMENT,
    ),
)


def carry_out(action: Action, booth: Booth) -> dict[str, Any]:
    """Do it on both sides; return what the page shows. Blocks: for a thread."""
    return {application: _on_one_side(action, booth, application) for application in booth.sides}


def freeze(booth: Booth) -> dict[str, Any]:
    """Freeze memcached, and look at everything that is kept. Blocks: for a thread.

    Somebody is signed in for it: to whoever keeps nothing, no store is missing.
    """
    for application in booth.sides:
        lab = LiveLab(booth, application)
        lab.signed_in(lab.target())
    before = {application: _look(booth, application) for application in booth.sides}
    booth.freeze(frozen=True)
    return {
        application: _frozen(booth, application, *before[application])
        for application in booth.sides
    }


def thaw(booth: Booth) -> dict[str, Any]:
    """Thaw memcached, and look who is signed in. Blocks: for a thread."""
    booth.freeze(frozen=False)
    return {application: _thawed(booth, application) for application in booth.sides}


def _on_one_side(action: Action, booth: Booth, application: str) -> dict[str, Any]:
    lab = LiveLab(booth, application)
    cart = You(booth.sides[application]).cart() if action.tidy else {}
    outcome = _tried(lambda: action.experiment.run(lab))
    if action.tidy:
        _clean_up(You(booth.sides[application]), cart)
    capability = action.experiment.capability
    if capability and outcome.meets is not None:
        booth.measured.setdefault(application, {})[capability] = outcome.meets
    return _shown(outcome, lab.exchanges)


def _tried(run: Callable[[], Outcome]) -> Outcome:
    try:
        return run()
    except TROUBLE as error:
        return Outcome("could not be tried", None, f"{error}.")


def _clean_up(you: ShopVisitor, cart: dict[str, Any]) -> None:
    for sku in you.cart():
        if sku not in cart:
            you.remove(sku)


def _look(booth: Booth, application: str) -> tuple[You, list[Reply]]:
    you = You(booth.sides[application])
    return you, you.ask_everything()


def _frozen(booth: Booth, application: str, before: You, well: list[Reply]) -> dict[str, Any]:
    you, away = _look(booth, application)
    outcome = store_down.judged(well, away, jar_kept=you.jar == before.jar)
    booth.measured.setdefault(application, {})["outage_proof"] = bool(outcome.meets)
    return _shown(outcome, you.exchanges)


def _thawed(booth: Booth, application: str) -> dict[str, Any]:
    you = You(booth.sides[application])
    wait_until(lambda: you.send("GET", "/account").status != 503, "the thawed store answers")
    who = you.who()
    told = f"You are {who}, as before." if who else "Nobody is signed in, as before."
    return _shown(Outcome("goes on", None, told), you.exchanges[-1:])


def _shown(outcome: Outcome, exchanges: Sequence[Exchange]) -> dict[str, Any]:
    return {
        "word": outcome.word,
        "meets": outcome.meets if isinstance(outcome.meets, bool) else None,
        "sentence": outcome.sentence,
        "exchanges": [asdict(each.shown) for each in exchanges[-_SHOWN_EXCHANGES:]],
    }


#: What may be asked for by name, each a function of the booth.
DONE: Mapping[str, Callable[[Booth], dict[str, Any]]] = {
    **{action.name: partial(carry_out, action) for action in ACTIONS},
    "freeze": freeze,
    "thaw": thaw,
}

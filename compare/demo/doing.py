"""Doing it: an action, a freeze or a sign-in, on both sides of a booth. Blocks: for a thread.

What is done returns for each side what was seen, in a word and a sentence, with the exchanges that
show it. What could not be done on one side says so and leaves the other alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

from ..browser import Reply
from ..experiments import store_down
from ..findings import Exchange, Outcome
from ..shop_visitor import Person
from ..waiting import wait_until
from .actions import ACTIONS, Action
from .booth import Booth
from .lab import LiveLab, You
from .lanes import lane
from .reading import telling_cookie
from .side import Side
from .troubles import TROUBLES, plainly

#: The word for what went wrong on the way; nothing follows from it.
NOT_TRIED = "could not be tried"

_SHOWN_EXCHANGES = 8
_NO_STORE = "It keeps nothing in a store, so it did not notice."


def carry_out(action: Action, booth: Booth) -> dict[str, Any]:
    """Do it on both sides; return what the page shows."""
    with ThreadPoolExecutor(len(booth.sides)) as pool:
        shown = pool.map(lambda application: _on_one_side(action, booth, application), booth.sides)
        return dict(zip(booth.sides, shown, strict=True))


def freeze(booth: Booth) -> dict[str, Any]:
    """Freeze either side's memcached, and look at everything that is kept.

    Somebody is signed in for it: to whoever keeps nothing, no store is missing.
    """
    labs = {application: LiveLab(booth, application) for application in booth.sides}
    before: dict[str, tuple[You, list[Reply]]] = {}
    for application, lab in labs.items():
        lab.you()
        before[application] = _look(booth, application)
    booth.freeze(frozen=True)
    return {
        application: _frozen(booth, application, lab.said, *before[application])
        for application, lab in labs.items()
    }


def thaw(booth: Booth) -> dict[str, Any]:
    """Thaw both, and look who is signed in."""
    booth.freeze(frozen=False)
    return {application: _thawed(booth, application) for application in booth.sides}


def signed_in(booth: Booth, person: Person | None) -> str | None:
    """Sign in on both sides, as somebody new if there is one; return why not."""
    if person is not None and (refusal := booth.register(person)):
        return refusal
    for application, side in booth.sides.items():
        you = You(side)
        if you.who():
            you.sign_out()
        you.sign_in(booth.person_on(application))
    return None


def _on_one_side(action: Action, booth: Booth, application: str) -> dict[str, Any]:
    lab = LiveLab(booth, application)
    outcome = _tried(lambda: _run(action, lab))
    if action.of_the_store and not booth.uses_a_store(application):
        outcome = _without_store(outcome)
    _measure(booth, application, action.capability, outcome)
    shown = _shown(outcome, booth.sides[application], lab.exchanges, lab.said)
    return shown | ({"cookie": telling_cookie(booth, application)} if action.name == "read" else {})


def _run(action: Action, lab: LiveLab) -> Outcome:
    with ExitStack() as stack:
        if action.options:
            stack.enter_context(lab.target().with_options(*action.options))
        if action.uses_cart:
            stack.enter_context(lab.cart_put_back(emptied=action.fills_cart))
        if action.uses_preferences:
            stack.enter_context(lab.preferences_put_back())
        return action.run(lab)


def _tried(run: Callable[[], Outcome]) -> Outcome:
    try:
        return run()
    except TROUBLES as error:
        return Outcome(NOT_TRIED, None, plainly(error))


def _without_store(outcome: Outcome) -> Outcome:
    """Say why nothing happened where nothing could."""
    unaffected = outcome.word == store_down.UNAFFECTED
    return replace(outcome, sentence=_NO_STORE) if unaffected else outcome


def _measure(booth: Booth, application: str, capability: str | None, outcome: Outcome) -> None:
    if capability and outcome.meets is not None:
        booth.measured.setdefault(application, {})[capability] = outcome.meets


def _look(booth: Booth, application: str) -> tuple[You, list[Reply]]:
    you = You(booth.sides[application])
    return you, you.ask_everything()


def _frozen(
    booth: Booth, application: str, said: str, before: You, well: list[Reply]
) -> dict[str, Any]:
    you = You(booth.sides[application])
    outcome = _tried(lambda: store_down.judged(you, well, you.ask_everything(), before.jar))
    if not booth.uses_a_store(application):
        outcome = _without_store(outcome)
    _measure(booth, application, "outage_proof", outcome)
    return _shown(outcome, booth.sides[application], you.exchanges, said)


def _thawed(booth: Booth, application: str) -> dict[str, Any]:
    you = You(booth.sides[application])
    return _shown(_tried(lambda: _as_before(you)), booth.sides[application], you.exchanges[-1:])


def _as_before(you: You) -> Outcome:
    wait_until(lambda: you.send("GET", "/account").status != 503, "the thawed store answers")
    who = you.who()
    told = f"You are {who}, as before." if who else "Nobody is signed in."
    return Outcome("goes on", None, told)


def _shown(
    outcome: Outcome, side: Side, exchanges: Sequence[Exchange], said: str = ""
) -> dict[str, Any]:
    return {
        "word": outcome.word,
        "meets": outcome.meets if isinstance(outcome.meets, bool) else None,
        "sentence": said + outcome.sentence,
        "lanes": [lane(each, side.prefix) for each in exchanges[-_SHOWN_EXCHANGES:]],
    }


#: What may be asked for by name, each a function of the booth.
DONE: Mapping[str, Callable[[Booth], dict[str, Any]]] = {
    **{action.name: partial(carry_out, action) for action in ACTIONS},
    "freeze": freeze,
    "thaw": thaw,
}

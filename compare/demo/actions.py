"""What a visitor can do to both sides: the experiments of ``make compare``, on live state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..experiment import Lab
from ..experiments import (
    after_sign_out,
    capacity,
    disclosure,
    idle_expiry,
    lost_update,
    replay,
    rollback,
    rotation,
    second_device,
    store_down,
    store_restarted,
    store_weight,
    tampering,
)
from ..findings import Outcome
from .live import end_others, left_alone, weighed


@dataclass(frozen=True)
class Action:
    """A button. ``told`` says what it does, before it is done, and ``lesson`` what follows from it.

    ``capability`` is what it measures.

    One that ``uses_cart`` puts the cart back as it was; one that ``fills_cart`` needs it empty; one
    that ``uses_preferences`` puts those back. One that is ``of_the_store`` is about nothing where
    no store is used. For one with ``options`` both shops are started anew, before and after.
    """

    name: str
    label: str
    told: str
    lesson: str
    run: Callable[[Lab], Outcome]
    capability: str | None = None
    uses_cart: bool = False
    fills_cart: bool = False
    uses_preferences: bool = False
    of_the_store: bool = False
    options: tuple[str, ...] = ()


ACTIONS = (
    Action(
        "read",
        "Read it",
        "Looks into your own cookies, as anybody could who gets hold of them.",
        (
            "Whoever holds a signed cookie can read it: signing is no encryption. What others must "
            "not read belongs on the server."
        ),
        disclosure.EXPERIMENT.run,
        disclosure.EXPERIMENT.capability,
        uses_cart=True,
    ),
    Action(
        "tamper",
        "Tamper with it",
        "Changes a character of your cookies, here and there, and tries each.",
        (
            "Signing does what it is for: neither shop takes a changed cookie. It says nothing "
            "about who sends it, and when."
        ),
        tampering.EXPERIMENT.run,
    ),
    Action(
        "replay",
        "Steal, sign out, replay",
        "A thief copies your cookies. You sign out. The thief uses the copy.",
        (
            "A server can forget a session; nobody can take a cookie back. What must end on "
            "command, a sign-in above all, belongs in a session."
        ),
        replay.EXPERIMENT.run,
        replay.EXPERIMENT.capability,
    ),
    Action(
        "rollback",
        "Put back yesterday's cookie",
        "Keeps a copy of your cookies, changes your cart, and sends the copy.",
        (
            "An old signed cookie is as valid as the new one. Where an old value does harm, as "
            "with a cart, it belongs in a session."
        ),
        rollback.EXPERIMENT.run,
        rollback.EXPERIMENT.capability,
        uses_cart=True,
    ),
    Action(
        "capacity",
        "Make it too big",
        "Writes long notes into an empty cart until one does not fit. Your cart is put back.",
        (
            "Either place has an end, the cookie's comes sooner, and a cookie travels with "
            "every request. What may grow belongs in a session."
        ),
        capacity.EXPERIMENT.run,
        capacity.EXPERIMENT.capability,
        uses_cart=True,
        fills_cart=True,
    ),
    Action(
        "tabs",
        "Use eight tabs at once",
        "Eight tabs add to one cart in the same instant, several times. Your cart is put back.",
        (
            "Each response sets the whole cookie, and the last one wins. What several requests "
            "change at once belongs in a session that puts changes together."
        ),
        lost_update.EXPERIMENT.run,
        lost_update.EXPERIMENT.capability,
        uses_cart=True,
        fills_cart=True,
    ),
    Action(
        "devices",
        "End all my other sessions",
        "You are signed in on other devices as well, and end all of that from this one.",
        "Only who keeps sessions can list and end them. A sign-in belongs there.",
        end_others,
        "revocable",
    ),
    Action(
        "idle",
        "Leave it alone",
        "Both shops get an idle time-out of three seconds. You sign in, and do nothing for longer.",
        (
            "A server can count how long a session was not used, and end it. A signed cookie has "
            "one end, and that was fixed when it was signed."
        ),
        left_alone,
        idle_expiry.EXPERIMENT.capability,
        uses_cart=True,
        options=("--idle-timeout=3", "--absolute-timeout=60"),
    ),
    Action(
        "after",
        "Look after sign-out",
        "You choose the dark theme and sign out. Is the page still dark?",
        (
            "What is yours, and not your account's, should outlive the sign-out: preferences do "
            "in a signed cookie."
        ),
        after_sign_out.EXPERIMENT.run,
        after_sign_out.EXPERIMENT.capability,
        uses_preferences=True,
    ),
    Action(
        "weigh",
        "Weigh the store",
        "Twenty visitors put something into their carts. What does the server keep of them?",
        (
            "A signed cookie costs the server no memory. A session costs a record for each visitor "
            "who has something to keep."
        ),
        weighed,
        store_weight.EXPERIMENT.capability,
        uses_cart=True,
    ),
    Action(
        "elsewhere",
        "Sign in elsewhere",
        "You fill a cart and choose a theme here, and sign in on another device.",
        (
            "Both stay with one browser. What is to follow a person belongs in a database, as the "
            "account does."
        ),
        second_device.EXPERIMENT.run,
        second_device.EXPERIMENT.capability,
        uses_cart=True,
        uses_preferences=True,
    ),
    Action(
        "rotate",
        "Rotate the secret",
        "The applications get a new cookie secret; later they forget the old one.",
        "Both shops survive a new secret, as long as they know the old one for a while.",
        rotation.EXPERIMENT.run,
    ),
    Action(
        "restart",
        "Restart memcached",
        "The store comes back empty, and has forgotten every session.",
        (
            "A store that has forgotten everything signs everybody out. What must outlive that "
            "belongs in a cookie, or in a database."
        ),
        store_restarted.EXPERIMENT.run,
        of_the_store=True,
    ),
)

#: Done by `doing.freeze`, and undone by `doing.thaw`.
FREEZE = Action(
    "freeze",
    "Take the store away",
    "The store takes requests and answers none, until you bring it back.",
    (
        "While the store is away, so is every session. What must work all the same, as "
        "preferences do, belongs in a signed cookie."
    ),
    store_down.EXPERIMENT.run,
    store_down.EXPERIMENT.capability,
)

#: What follows from whatever can be tried, by name.
LESSONS = {
    **{action.name: action.lesson for action in (*ACTIONS, FREEZE)},
    "thaw": "An outage is no sign-out: with the store back, everything is as before.",
}

"""A cookie of a newer release in an older one's hands: what cannot be done is not half done."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from abroad_app import application
from commanded_store import Clock, CommandedStore
from tornado_state import Kind, NotKnownHere, StateHandler
from without_sockets import ask

HINT = Kind("hint", str, default="", outlives_logout=True)
DRAFT = Kind("draft", list[str], default=[], inherited=True)
IN_COOKIE = Kind("user", str, identity=True)
IN_SESSION = Kind("user", str, identity=True, revocable=True)
KEPT = {"user": "ann", "draft": ["mine"], "hint": "seen", "note": "of today"}


class Page(StateHandler):
    user, draft, hint, note = IN_COOKIE, DRAFT, HINT, HINT

    def get(self) -> None:
        self.write({"user": self.user, "draft": self.draft, "hint": self.hint, "note": self.note})

    def put(self) -> None:
        self.state.sign_in("ann")
        self.draft, self.hint, self.note = ["mine"], "seen", "of today"

    def post(self) -> None:
        """Sign somebody else in, and go on without."""
        with suppress(NotKnownHere):
            self.state.sign_in("ben")
            self.write("done")

    def delete(self) -> None:
        """Sign out, after a look at what there is."""
        with suppress(NotKnownHere):
            self.write(self.note)
        self.state.destroy(everything=True)


async def releases(user: Kind[Any], **needs: bool) -> tuple[Any, Any, dict[str, str]]:
    """Return an application, its next release, by which ``note`` has another shape, and a visitor.

    That is his jar: he has signed in to the next one.
    """
    clock = Clock()
    store, made = CommandedStore(clock), []
    for version in (1, 2):
        migrations = {1: str} if version == 2 else {}
        note = Kind("note", str, default="", version=version, migrations=migrations, **needs)
        page = type("Page", (Page,), {"user": user, "note": note})
        made.append(application({"/": page}, session_store=store, state_clock=clock))
    jar: dict[str, str] = {}
    await ask(made[1], "/", jar, "PUT")
    return made[0], made[1], jar


everywhere = pytest.mark.parametrize("user", [IN_COOKIE, IN_SESSION], ids=["cookie", "session"])
lasting = pytest.mark.parametrize("lasts", [True, False])


@everywhere
@lasting
async def test_a_sign_in_that_would_drop_a_newer_value_changes_nothing(
    user: Kind[Any], *, lasts: bool
) -> None:
    """Who was signed in is so, and what is his is his, whatever a handler makes of that."""
    old, new, jar = await releases(user, outlives_logout=lasts)
    answer = await ask(old, "/", jar)
    assert (answer.code, answer.body) == (200, b"")
    assert json.loads((await ask(new, "/", jar, "GET")).body) == KEPT


@everywhere
@lasting
async def test_a_sign_out_drops_a_newer_value_whether_it_was_looked_at_or_not(
    user: Kind[Any], *, lasts: bool
) -> None:
    """Whoever leaves takes all along: what it is need not be known for that."""
    old, _, jar = await releases(user, outlives_logout=lasts)
    assert (await ask(old, "/", jar, "DELETE")).code == 200
    assert jar == {}

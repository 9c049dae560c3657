"""One application of a booth: what the visitor's browser holds of it, and who else looks at it.

Rule 1: what the visitor's browser holds is known from what passes. Only cookies of this shop count:
ports do not separate cookies, so the browser sends whatever another port of this host has set.
Rule 2: a guest is whoever else is in front of the same shop, a thief, say: their cookies are kept
here and never reach the visitor's browser.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..shop_visitor import Person, ShopVisitor
from ..targets import Target
from .people import People

_KEPT_EXCHANGES = 30


@dataclass
class Guest:
    """Somebody else's browser: whose it is, its cookies, and the page it is at."""

    whose: str
    jar: dict[str, str]
    path: str = "/"


@dataclass
class Side:
    """See the module's rules. ``jar`` is what the browser holds, ``pending`` what is to be handed
    over, ``doubted`` what it came with last that is not the jar, ``exchanges`` what passed, the
    newest first, ``path`` the page it is at, ``guest`` who sits beside, ``guests`` all who did.
    """

    target: Target
    people: People = field(default_factory=People)
    jar: dict[str, str] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    doubted: dict[str, str] | None = None
    exchanges: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT_EXCHANGES))
    path: str = "/"
    guest: Guest | None = None
    guests: dict[str, Guest] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether a process of it has ended."""
        return not self.target.runs

    @property
    def prefix(self) -> str:
        """How the names of its cookies begin."""
        return f"{self.target.state_name}-"

    def own(self, cookies: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Return those cookies that are this shop's."""
        return {name: value for name, value in cookies if name.startswith(self.prefix)}

    def register(self, person: Person) -> str | None:
        """Make an account, if there is none yet; return why not, if it could not be."""
        known = self.people.get(person.username)
        if known is not None:
            return None if known == person else "username: This name is taken."
        visitor = ShopVisitor(self.target.url, "you")
        reply = visitor.send("POST", "/register", person._asdict())
        if reply.status != 201:
            return _refusal(reply.json)
        self.people.add(person)
        return None


def _refusal(answer: Any) -> str:
    error = (answer or {}).get("error") or {}
    wrong = [f"{name}: {why}" for name, why in error.get("fields", {}).items()]
    return " ".join(wrong) or str(error.get("message", "This did not work."))

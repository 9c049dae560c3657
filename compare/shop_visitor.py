"""A person using the shop over HTTP: all that an experiment knows of a target.

Each verb is one request, or what a person would need several for. What an answer means is said
here once: nobody signed in is 401, what cannot be done by nature 501, an outage 503. Any other
answer is `Unexpected`, and an experiment ends with it instead of with a wrong verdict.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

from .browser import Begun, Browser, Reply

#: Every product that is for everyone; the catalogue is asked for them once per target.
PASSWORD = "violet-otter-91"
NEW_PASSWORD = "amber-falcon-17"

_PREFERENCES = ("results_per_page", "sort", "safe_search", "theme")
_OF_A_SESSION = ("handle", "current", "created_at", "device")

_numbers = count(1)


class Unexpected(Exception):
    """The target answered what its contract does not say."""


@contextmanager
def as_agreed(reply: Reply) -> Iterator[None]:
    """Say of an answer that has another shape than was agreed that it is `Unexpected`."""
    try:
        yield
    except (AttributeError, KeyError, TypeError) as error:
        start = " ".join(reply.text.split())[:80]
        raise Unexpected(f"an answer ({reply.status}) has another shape: “{start}”") from error


class Person(NamedTuple):
    """Somebody with an account. The email is a canary: it must not be seen where it should not."""

    username: str
    email: str
    password: str = PASSWORD


def new_person() -> Person:
    """Return somebody that no target has heard of yet."""
    number = next(_numbers)
    return Person(f"ann{number}", f"canary-{number}@post.example")


class ShopVisitor(Browser):
    """A visitor of the shop."""

    @property
    def held(self) -> dict[str, str]:
        """Whatever the visitor was given, by name, and is known by: a thief copies it."""
        return dict(self.jar)

    @held.setter
    def held(self, held: dict[str, str]) -> None:
        self.jar = dict(held)

    def copy(self, name: str) -> ShopVisitor:
        """Return somebody else with the same cookies: a thief, a second tab, yesterday's self."""
        return ShopVisitor(self.url, name, self.jar)

    def begin(self, method: str, path: str, value: Any = None, **headers: str) -> Begun:
        """Send all of a request but its last byte, as the proxy would that serves https."""
        return super().begin(method, path, value, X_Forwarded_Proto="https", **headers)

    # Accounts

    def register(self, person: Person) -> None:
        """Make an account."""
        self.expect(self.send("POST", "/register", person._asdict()), 201)

    def sign_in(self, person: Person, **headers: str) -> Reply:
        """Sign in."""
        fields = {"username": person.username, "password": person.password}
        return self.expect(self.send("POST", "/login", fields, **headers), 200)

    def sign_out(self) -> None:
        """Sign out; the target must confirm."""
        self.expect(self.send("POST", "/logout"), 204)

    def who(self) -> str | None:
        """Return the name of whoever is signed in, None for nobody."""
        return self.name_in(self.expect(self.ask_who(), 200, 401))

    def ask_who(self) -> Reply:
        """Ask who is signed in, whatever comes back."""
        return self.send("GET", "/account")

    def name_in(self, reply: Reply) -> str | None:
        """Return whom an answer to `ask_who` names, None for nobody."""
        if reply.status != 200:
            return None
        with as_agreed(reply):
            return str(reply.json["username"])

    def told_that_it_ended(self) -> bool:
        """Return whether the target says that there was a session, and that it has ended."""
        reply = self.expect(self.send("GET", "/account"), 200, 401)
        return reply.status == 401 and _code(reply) == "session_ended"

    def change_password(self, new: str = NEW_PASSWORD, current: str = PASSWORD) -> None:
        """Change it."""
        self.expect(self.send("POST", "/password", {"current": current, "new": new}), 204)

    def sessions(self) -> list[dict[str, Any]] | None:
        """Return the person's sessions, None where the target cannot know them."""
        reply = self.expect(self.send("GET", "/sessions"), 200, 501)
        if reply.status == 501:
            return None
        with as_agreed(reply):
            return [{name: each[name] for name in _OF_A_SESSION} for each in reply.json["sessions"]]

    def end_session(self, handle: str) -> bool:
        """End one of the person's sessions, or the ``others``; False where that cannot be."""
        reply = self.expect(self.send("POST", "/sessions/end", {"handle": handle}), 204, 501)
        return reply.status == 204

    def end_others(self) -> bool:
        """Use the option to end one's other sessions; False where there is none."""
        return self.end_session("others")

    # State

    def preferences(self) -> dict[str, Any]:
        """Return the preferences."""
        return preferences_in(self.expect(self.send("GET", "/preferences"), 200))

    def prefer(self, **changes: Any) -> Reply:
        """Change preferences."""
        return self.expect(self.send("POST", "/preferences", changes), 200)

    def skus(self) -> list[str]:
        """Return what may be put into the cart."""
        self.prefer(results_per_page=100)
        reply = self.expect(self.send("GET", "/products"), 200)
        with as_agreed(reply):
            return [product["sku"] for product in reply.json["products"]]

    def add(self, sku: str, note: str = "") -> Reply:
        """Put one into the cart, whatever comes back."""
        return self.begin_to_add(sku, note).finish()

    def begin_to_add(self, sku: str, note: str = "") -> Begun:
        """Send all of what `add` sends but the last byte."""
        item: dict[str, Any] = {"sku": sku, "quantity": 1}
        return self.begin("POST", "/cart", item | ({"note": note} if note else {}))

    def put(self, sku: str, note: str = "") -> None:
        """Put one into the cart; it must be taken."""
        self.expect(self.add(sku, note), 200)

    def took(self, reply: Reply) -> bool:
        """Return whether a change was confirmed."""
        return reply.status == 200

    def counted(self, reply: Reply) -> bool:
        """Return whether a change among others was confirmed; if not, they were in conflict."""
        return self.expect(reply, 200, 409).status == 200

    def remove(self, sku: str) -> None:
        """Take it out of the cart."""
        self.expect(self.send("DELETE", f"/cart/{sku}"), 200)

    def ask_everything(self) -> list[Reply]:
        """Ask for whatever is kept of the visitor, whatever comes back."""
        return [self.send("GET", path) for path in ("/account", "/cart", "/preferences")]

    def told(self, reply: Reply) -> Any:
        """Return what one of those answers tells of the visitor, to be held against another."""
        return reply.body

    def is_known(self, replies: list[Reply], stranger: list[Reply]) -> bool:
        """Return whether answers to `ask_everything` show what a stranger's do not."""
        who, cart, preferences = replies
        return bool(
            self.name_in(who)
            or cart_in(self.expect(cart, 200))
            or preferences_in(self.expect(preferences, 200)) != preferences_in(stranger[-1])
        )

    def was_refused(self, reply: Reply) -> bool:
        """Return whether a change was too large for the target."""
        return reply.status != 200 and bool(self.expect(reply, 413))

    def cart(self) -> dict[str, dict[str, Any]]:
        """Return the cart as ``{sku: {"quantity", "note"}}``, the note where there is one."""
        return cart_in(self.expect(self.send("GET", "/cart"), 200))

    def expect(self, reply: Reply, *statuses: int) -> Reply:
        """Return ``reply``; `Unexpected` unless it has one of the statuses."""
        if reply.status not in statuses:
            last = self.exchanges[-1].request.partition(" HTTP")[0]
            wanted = " or ".join(map(str, statuses))
            raise Unexpected(f"{self.name}: {last} answered {reply.status}, not {wanted}")
        return reply


def cart_in(reply: Reply) -> dict[str, dict[str, Any]]:
    """Return the cart that an answer tells."""
    with as_agreed(reply):
        return {
            item["sku"]: {name: item[name] for name in ("quantity", "note") if item.get(name)}
            for item in reply.json["items"]
        }


def preferences_in(reply: Reply) -> dict[str, Any]:
    """Return the preferences that an answer tells."""
    with as_agreed(reply):
        return {name: reply.json[name] for name in _PREFERENCES}


def size_of(value: Mapping[str, Any]) -> int:
    """Return the size of a value in bytes of JSON, as compact as JSON can be."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _code(reply: Reply) -> str:
    with as_agreed(reply):
        return str(reply.json["error"]["code"])

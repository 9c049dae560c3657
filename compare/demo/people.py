"""Who has an account in a shop, as far as it passed: by the page's form, or by hand in a pane.

Rule 1: an account that is made, used or given another password in a pane counts for the page, too:
what is tried next is tried as whoever signed in last.
Rule 2: passwords are kept for the booth alone, and are shown nowhere.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any
from urllib.parse import parse_qsl

from ..shop_visitor import Person

#: Statuses of a change that was made, asked for by a program or by a form.
_DONE = (200, 201, 204, 303)


class People:
    """The accounts of one shop, and who signed in there last."""

    def __init__(self) -> None:
        self._known: dict[str, Person] = {}
        self._here = ""

    def get(self, username: str) -> Person | None:
        """Return whoever has this name; capital letters make no other one."""
        return self._known.get(folded(username))

    def add(self, person: Person) -> None:
        """Remember an account."""
        self._known[folded(person.username)] = person

    def notice(self, path: str, fields: dict[str, str], status: int) -> Person | None:
        """Learn from a POST of these fields; return whoever has just signed in."""
        if status not in _DONE:
            return None
        if path == "/register":
            self.add(Person(*(fields.get(name, "") for name in Person._fields)))
        elif path == "/login":
            self._here = fields.get("username", "")
            return self.get(self._here)
        elif path == "/password" and (person := self.get(self._here)):
            self.add(person._replace(password=fields.get("new", "")))
        return None


def folded(username: str) -> str:
    """Return what two spellings of one name have in common."""
    return unicodedata.normalize("NFKC", username.strip().casefold())


def fields_of(body: bytes, content_type: str) -> dict[str, str]:
    """Return the fields of a form or of a JSON object; none for anything else."""
    try:
        text = body.decode()
        found: Any = json.loads(text) if "json" in content_type else dict(parse_qsl(text))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}

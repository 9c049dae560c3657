"""What whoever keeps sessions has to know of the kinds in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..confirmed import Confirmed, Texts
from ..kinds import Kind


class KindRules:
    """The rules of an application's kinds, by their names."""

    def __init__(self, kinds: Iterable[Kind[Any]] = ()) -> None:
        kinds = tuple(kinds)
        #: The kinds of which the later of two changes stands.
        self.last_write = frozenset(k.name for k in kinds if k.on_conflict == "last_write")
        #: The kinds of which two equal changes are two: each may have counted.
        self.concurrent = frozenset(k.name for k in kinds if k.needs.concurrent)
        #: The kinds that a sign-in takes along.
        self.inherited = frozenset(k.name for k in kinds if k.inherited)
        #: The bytes that a sign-in adds to a session: the value, its name in quotes, a colon and a
        #: comma.
        self.identity_size = sum(k.needs.size + len(k.name) + 4 for k in kinds if k.identity)
        self._identity = next((kind for kind in kinds if kind.identity), None)

    def person(self, values: Texts) -> str | None:
        """Return whom ``values`` say is signed in, None for nobody."""
        kind = self._identity
        text = Confirmed(values).text(kind) if kind is not None else None
        return kind.person(kind.decode(text)) if kind is not None and text is not None else None

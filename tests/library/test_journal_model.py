"""Any order of what a request does and what is confirmed meanwhile, against a dict of what is so.

The table at the top of `tornado_state.journal` says when a value in hand counts as changed:

    live is                          here
    read, and cannot change inside   `read` of a text
    read, and can                    `read`, then `change`
    a default that was handed out    `read` of nothing, then `change` or not
    assigned                         `assign`
    dropped                          `drop`

`MODEL_EXAMPLES` tries as many as it says, at random.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tornado_state import Conflict, Kind, StaleValue
from tornado_state.confirmed import Confirmed
from tornado_state.journal import Journal

REFUSE = Kind("refuse", list[int], default=[])
LAST = Kind("last", list[int], default=[0], on_conflict="last_write")
EACH = Kind("each", list[int], concurrent=True)
TEXT = Kind("text", str, default="")
KINDS: tuple[Kind[Any], ...] = (REFUSE, LAST, EACH, TEXT)

#: Few values, so that two requests often mean the same.
VALUES: dict[str, list[Any]] = {
    "refuse": [[], [1], [2]],
    "last": [[0], [1], [2]],
    "each": [[1], [2], [3]],
    "text": ["", "1", "2"],
}

Texts = dict[str, bytes]


class Model:
    """The journal, and what a plain dict says of the same.

    ``view`` is what a reader finds, None where that is nothing; ``base`` what is confirmed.
    """

    def __init__(self, base: Texts) -> None:
        self.journal = Journal(Confirmed(base))
        self.base = dict(base)
        self.view: dict[Kind[Any], Any] = {kind: self.kept(kind) for kind in KINDS}
        self.plans: list[Texts] = []
        #: Values that something other than the handler took out of its hands.
        self.lost: list[list[int]] = []

    def kept(self, kind: Kind[Any]) -> Any:
        text = self.base.get(kind.name)
        return None if text is None else kind.decode(text)

    def changes(self) -> dict[Kind[Any], Any]:
        return {kind: value for kind, value in self.view.items() if value != self.kept(kind)}

    def check(self) -> None:
        """See that the journal tells the changes, and each value, as the dict does."""
        told = {
            kind: None if text is None else kind.decode(text)
            for kind, text in self.journal.changes().items()
        }
        assert told == self.changes()
        for kind, value in self.view.items():
            text = self.journal.text(kind)
            assert (None if text is None else kind.decode(text)) == value
            assert self.journal.has(kind) == (value is not None)
        after = Confirmed(self.journal.with_changes(self.journal.changes()))
        assert {kind: after.text(kind) for kind in KINDS} == {
            kind: None if value is None else kind.encode(value) for kind, value in self.view.items()
        }

    # Steps

    def read(self, kind: Kind[Any], value: Any) -> None:
        expected = kind.initial() if self.view[kind] is None else self.view[kind]
        assert self.journal.read(kind) == expected

    def change(self, kind: Kind[Any], value: Any) -> None:
        held = self.journal.read(kind)
        if isinstance(held, list):
            held.append(7)
            self.view[kind] = list(held)

    def change_back(self, kind: Kind[Any], value: Any) -> None:
        """Leave a value as a default is: for a default that is as before, that is none."""
        held = self.journal.read(kind)
        if isinstance(held, list) and held:
            was_default = self.view[kind] is None
            held.append(held[-1])
            held.pop()
            assert self.journal.has(kind) != was_default

    def assign(self, kind: Kind[Any], value: Any) -> None:
        self.journal.assign(kind, kind.copy(value))
        self.view[kind] = value

    def drop(self, kind: Kind[Any], value: Any) -> None:
        self.journal.drop(kind)
        self.view[kind] = None

    def plan(self, kind: Kind[Any], value: Any) -> None:
        """The store sets to work; what is asked for after this is none of it."""
        self.plans = [dict(self.journal.with_changes(self.journal.changes()))]

    def confirm(self, kind: Kind[Any], value: Any) -> None:
        """The store has done as planned; nothing that was asked for since is undone by that."""
        if self.plans:
            self.base = self.plans.pop()
            self.journal.confirm(self.base)

    def update(self, kind: Kind[Any], value: Any) -> None:
        """An update was confirmed: what is in hand gives way, unless it was assigned since."""
        before = self.journal.text(kind)
        live = self.journal.read(kind)
        text = kind.encode(value)
        self.base = dict(Confirmed(self.base).with_changes({kind: text}))
        self.journal.confirm(self.base)
        self.journal.confirm_value(kind, before, text)
        self.view[kind] = value
        if isinstance(live, list):
            self.lost.append(live)
        self.plans.clear()

    def rebase(self, kind: Kind[Any], value: Any) -> None:
        """Another request has stored a value, or dropped it."""
        theirs = dict(self.base)
        theirs.pop(kind.name, None)
        if value != VALUES[kind.name][0]:
            theirs[kind.name] = kind.encode(value)
        mine, their = self.view[kind], Model(theirs).kept(kind)
        changed = kind in self.changes()
        moved = their != self.kept(kind)
        agree = alike(kind, mine, their)
        refused = changed and moved and not agree and kind.on_conflict == "refuse"
        held = [self.journal.read(k) for k in KINDS if isinstance(self.view[k], list)]
        if refused:
            with pytest.raises(Conflict, match=kind.name):
                self.journal.rebase(theirs)
            return
        self.journal.rebase(theirs)
        self.base = theirs
        if not changed:
            self.view[kind] = their
            self.lost += [v for v in held if moved and v is not self.journal.read(kind)][:0]
        self.plans.clear()

    def start_over(self, kind: Kind[Any], value: Any) -> None:
        """Somebody signs in, of whom nothing was changed yet: only what is inherited stays."""
        if not self.changes():
            self.journal.forget(self.base)
            self.journal.start_over({"text"})
            self.base = {name: text for name, text in self.base.items() if name == "text"}
            self.view = {kind: self.kept(kind) for kind in KINDS}
            self.lost.clear()
            self.plans.clear()

    def forget(self, kind: Kind[Any], value: Any) -> None:
        self.journal.forget(self.base)
        self.view = {kind: self.kept(kind) for kind in KINDS}
        self.lost.clear()
        self.plans.clear()

    def reread(self, kind: Kind[Any], value: Any) -> None:
        live = self.journal.read(kind)
        self.journal.reread(self.base)
        self.view = {kind: self.kept(kind) for kind in KINDS}
        if isinstance(live, list):
            self.lost.append(live)
        self.plans.clear()

    def change_lost(self, kind: Kind[Any], value: Any) -> None:
        """A value that was taken out of the handler's hands changes: that is told."""
        for held in self.lost:
            held.append(9)
            with pytest.raises(StaleValue):
                self.journal.changes()
            held.pop()


def alike(kind: Kind[Any], mine: Any, theirs: Any) -> bool:
    if kind.needs.concurrent:
        return mine is None and theirs is None
    default = kind.initial()
    return (default if mine is None else mine) == (default if theirs is None else theirs)


STEPS = [name for name in vars(Model) if not name.startswith("_")]
STEPS = [name for name in STEPS if name not in {"kept", "changes", "check"}]
STEP = st.tuples(st.sampled_from(STEPS), st.sampled_from(KINDS), st.integers(0, 2))
BASE = st.dictionaries(st.sampled_from(KINDS), st.integers(0, 2))
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))


@settings(
    max_examples=EXAMPLES or 300,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(BASE, st.lists(STEP, max_size=12))
def test_what_is_told_as_changed_is_what_changed(base: Any, steps: Any) -> None:
    """After any steps the journal's changes are the difference of what is in hand to its base."""
    texts = {kind.name: kind.encode(VALUES[kind.name][n]) for kind, n in base.items()}
    model = Model(texts)
    for name, kind, number in steps:
        getattr(model, name)(kind, VALUES[kind.name][number])
        model.check()

"""What a request asked for, held against what is confirmed. Pure.

Three things are kept apart, and no await mixes them up:

    base    what is confirmed: the texts in the record, or in the cookies that came
    live    what the request has in hand: values that were read, handed out as defaults, or assigned
    told    what the visitor is told, which is the business of whoever sends the answer

Whether a kind changed is never noted down; it is told by comparing live with base whenever somebody
asks. So it does not matter in which order a handler awaits, assigns and changes values from within,
and a confirmation that arrives changes the base and nothing else.

    live is                          and it counts as changed when
    read, and cannot change inside   never
    read, and can                    its text is no longer the base's
    a default that was handed out    its text is no longer the default's, or is once more
    assigned                         the base says something else, or nothing
    dropped                          the base says anything

What another request stored (`rebase`) is taken for every kind that this one did not change, else
:mod:`.conflicts` decides. Values of other versions are in :mod:`.confirmed`.
"""

from __future__ import annotations

from collections.abc import Collection
from sys import getrefcount
from typing import Any, TypeVar, cast

import msgspec

from .confirmed import NOTHING, Changes, Confirmed, Texts, only
from .conflicts import collides
from .exceptions import Conflict
from .in_hand import NO_VALUE, InHand, Watch, change_of, may_have_changed, text_or_none
from .kinds import Kind
from .values import is_immutable

T = TypeVar("T")


class Journal(msgspec.Struct, eq=False):
    """See the module's rules. ``base`` is what is confirmed."""

    _base: Confirmed = msgspec.field(default_factory=Confirmed)
    #: Whether a change inside a value comes too late.
    sealed: bool = False
    _live: dict[Kind[Any], InHand] = {}
    _watch: Watch | None = None

    @property
    def base(self) -> Texts:
        """What is confirmed, and visible to this request."""
        return self._base.texts

    def kept(self, kind: Kind[Any]) -> bytes | None:
        """Return the confirmed text of the kind in today's version, None without one."""
        return self._base.kept(kind)

    def learn(self, texts: Texts) -> None:
        """Take ``texts`` for confirmed as well."""
        self._base = Confirmed({**self._base.texts, **texts} if self._base.texts else texts)

    def has(self, kind: Kind[Any]) -> bool:
        """Return whether the kind has a value; a default that is as it was is none."""
        live = self._live.get(kind)
        if live is None:
            return self._base.text(kind) is not None
        if live.is_default:
            return kind.written(live.value) != live.text
        return live.value is not NO_VALUE

    def read(self, kind: Kind[T], default: Any = NO_VALUE) -> Any:
        """Return the value, the live one, or else ``default``, or else the kind's own.

        A default is handed out like a value: what is changed inside it counts. As long as nothing
        is, another default takes its place.
        """
        live = self._live.get(kind) or self._read_base(kind)
        if (
            live is not None
            and live.value is not NO_VALUE
            and (not live.is_default or self.has(kind))
        ):
            return live.value
        value = kind.initial() if default is NO_VALUE else default
        return value if is_immutable(value) else self._hand_out(kind, value, live)

    def assign(self, kind: Kind[T], value: T, *, by_update: bool = False) -> None:
        """Have ``value``; raises `InvalidValue`, `TooLarge`, or `NotKnownHere` for a newer one.

        ``by_update`` it was made from the one in hand, which is watched from now on.
        """
        self._base.check_known(kind)
        before, none = self._live.get(kind), kind.is_none(value)
        text = b"" if none else kind.encode(value)
        if by_update and before is not None and before.value is not value:
            self._watched().add(kind, before.value)
        self._live[kind] = _dropped() if none else InHand(value, text, assigned=True)

    def drop(self, kind: Kind[Any], *, whatever: bool = False) -> None:
        """Have no value; `NotKnownHere` for a newer one, unless ``whatever`` there is is to go."""
        if not whatever:
            self._base.check_known(kind)
        self._live[kind] = _dropped()

    def text(self, kind: Kind[Any]) -> bytes | None:
        """Return the text of the value as it stands, None without one."""
        live = self._live.get(kind)
        if live is None or not self.has(kind):
            return None if live else self._base.text(kind)
        return live.text if is_immutable(live.value) else kind.encode(live.value)

    def changes(self) -> dict[Kind[Any], bytes | None]:
        """Return what is not as the base says; `InvalidValue`, `TooLarge`, `StaleValue`."""
        if self._watch is not None:
            self._watch.check()
        changes = {kind: change_of(kind, live, self._base) for kind, live in self._live.items()}
        return {kind: text for kind, text in changes.items() if text is not NO_VALUE}

    def may_have_changed(self) -> bool:
        """Return whether `changes` may have anything to tell, or to refuse."""
        is_stale = self._watch is not None and any(True for _ in self._watch.stale())
        return is_stale or may_have_changed(self._live, self._base)

    def change(self, kind: Kind[Any]) -> bytes | None:
        """Return the new text of one kind, None for none; as `changes`, without looking around."""
        live = self._live.get(kind)
        text = NO_VALUE if live is None else change_of(kind, live, self._base)
        return None if text is NO_VALUE else text

    def with_changes(self, changes: Changes) -> Texts:
        """Return the base with ``changes``."""
        return self._base.with_changes(changes)

    def confirm(self, base: Texts) -> None:
        """``base`` is what is confirmed by now; what came in hand meanwhile stays in hand."""
        self._base = Confirmed(base)
        for kind, live in self._live.items():
            # As it was handed out, it is no value any more: the one that is kept is to go.
            if live.is_default and kind.record_name in base:
                live.dropped = True

    def let_go_of_dropped(self) -> None:
        """Have nothing in hand of what was dropped and is gone: what comes after it is newer."""
        live, names = self._live, self._base.names
        self._live = {kind: v for kind, v in live.items() if v.value is not NO_VALUE or names(kind)}

    def confirm_value(self, kind: Kind[Any], before: bytes | None, text: bytes | None) -> None:
        """Take what ``text`` says, None for none, unless another was assigned since ``before``."""
        live = self._live.get(kind)
        if live is not None:
            if self.text(kind) != before:
                return
            self._watched().add(kind, live.value)
        # Assigned: what a request has updated, its sign-in takes along.
        self._live[kind] = (
            _dropped() if text is None else InHand(kind.decode(text), text, assigned=True)
        )

    def rebase(self, theirs: Texts) -> None:
        """Carry the changes over to what another request stored; `Conflict` if that cannot be."""
        changes = self.changes()
        there = Confirmed(theirs)
        sides = {kind: (self._base.kept(kind), there.kept(kind)) for kind in self._live}
        refused = [kind.name for kind in changes if collides(kind, changes[kind], *sides[kind])]
        if refused:
            raise Conflict(tuple(sorted(refused)))
        moved = [kind for kind, (was, now) in sides.items() if was != now and kind not in changes]
        for kind in moved:
            self._watched().add(kind, self._live.pop(kind).value)
        self._base = Confirmed(theirs)

    def start_over(self, inherited: Collection[str]) -> None:
        """Keep of the base only what is ``inherited``, by name, and what was assigned since."""
        for kind, live in list(self._live.items()):
            if live.is_default or live.assigned or kind.name in inherited:
                continue
            del self._live[kind]
            was = self._base.text(kind) or live.text
            self._watched().add_as(kind, live.value, kind.encode(kind.decode(was)))
        self._base = Confirmed(only(inherited, self._base.texts))

    def forget(self, base: Texts = NOTHING) -> None:
        """Have nothing in hand, and ``base`` for confirmed."""
        self._live.clear()
        self._watch = None
        self._base = Confirmed(base)

    def reread(self, base: Texts) -> None:
        """Have nothing in hand, and ``base`` for confirmed; what was handed out is watched."""
        for kind, live in self._live.items():
            self._watched().add(kind, live.value)
        self._live.clear()
        self._base = Confirmed(base)

    def late_changes(self) -> tuple[list[str], bool]:
        """Return the names of kinds whose values changed inside since they were told, each once.

        With it, whether one that did not, and still can, has more references than the two here.
        """
        late, held = [], False
        for kind, live in self._live.items():
            if live.seen is None:
                continue
            if kind.values.written(live.value) != live.seen:
                late.append(kind.name)
                live.seen = None
            elif not held:
                held = getrefcount(live.value) > 2
        return late, held

    def _watched(self) -> Watch:
        self._watch = self._watch or Watch()
        return self._watch

    def _read_base(self, kind: Kind[Any]) -> InHand | None:
        text = self._base.texts.get(kind.record_name) or self._base.text(kind)
        if text is None:
            return None
        live = self._live[kind] = InHand(kind.values.decode(text), text)
        if self.sealed:
            self._see(live, kind)
        return live

    def _hand_out(self, kind: Kind[T], value: T, before: InHand | None) -> T:
        """Return a default, which may be changed from within, or the same one as ``before``."""
        if (text := text_or_none(kind, value)) is None:
            self._watched().add(kind, value)  # no value of the kind: a change inside would be lost
            return value
        dropped = False
        if before is not None:
            if before.text == text:
                return cast("T", before.value)
            self._watched().add(kind, before.value)
            dropped = before.dropped
        live = self._live[kind] = InHand(value, text, is_default=True, dropped=dropped)
        if self.sealed:
            self._see(live, kind)
        return value

    def _see(self, live: InHand, kind: Kind[Any]) -> None:
        """A value that is handed out when changes inside come too late."""
        if not is_immutable(live.value):
            live.seen = kind.written(live.value)


def _dropped() -> InHand:
    return InHand(NO_VALUE, b"", assigned=True, dropped=True)

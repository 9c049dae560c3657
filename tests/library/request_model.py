"""What must become of a visitor's state, request by request; see `test_request_model`.

The model knows what a handler has in hand (`live`), and what may be confirmed. Mostly that is one
thing. Where a store call was interrupted it is two, until the next answer or look tells:

    what happens                    in hand              may be confirmed
    assign, change, drop, sign in   as the handler says  as before
    commit, answered                the same             what was in hand
    commit, conflict or ended       the same             as before
    commit, nobody answered         the same             as before, or what was in hand
    sign in, nor was a look         the same             nothing, as well
    update, where a session stands  with it              with it, and all that was in hand
    reload                          what is confirmed    as before
    another request, acknowledged   its change as well,  its change as well
                                    but where both did
    answer below 500                -                    what was in hand
    answer of 500 and above         -                    as before
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tornado_state import StateError, StoreUnavailable


@dataclass(frozen=True)
class Kept:
    """Values in the session. ``count`` is known as the least and the most that it can be."""

    items: tuple[str, ...] = ()
    note: str = ""
    count: tuple[int, int] = (0, 0)
    user: str | None = None

    @property
    def is_something(self) -> bool | None:
        """Whether there is anything to keep, None where only a count may be."""
        low, high = self.count
        if replace(self, count=(low, low)) != Kept():
            return True
        return None if high else False

    def counted(self, least: int = 1) -> Kept:
        low, high = self.count
        return replace(self, count=(low + least, high + 1))

    def is_what(self, seen: dict[str, Any]) -> bool:
        low, high = self.count
        said = (tuple(seen["items"]), seen["note"], seen["user"])
        return said == (self.items, self.note, self.user) and low <= seen["count"] <= high


@dataclass(frozen=True)
class Carried:
    """Values in cookies; a draft is for ``owner`` only."""

    theme: str = ""
    draft: tuple[str, ...] = ()
    owner: str | None = None
    #: Whether one may be there that was signed for somebody else.
    hidden: bool = False

    def is_what(self, seen: dict[str, Any]) -> bool:
        draft = self.draft if self.owner == seen["user"] else ()
        return seen["theme"] == self.theme and (self.hidden or tuple(seen["draft"]) == draft)


@dataclass
class Model:
    """See the module. ``record`` is whether a session stands, None where nobody can tell."""

    live: Kept = Kept()
    carried: Carried = Carried()
    kept: list[Kept] = field(default_factory=lambda: [Kept()])
    sent: list[Carried] = field(default_factory=lambda: [Carried()])
    #: What the handler was told is confirmed: it goes on with that where a look is in vain.
    told: tuple[Kept, Carried] = (Kept(), Carried())
    record: bool | None = False
    ended_elsewhere: bool = False
    ends: bool = False
    renews: bool = False
    asked_in: bool = False
    stale: bool = False
    #: Whether what the handler did to items is about what stands: another request may have been.
    items_on_top: bool = True
    #: What this request takes for the items that stand, where another has changed them since.
    behind: tuple[str, ...] | None = None
    theirs: tuple[str, ...] = ()
    assigned: bool = False
    changed_within: bool = False
    #: What items are if an update of them was done that nobody answered: the handler's own.
    added: tuple[str, ...] | None = None
    faults: int = 0
    #: Whether a look at the store was in vain: what is in hand may be older than what stands.
    unsure: bool = False
    before_end: Kept = Kept()
    #: Whether more than one thing may be in hand after a look in vain.
    either: bool = False
    #: Whether another request has changed items meanwhile.
    shared: bool = False

    # What a handler does

    def have(self, **values: Any) -> None:
        self.live = replace(self.live, **values)

    def carry(self, **values: Any) -> None:
        self.carried = replace(self.carried, **values)

    def set_items(self, items: tuple[str, ...], seen: list[str], *, assigned: bool) -> None:
        """Have ``items``, after the handler has ``seen`` what was there."""
        if items == self.behind:
            self.have(items=self.theirs)  # as it was: no change
            self.on_top()
            return
        if not self.items_changed:
            if items == tuple(seen):
                return  # as it is already: no change
            anew = self.ends or self.asked_in
            self.items_on_top = anew or tuple(seen) == self.base.items
            self.behind = None if self.items_on_top else tuple(seen)
        # A default that is filled in is the handler's own, like what it assigns.
        self.assigned |= assigned or (not seen and not self.changed_within)
        self.changed_within |= not assigned
        self.have(items=items)

    def on_top(self) -> None:
        """What the handler does to items is about what stands."""
        self.items_on_top, self.behind = True, None

    @property
    def base(self) -> Kept:
        """What the handler's changes are held against."""
        if self.ends or self.asked_in:
            return Kept()
        return self.before_end if self.ended_elsewhere else self.kept[-1]

    @property
    def items_changed(self) -> bool:
        return self.live.items != self.base.items

    def sign_in(self, user: str) -> None:
        if not self.assigned:
            had_some = bool(self.base.items)
            self.stale |= self.changed_within and had_some and self.items_changed
            if had_some or self.unsure:
                self.have(items=())  # also what may have ended since it was looked at
        if self.carried.owner != self.live.user:  # it is somebody else's
            self.carry(draft=(), hidden=self.carried.hidden or bool(self.carried.draft))
        self.have(user=user)
        self.carry(owner=user)
        self.renews = self.asked_in = True
        self.on_top()

    def destroy(self) -> None:
        self.live, self.carried = Kept(), replace(self.carried, draft=(), owner=None)
        self.ends, self.stale, self.asked_in = True, False, False
        self.on_top()
        self.assigned = self.changed_within = False

    # What became of it

    def committed(self) -> None:
        """All that was in hand is confirmed."""
        if not self.ended_elsewhere or self.ends or self.asked_in:
            self.session_committed()
        else:
            counted_alike = replace(self.live, count=self.before_end.count)
            assert counted_alike == self.before_end, "an ended session lives again"
        # After a look in vain, they may have gone along with whom nobody in hand is.
        others = [kept.user for kept in self.kept if self.unsure and kept.user]
        self.sent = [*(replace(self.carried, owner=user) for user in others), self.carried]
        self.told = self.told[0], self.carried

    def session_committed(self) -> None:
        self.check_confirmed()
        stands = bool(self.record and not self.ends)
        self.record = stands or self.live.is_something
        self.kept = [*self.kept, *self.in_hand()] if self.unsure else [self.live]
        self.told = self.live, self.told[1]
        if self.ends or self.asked_in:
            self.sent = self.gone_along()
            self.told = self.live, self.goes_along(self.told[1])
        self.ends = self.renews = self.asked_in = self.ended_elsewhere = False
        self.on_top()

    def in_hand(self) -> list[Kept]:
        """Return what may be in hand, last what most likely is.

        An update that nobody answered may be below it, of items or of the count.
        """
        if not self.unsure:
            return [self.live]
        below = [self.live]
        if not self.items_changed:
            below = [replace(self.live, items=kept.items) for kept in self.kept]
        if self.live.count == self.told[0].count:
            below += [replace(each, count=kept.count) for each in below for kept in self.kept]
        return [*below, self.live]

    def check_confirmed(self) -> None:
        assert not self.stale, "a change within a value that was replaced is lost"
        assert self.items_on_top or not self.items_changed, "another request's items are lost"

    def updated(self, **values: Any) -> None:
        """An update was answered: it stands, with all that was in hand, if a session does."""
        if self.record:
            self.session_committed()
        self.have(**values)
        if self.record is None:
            self.may_stand([self.live])
        elif self.record:
            self.kept, self.told = [self.live], (self.live, self.told[1])

    def failed(self, error: Exception) -> None:
        """A commit failed, and may have been done all the same if nobody answered."""
        if isinstance(error, StateError) and not isinstance(error, StoreUnavailable):
            return
        self.may_stand(self.in_hand())
        self.record = None
        self.may_have_neither()

    def may_stand(self, kept: list[Kept]) -> None:
        """What is in hand may be confirmed as well, and cookies have gone along."""
        self.kept += kept
        if self.ends or self.asked_in:
            self.sent += self.gone_along()

    def learn(self, seen: dict[str, Any]) -> None:
        """A commit was answered: what is in hand, ``seen``, is what stands, whatever was unsure.

        But for what others have done meanwhile that this request has not looked at.
        """
        kept = [kept for kept in self.kept if kept.is_what({**seen, "count": kept.count[0]})]
        if kept:
            self.live = kept[-1]
            self.kept, self.told, self.unsure = [self.live], (self.live, self.told[1]), False
            self.assigned |= self.live.items == self.added

    def gone_along(self) -> list[Carried]:
        """Return the cookies of whoever was signed in or out, once the store has that."""
        return [self.goes_along(sent) for sent in self.sent]

    def goes_along(self, carried: Carried) -> Carried:
        return replace(carried, owner=self.live.user, draft=() if self.ends else carried.draft)

    def may_have_neither(self) -> None:
        """Know that the old ID may have ended and the new one be nobody's: two answers lack."""
        if self.ends or (self.renews and self.faults > 1):
            self.kept.insert(0, Kept())

    def failed_to_count(self, error: Exception) -> None:
        """The same of an update of the count."""
        self.failed(error)
        if isinstance(error, StoreUnavailable) or not isinstance(error, StateError):
            self.live = self.live.counted(0)
            self.kept.append(self.live)

    def forget(self, seen: dict[str, Any] | None) -> None:
        """What is not confirmed is forgotten; ``seen`` is what the handler finds, if anything."""
        if seen is None:
            self.unsure = True
        else:
            self.kept = [kept for kept in self.kept if kept.is_what(seen)]
            self.sent = [sent for sent in self.sent if sent.is_what(seen)]
            assert self.kept, ("reload", seen)
            assert self.sent, ("reload", seen)
            self.kept = [replace(self.kept[-1], count=(seen["count"], seen["count"]))]
            self.told = self.kept[-1], self.sent[-1]
            self.unsure = False
        self.live, self.carried = self.told
        self.renews = self.renews and seen is None  # it may be under way
        self.ends = self.asked_in = self.ended_elsewhere = False
        self.on_top()
        self.assigned = self.changed_within = False

    # What others do meanwhile

    def meanwhile(self, change: Callable[[Kept], Kept]) -> None:
        self.kept = [change(kept) for kept in self.kept]
        self.told = change(self.told[0]), self.told[1]

    def others_counted(self) -> None:
        self.meanwhile(lambda kept: kept.counted())
        if not self.ends:
            self.live = self.live.counted()

    def others_noted(self, note: str) -> None:
        if self.live.note == self.kept[-1].note and not self.ends and not self.ended_elsewhere:
            self.have(note=note)
        self.meanwhile(lambda kept: replace(kept, note=note))

    def others_had(self, items: tuple[str, ...]) -> None:
        changed, self.shared = self.items_changed, True
        stood = self.kept[-1].items
        self.meanwhile(lambda kept: replace(kept, items=items))
        if self.ends or self.asked_in:
            return
        self.theirs = items
        if changed and items == self.behind:
            self.on_top()
        elif changed and self.live.items != items:
            self.items_on_top = False
            self.behind = stood if self.behind is None else self.behind
        else:
            self.have(items=items)

    def others_ended(self) -> None:
        self.before_end = self.kept[-1]
        self.kept, self.ended_elsewhere, self.record = [Kept()], True, None

    # What was answered

    def answered(self, code: int) -> None:
        """See that an answer may be given, and what is confirmed by it."""
        if code in {200, 418}:
            self.committed()
        elif code == 503:
            self.failed(StoreUnavailable("the answer"))
        elif self.record is None:
            self.may_have_neither()

    def seen(self, values: dict[str, Any]) -> Model:
        """See that the visitor has what may be confirmed; returns the model for what follows."""
        kept = [kept for kept in self.kept if kept.is_what(values)]
        sent = [sent for sent in self.sent if sent.is_what(values)]
        assert kept, (values, self)
        assert sent, (values, self)
        count = values["count"]
        now = replace(kept[-1], count=(count, count))
        carried = sent[-1]
        # Of several that may be there, each may have one that is another person's.
        if any(each.draft and each.owner != values["user"] for each in sent):
            carried = replace(carried, hidden=True)
        return Model(now, carried, [now], [carried], (now, carried), bool(values["record"]))

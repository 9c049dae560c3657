"""A session as one request sees it: what the store confirmed, and what was asked for since.

Pure: no clock, no store, no cookie. The server-session tier takes a plan (:mod:`.plan`), has the
store do it, and says what was confirmed.

Rule 1: a plan is a picture of one moment. What is asked for while the store is at work is none of
it, is not undone by its confirmation, and is in the next plan.
Rule 2: what was confirmed stays so, whatever becomes of the request: `cookie` is to be sent with
every answer, an error's too.
Rule 3: a write that was interrupted may have happened. Until that was looked up (`interrupted`),
nothing is written over it, and the value it was about cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ..confirmed import NOTHING, Changes, Confirmed, Texts, only
from ..cookies.wire import SetCookie
from ..exceptions import OutcomeUnknown
from ..journal import Journal
from ..kinds import Kind
from .id_cookie import NOBODY, Presented
from .kind_rules import KindRules
from .plan import ABSENT, CHANGED, CONTINUE, DESTROY, UNCHANGED, Asked, Interrupted, Plan, Status
from .stored import StoredSession
from .turns import Turn


class Session(msgspec.Struct, eq=False):
    """The per-request session. See the module's rules.

    ``stored`` is the version in the store, None without one. ``ended`` says that the request named
    a session which the store definitely no longer has, ``renewed`` that it goes on under an ID
    which the request did not know of yet; ``old`` is then what it was, ``was`` what may be seen of
    it. ``presented`` is what the request's cookies say.
    """

    stored: StoredSession | None = None
    rules: KindRules = KindRules()
    presented: Presented = NOBODY
    ended: bool = False
    old: StoredSession | None = None
    was: Texts = NOTHING
    journal: Journal = None  # type: ignore[assignment]  # made of what is confirmed
    cookie: SetCookie | None = None
    interrupted: Interrupted | None = None
    grace: bool = True
    counts_as_use: bool = True  # whether the request pushes the idle clock
    label: str = ""  # what a list of sessions says of it
    address: str = ""  # where the request comes from
    turn: Turn = msgspec.field(default_factory=Turn)  # one call of the store at a time
    sign_outs: int = 0  # of this request, that the store has confirmed
    is_ending: bool = False  # it was asked for one, and nobody knows what became of that
    signed_in: bytes | None = None  # what says so, where that is no value of the session's
    given_up: bool = False  # the request failed: nothing will be asked for any more
    refused: bool = False  # a new ID was, by somebody who has to know of it: all was forgotten
    when_begun: tuple[Callable[[StoredSession], None], ...] = ()  # called with one under a new ID
    _asked: Asked = CONTINUE
    _restart_clock: bool = False
    _remember: bool = False
    _identity: bytes | None = None
    moment: int = 0

    def __post_init__(self) -> None:
        self.journal = Journal(Confirmed(self.stored.values if self.stored else self.was))

    @property
    def renewed(self) -> bool:
        """Whether the session goes on under an ID which the request did not know of."""
        return self.old is not None and self.stored is None

    @property
    def renewal_interrupted(self) -> bool:
        """Whether nobody knows under which ID the session goes on."""
        return self.interrupted is not None and self.interrupted.successor is not None

    # What is asked for

    def renew_id(self, *, grace: bool = True) -> None:
        """Continue under a new ID; without ``grace`` the old one is dead at once."""
        self.grace = self.grace and grace
        if self._asked in (CONTINUE, Asked.RENEW):
            self._ask(Asked.RENEW)

    def sign_in(self, *, remember: bool, identity: bytes | None = None) -> None:
        """Continue under a new ID, with new clocks, and with nothing that is not inherited."""
        self.journal.start_over(() if self.renewed else self.rules.inherited)
        self._remember, self._restart_clock, self._identity = remember, True, identity
        self._ask(DESTROY if self._asked is DESTROY else Asked.SIGN_IN)

    def destroy(self) -> None:
        """End this session. What is assigned afterwards begins another."""
        self.journal.forget()
        self._restart_clock = self._remember = False
        self._ask(DESTROY)

    def discard(self) -> None:
        """Forget all that is not confirmed."""
        self.journal.forget(self._confirmed)
        self._continue()

    def check_known(self, kind: Kind[Any]) -> None:
        """Raise `OutcomeUnknown` while nobody knows what an interrupted write made of the value."""
        if self.interrupted is not None and self.interrupted.kind is kind:
            raise OutcomeUnknown(f"a change of {kind.name} was interrupted, and may have happened")

    # What the store is to do, and did

    @property
    def status(self) -> Status:
        """What has become of the session; see the table in :mod:`.plan`."""
        return self._status(bool(self.journal.changes()))

    def asks_for_something(self) -> bool:
        """Return whether a plan may be anything but to leave the session as it is."""
        if self._asked is not CONTINUE and (self.stored is not None or self.presented.named):
            return True
        return self.journal.may_have_changed()

    @property
    def may_begin(self) -> bool:
        """Whether a plan might bring a new session ID, and so a cookie."""
        return self.stored is None or self._asked is not CONTINUE

    def plan(self) -> Plan:
        """Return what the store is to do as of now."""
        changes = self.journal.changes()
        stored = self.stored
        remembered = self._remember if self._restart_clock or stored is None else stored.remembered
        return Plan(
            self._status(bool(changes)),
            self.journal.with_changes(changes) if stored else self._first(changes),
            changes,
            self._asked,
            self.moment,
            self._asked is DESTROY,
            self._restart_clock,
            remembered,
            self.grace,
            self._identity if self._restart_clock else None,
        )

    def still_asks_for(self, plan: Plan) -> bool:
        """Return whether nothing else was asked for since the plan."""
        return plan.moment == self.moment

    def confirm(self, plan: Plan, stored: StoredSession | None) -> None:
        """The store has done as planned, and ``stored`` is what it has now."""
        self.stored = stored
        self.interrupted = None
        self.old, self.was = None, NOTHING
        if plan.asked is DESTROY:
            self._has_ended()
        if plan.restart_clock or plan.asked is DESTROY:
            self.signed_in = plan.identity
        if self._asked is not CONTINUE and self.still_asks_for(plan):
            self._asked = CONTINUE
            self._restart_clock = self._remember = False
            self.grace = True
        self.journal.confirm(self._seen(stored))

    def confirm_value(
        self, kind: Kind[Any], before: bytes | None, text: bytes | None, stored: StoredSession
    ) -> None:
        """The store has the value that ``text`` says, or none, made from ``before``.

        Whoever signs in meanwhile has it if it is inherited.
        """
        self.stored = stored
        self.interrupted = None
        self.journal.confirm(self._seen(stored))
        signing_in = self._asked is Asked.SIGN_IN and kind.name not in self.rules.inherited
        if self._asked is not DESTROY and not signing_in:
            self.journal.confirm_value(kind, before, text)

    def rebase(self, theirs: StoredSession) -> None:
        """Carry this request's changes over to the version another request stored meanwhile.

        At a sign-in only what is inherited counts of it: the other request may be an attacker's
        (ASVS 5.0 7.2.4).
        """
        self.journal.rebase(self._seen(theirs))
        self.stored = theirs
        self.interrupted = None

    def forget_unsaved(self) -> None:
        """Forget all that is not confirmed; what was handed out is watched."""
        self.journal.reread(self._confirmed)
        self._continue()

    def take(self, theirs: StoredSession | None) -> None:
        """Take what the store has, None for a session that is over, for what is confirmed."""
        if self.stored is None:
            return
        self.journal.rebase(self._seen(theirs))
        self.stored = theirs
        self.ended = self.ended or theirs is None
        self.interrupted = None
        if theirs is None and self.is_ending:
            self._has_ended()
        self.is_ending = False

    # Within

    def _has_ended(self) -> None:
        self.sign_outs += 1
        self.is_ending = False

    @property
    def _confirmed(self) -> Texts:
        return self.stored.values if self.stored else self.was

    def _continue(self) -> None:
        self._restart_clock = self._remember = False
        self.grace = True
        self._ask(CONTINUE)

    def _ask(self, asked: Asked) -> None:
        self._asked = asked
        self.moment += 1

    def _seen(self, stored: StoredSession | None) -> Texts:
        """Return what of a version this request may see, by what it has asked for."""
        if stored is not None and self._asked is CONTINUE:
            return stored.values
        if stored is None or self._asked is DESTROY:
            return NOTHING
        signing_in = self._asked is Asked.SIGN_IN
        return only(self.rules.inherited, stored.values) if signing_in else stored.values

    def _first(self, changes: Changes) -> Texts:
        """Return the values of a first record: nothing of what an old one said."""
        first = {kind: text for kind, text in changes.items() if text is not None}
        return Confirmed().with_changes(first)

    def _status(self, changed: bool) -> Status:
        if self.stored is None:
            return Status.NEW if changed else self._without_record()
        if self._asked is CONTINUE:
            return CHANGED if changed else UNCHANGED
        return Status.DESTROYED if self._asked is DESTROY and not changed else Status.RENEWED

    def _without_record(self) -> Status:
        # Whatever the cookies name is to end, junk is to go from the browser.
        let_go = self._asked is DESTROY and self.presented.named
        return Status.DESTROYED if let_go else ABSENT

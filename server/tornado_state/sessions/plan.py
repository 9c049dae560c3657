"""What the store is to do about a session, as of one moment.

status      meaning                                   the tier then
ABSENT      nothing stored, nothing assigned          does nothing, sends nothing
NEW         nothing stored, something assigned        adds a record under a new ID
UNCHANGED   stored, still equal to what was loaded    touches it, when that is due
CHANGED     stored, and different now                 replaces exactly the version loaded
RENEWED     stored, and to continue under a new ID    adds the new record, ends the old one
DESTROYED   stored or ended already, and to end       ends the record, clears the cookie
"""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

import msgspec

from ..confirmed import NOTHING, Changes, Texts
from ..kinds import Kind
from .stored import StoredSession


class Status(Enum):
    """See the table above."""

    ABSENT = "absent"
    NEW = "new"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    RENEWED = "renewed"
    DESTROYED = "destroyed"


class Asked(Enum):
    """What is to become of a session, beside its values."""

    CONTINUE = "continue"
    RENEW = "renew"
    SIGN_IN = "sign in"
    DESTROY = "destroy"


#: Asked for with every request: to look each up in its class takes much longer.
ABSENT, UNCHANGED, CHANGED = Status.ABSENT, Status.UNCHANGED, Status.CHANGED
CONTINUE, DESTROY = Asked.CONTINUE, Asked.DESTROY


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What the store is to do, as of one moment.

    ``replaces`` is whether the record under a new ID owes nothing to the old one, which was
    destroyed, ``restart_clock`` whether it is as of now. ``identity`` says who signs in by
    it, where no value of the session's does.
    """

    status: Status
    values: Texts
    changes: Changes
    asked: Asked
    moment: int
    replaces: bool
    restart_clock: bool
    remembered: bool
    grace: bool
    identity: bytes | None


class Interrupted(NamedTuple):
    """A write whose outcome nobody knows: of a value of ``kind``, or of a whole plan.

    ``before`` is the text of the value that it was made from; ``successor`` the record that a
    renewed session was to continue in.
    """

    sealed: bytes = b""
    values: Texts = NOTHING
    kind: Kind[Any] | None = None
    before: bytes | None = None
    successor: StoredSession | None = None
    plan: Plan | None = None

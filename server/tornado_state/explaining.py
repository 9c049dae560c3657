"""One line in the log, at the level DEBUG, for each thing that is done about a state, or is not.

Rule 1: a line says what and why, by the names of kinds and cookies; never an ID or a value.
Rule 2: nothing is worked out for a line that nobody logs.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from .cookies.wire import SetCookie
from .exceptions import StateError
from .sessions.plan import Asked, Plan, Status
from .sessions.request_session import RequestSession
from .sessions.tier import ServerSessionTier

log = logging.getLogger(__name__)

_SAVED = {
    Status.ABSENT: "session not saved: there is none, and nothing was assigned",
    Status.NEW: "session saved, for the first time: {kinds} assigned",
    Status.CHANGED: "session saved: {kinds} changed",
    Status.DESTROYED: "session ended: a sign-out was asked for",
}
_RENEWED = {
    Asked.SIGN_IN: "session saved under a new ID: a sign-in was asked for",
    Asked.RENEW: "session saved under a new ID: a renewal was asked for",
    Asked.DESTROY: "session ended, and another one saved: {kinds} assigned after a sign-out",
}


#: Returns whether anybody logs this.
is_asked_for = partial(log.isEnabledFor, logging.DEBUG)


def explain_load(session: RequestSession) -> None:
    """Say whether the session was loaded."""
    log.debug(_load(session))


def explain_commit(session: RequestSession, status: int) -> None:
    """Say what an answer of that status is going to have saved."""
    tier = session.tier_to_ask
    if status >= 500:
        log.debug("session not saved: the answer is %d", status)
    elif tier is None or not session.needed:
        log.debug("session not saved: it was not loaded")
    else:
        log.debug(_commit(session, tier))


def explain_cookies(cookies: Sequence[SetCookie]) -> None:
    """Say which cookies go out."""
    for cookie in cookies:
        why = "what it keeps is new" if cookie.keeps else "what it kept is over"
        log.debug("cookie %s sent: %s", cookie.name, why)
    if not cookies:
        log.debug("no cookie sent: nothing that one keeps has changed")


def _load(session: RequestSession) -> str:
    if not session.needed:
        return "session not loaded: the handler uses no kind that is in it"
    if session.trouble is not None:
        return f"session not loaded: {session.trouble}"
    known = session.known
    if known.stored is not None:
        return "session loaded: the request names it, and the handler uses a kind in it"
    if known.ended:
        return "session loaded: the request names one that is over"
    named = known.presented.named
    return f"session not loaded: the request names none{' that can be trusted' if named else ''}"


def _commit(session: RequestSession, tier: ServerSessionTier) -> str:
    try:
        plan = session.known.plan()
    except StateError as error:
        return f"session not saved: {error}"
    if plan.status is Status.UNCHANGED:
        return _touch(session, tier)
    said = _RENEWED[plan.asked] if plan.status is Status.RENEWED else _SAVED[plan.status]
    return said.format(kinds=_kinds(plan))


def _touch(session: RequestSession, tier: ServerSessionTier) -> str:
    stored = session.known.stored
    if not session.known.counts_as_use:
        return "session not touched: the request is no use of it"
    if stored is not None and tier.records.touch_due(stored):
        return "session touched: a part of its idle timeout has passed"
    return "session neither saved nor touched: it is as it was, and was used a moment ago"


def _kinds(plan: Plan) -> str:
    return ", ".join(sorted(kind.name for kind in plan.changes)) or "nothing"

"""A session as one request sees it: what it plans, and what a confirmation does to it."""

from __future__ import annotations

from typing import Any

import pytest
from state_app import ADA, BASKET, LINES, SEEN, STEP, WHO
from tornado_state import Kind, OutcomeUnknown, StaleValue
from tornado_state.sessions.id_cookie import Presented
from tornado_state.sessions.kind_rules import KindRules
from tornado_state.sessions.plan import Interrupted, Plan, Status
from tornado_state.sessions.session import Session
from tornado_state.sessions.stored import StoredSession

RULES = KindRules([BASKET, LINES, STEP, SEEN, WHO])
NAMED = Presented("A" * 43, named=True)


def stored(**values: bytes) -> StoredSession:
    return StoredSession("id", "key", 1_700_000_000, 1_700_000_000, False, values, b"sealed", b"1")


def loaded(**values: bytes) -> Session:
    return Session(stored(**values), rules=RULES)


def empty(**options: Any) -> Session:
    return Session(rules=RULES, **options)


def confirmed(session: Session, plan: Plan | None = None) -> None:
    """Have the store done as planned, now or before."""
    plan = plan or session.plan()
    session.confirm(plan, stored(**plan.values))


def test_nothing_assigned_is_absent() -> None:
    """Without a record, looking at a session and taking back what was assigned leave nothing."""
    session = empty()
    assert session.journal.read(STEP) is None
    assert session.status is Status.ABSENT
    session.journal.assign(STEP, "a")
    assert session.status is Status.NEW
    session.journal.drop(STEP)
    assert session.status is Status.ABSENT


def test_reading_changes_nothing() -> None:
    """A loaded session stays unchanged, looked at or not."""
    session = loaded(lines=b"[1]")
    assert session.status is Status.UNCHANGED
    assert session.journal.read(LINES) == [1]
    assert session.status is Status.UNCHANGED


def test_a_change_is_planned_with_all_that_stays() -> None:
    """The values of a plan are those of the whole record to be."""
    session = loaded(basket=b"1", step=b'"a"')
    session.journal.assign(BASKET, 2)
    plan = session.plan()
    assert (plan.status, plan.changes) == (Status.CHANGED, {BASKET: b"2"})
    assert plan.values == {"basket": b"2", "step": b'"a"'}


def test_renewal_counts_whatever_the_data() -> None:
    """To continue under a new ID is to be renewed, and owes the old record its clock."""
    session = loaded(basket=b"1")
    session.renew_id()
    session.renew_id()
    plan = session.plan()
    assert plan.status is Status.RENEWED
    assert (plan.replaces, plan.restart_clock, plan.grace) == (False, False, True)


def test_a_sign_in_is_a_renewal_with_new_clocks() -> None:
    """It counts from now, remembered or not, and a renewal asked for besides takes nothing away."""
    session = loaded(basket=b"1", seen=b"1")
    session.sign_in(remember=True)
    session.renew_id()
    plan = session.plan()
    assert plan.status is Status.RENEWED
    assert (plan.restart_clock, plan.remembered) == (True, True)
    assert plan.values == {"basket": b"1"}


def test_renewing_nothing_is_nothing() -> None:
    """Without a record there is no ID to renew."""
    session = empty()
    session.renew_id()
    assert session.status is Status.ABSENT


def test_grace_is_given_by_all_who_ask_or_not_at_all() -> None:
    """One who wants the old ID dead at once is enough, until that is done."""
    session = loaded(basket=b"1")
    session.renew_id(grace=False)
    session.renew_id()
    assert not session.plan().grace
    confirmed(session)
    session.renew_id()
    assert session.plan().grace


def test_destroying_ends_what_was_loaded() -> None:
    """A destroyed session is empty and to be ended; destroying wins over renewing."""
    session = loaded(basket=b"1")
    session.renew_id()
    session.destroy()
    session.renew_id()
    assert session.status is Status.DESTROYED
    assert not session.journal.has(BASKET)


def test_what_is_assigned_after_destroying_begins_another() -> None:
    """It owes nothing to the one destroyed, a sign-in neither."""
    session = loaded(basket=b"1")
    session.destroy()
    session.sign_in(remember=False)
    session.journal.assign(SEEN, 2)
    plan = session.plan()
    assert (plan.status, plan.replaces) == (Status.RENEWED, True)
    assert plan.values == {"seen": b"2"}


def test_destroying_what_has_ended_lets_go_of_it() -> None:
    """Whatever cookie there is, is to be cleared, junk too; without one there is nothing to do."""
    for session in (empty(ended=True, presented=NAMED), empty(presented=Presented(named=True))):
        assert session.status is Status.ABSENT
        session.destroy()
        assert session.status is Status.DESTROYED
        session.journal.assign(SEEN, 1)
        assert session.status is Status.NEW
    session = empty()
    session.journal.assign(SEEN, 1)
    session.destroy()
    assert session.status is Status.ABSENT


def test_a_confirmation_settles_what_it_is_about() -> None:
    """After a write, the session is what the store has."""
    session = loaded(basket=b"1")
    session.journal.assign(BASKET, 2)
    session.sign_in(remember=True)
    confirmed(session)
    plan = session.plan()
    assert plan.status is Status.UNCHANGED
    assert (plan.restart_clock, plan.remembered) == (False, False)
    assert session.journal.read(BASKET) == 2


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda session: session.renew_id(), Status.RENEWED),
        (lambda session: session.sign_in(remember=False), Status.RENEWED),
        (lambda session: session.destroy(), Status.DESTROYED),
        (lambda session: session.journal.assign(BASKET, 3), Status.CHANGED),
        (lambda session: session.journal.drop(BASKET), Status.CHANGED),
    ],
    ids=["renew", "sign in", "destroy", "assign", "drop"],
)
@pytest.mark.parametrize("before", ["change", "renew"])
def test_what_is_asked_for_while_the_store_is_at_work_is_not_undone(
    before: str, ask: Any, status: Status
) -> None:
    """It is none of the plan that is confirmed, and is in the next one."""
    session = loaded(basket=b"1")
    session.journal.assign(BASKET, 2)
    if before == "renew":
        session.renew_id()
    plan = session.plan()
    ask(session)
    confirmed(session, plan)
    assert session.status is status
    confirmed(session)
    assert session.status is Status.UNCHANGED


def test_rebasing_carries_changes_over() -> None:
    """What this request changed is made anew on the version that another stored."""
    session = loaded(basket=b"1", seen=b"1")
    session.journal.assign(BASKET, 2)
    session.rebase(stored(basket=b"1", seen=b"5"))
    assert session.plan().values == {"basket": b"2", "seen": b"5"}
    assert session.status is Status.CHANGED


def test_rebasing_at_a_sign_in_takes_what_is_inherited_only() -> None:
    """The other request may have been an attacker's."""
    session = loaded(basket=b"1")
    session.sign_in(remember=False)
    session.rebase(stored(basket=b"2", seen=b"5", step=b'"planted"'))
    assert session.plan().values == {"basket": b"2"}


def test_discarding_forgets_what_is_not_confirmed() -> None:
    """Values, renewal, sign-in, sign-out, and the wish for no grace."""
    session = loaded(basket=b"1")
    session.renew_id(grace=False)
    session.sign_in(remember=True)
    session.destroy()
    session.journal.assign(BASKET, 2)
    session.discard()
    assert session.status is Status.UNCHANGED
    assert session.journal.read(BASKET) == 1
    assert session.plan().grace


def test_what_was_there_before_a_renewal_is_seen_again_after_discarding() -> None:
    """An error page shows what a request under way may see."""
    session = empty(ended=True, old=stored(), was={"basket": b"3"})
    assert session.renewed
    session.journal.assign(BASKET, 4)
    session.discard()
    assert session.journal.read(BASKET) == 3


def test_a_sign_in_under_a_renewed_id_takes_nothing_along() -> None:
    """What stood there is another session's by now, inherited or not."""
    session = empty(ended=True, old=stored(), was={"basket": b"3"})
    session.sign_in(remember=False)
    session.journal.assign(WHO, ADA)
    assert session.plan().values == {"who": b'{"id":"ada"}'}


def test_what_is_not_saved_is_forgotten_and_watched() -> None:
    """Values, and what was asked for; a change inside a value that was handed out would be lost."""
    session = loaded(lines=b"[1]", basket=b"1")
    value = session.journal.read(LINES)
    session.journal.assign(BASKET, 2)
    session.sign_in(remember=True)
    session.forget_unsaved()
    assert session.status is Status.UNCHANGED
    assert session.journal.read(BASKET) == 1
    value.append(2)
    with pytest.raises(StaleValue):
        session.plan()


def test_what_the_store_has_is_taken_for_what_is_confirmed() -> None:
    """What was assigned since stays; a session that is gone has ended."""
    session = loaded(basket=b"1")
    session.journal.assign(SEEN, 2)
    session.take(stored(basket=b"5"))
    assert session.plan().values == {"basket": b"5", "seen": b"2"}
    assert not session.ended
    session.discard()
    session.take(None)
    assert (session.status, session.ended) == (Status.ABSENT, True)
    assert not session.journal.has(BASKET)


def test_where_there_never_was_a_session_none_is_taken_for_ended() -> None:
    """Who had none has none, and sees on what a request under way may see."""
    session = empty(was={"basket": b"3"})
    session.take(None)
    assert not session.ended
    assert session.journal.read(BASKET) == 3


def test_what_an_interrupted_update_was_about_cannot_be_read() -> None:
    """Of other kinds everything is known."""
    session = loaded(basket=b"1")
    session.check_known(BASKET)
    session.interrupted = Interrupted(kind=BASKET)
    session.check_known(SEEN)
    with pytest.raises(OutcomeUnknown, match="basket"):
        session.check_known(BASKET)


def test_a_value_confirmed_after_a_sign_out_was_asked_for_is_gone_with_the_rest() -> None:
    """The store has it, and the session that it has it in is to end."""
    session = loaded(basket=b"1")
    session.destroy()
    session.confirm_value(BASKET, b"1", b"2", stored(basket=b"2"))
    assert not session.journal.has(BASKET)
    assert session.status is Status.DESTROYED


@pytest.mark.parametrize(("kind", "taken"), [(BASKET, {"basket": b"2"}), (SEEN, {})])
def test_a_value_confirmed_after_a_sign_in_was_asked_for_goes_along_if_it_is_inherited(
    kind: Kind[int], taken: dict[str, bytes]
) -> None:
    """It was made of what was there before: of anything else, whoever signs in begins anew."""
    session = loaded(**{kind.name: b"1"})
    session.sign_in(remember=False)
    session.confirm_value(kind, b"1", b"2", stored(**{kind.name: b"2"}))
    assert session.plan().values == taken

"""Every experiment bites: on a weakness planted for it, it says what it is there to say."""

from __future__ import annotations

from pathlib import Path

import pytest
from kept_targets import KeptTargets
from quick_cost import have_quick_cost
from tornado_state import SERVER_SESSION, SIGNED_COOKIE
from weak_app import WEAKNESSES

from compare.experiments import (
    EXPERIMENTS,
    absolute_expiry,
    account_disabled,
    adoption,
    after_sign_out,
    attributes,
    capacity,
    cost,
    disclosure,
    failed_save,
    fixation,
    idle_expiry,
    leaked_secret,
    leaked_store,
    listing,
    lost_update,
    replay,
    resurrection,
    revocation,
    rollback,
    rotation,
    second_device,
    store_down,
    store_evicting,
    store_restarted,
    store_weight,
    tampering,
    theft,
    wire_weight,
)
from compare.targets import Application, Targets

FOLDER = Path(__file__).parent

#: What each weakness must make an experiment say.
SEEN = [
    (disclosure, "tells_the_email_in_a_cookie", disclosure.READABLE),
    (tampering, "verifies_no_signature", tampering.ACCEPTED),
    (tampering, "breaks_on_a_changed_cookie", tampering.BROKEN),
    (tampering, "believes_any_cart_cookie", tampering.ACCEPTED),
    (rotation, "knows_the_newest_secret_alone", rotation.SIGNS_OUT),
    (rotation, "never_forgets_a_secret", rotation.STILL_COUNTS),
    (replay, "signs_out_in_the_browser_only", replay.STILL_IN),
    (replay, "remembers_sessions_in_the_process", replay.STILL_IN),
    (replay, "shows_the_cart_after_sign_out", replay.CART_LEFT),
    (resurrection, "saves_with_plain_set", resurrection.ALIVE),
    (revocation, "keeps_others_at_a_change_of_password", revocation.STAY),
    (revocation, "keeps_its_id_at_a_change_of_password", revocation.COPY_STAYS),
    (account_disabled, "remembers_sessions_in_the_process", account_disabled.STILL_IN),
    (listing, "lists_only_the_current_session", listing.NOT_LISTED),
    (listing, "says_that_it_ended_sessions", listing.NOT_ENDED),
    (theft, "remembers_sessions_in_the_process", theft.OUTLIVES),
    (rollback, "keeps_the_cart_in_a_cookie", rollback.BACK),
    (lost_update, "saves_with_plain_set", lost_update.LOST),
    (fixation, "keeps_its_id_at_sign_in", fixation.LET_IN),
    (adoption, "adopts_what_it_never_gave", adoption.ADOPTED),
    (attributes, "lets_scripts_read_its_cookies", attributes.LACKING),
    (idle_expiry, "ignores_the_idle_timeout", idle_expiry.STILL_IN),
    (idle_expiry, "never_pushes_the_idle_clock", idle_expiry.CUT_SHORT),
    (absolute_expiry, "never_pushes_the_idle_clock", absolute_expiry.CUT_SHORT),
    (absolute_expiry, "ignores_the_absolute_timeout", absolute_expiry.SIGN_IN_STAYS),
    (absolute_expiry, "keeps_the_cart_in_a_cookie", absolute_expiry.STAYS),
    (after_sign_out, "forgets_preferences_at_sign_out", after_sign_out.GONE),
    (second_device, "shows_everybody_the_last_cart", second_device.FOLLOWS),
    (capacity, "sends_cookies_of_any_size", capacity.LOST),
    (capacity, "loses_what_was_there_when_it_refuses", capacity.DAMAGED),
    (capacity, "refuses_no_size", capacity.ENDLESS),
    (leaked_secret, "trusts_a_signed_sign_in", leaked_secret.FORGED),
    (leaked_secret, "adopts_any_session_id", leaked_secret.ADOPTED),
    (leaked_store, "stores_what_anybody_can_read", leaked_store.READABLE),
    (leaked_store, "stores_what_anybody_can_inflate", leaked_store.READABLE),
    (leaked_store, "uses_the_session_id_as_the_key", leaked_store.SIGNS_IN),
    (store_down, "takes_an_outage_for_signed_out", store_down.SIGNED_OUT),
    (store_down, "takes_the_cookie_away_in_an_outage", store_down.COOKIE_LOST),
    (store_down, "answers_an_outage_with_500", store_down.ERROR),
    (store_down, "blocks_once_in_an_outage", store_down.SLOW),
    (store_down, "waits_long_in_an_outage", store_down.SLOW),
    (failed_save, "answers_before_saving", failed_save.LOST),
    (store_restarted, "never_says_that_a_session_ended", store_restarted.NOT_TOLD),
    (store_evicting, "never_says_that_a_session_ended", store_restarted.NOT_TOLD),
    (wire_weight, "keeps_the_cart_in_a_cookie", wire_weight.GROWS),
    (store_weight, "stores_a_session_for_whoever_looks", store_weight.READERS_TOO),
    (cost, "looks_up_three_times", cost.MORE),
]

#: Those whose weakness is one of the application in cookies.
IN_COOKIES = {"sends_cookies_of_any_size", "forgets_preferences_at_sign_out"}


#: With these, nothing can be said.
UNTRIED = {
    "signs_nobody_in",
    "refuses_every_change_of_a_cart",
    "answers_every_second_change_with_500",
}

#: What is tried without anybody signed in.
WITHOUT_SIGN_IN = {"capacity", "wire-weight", "store-weight", "cost"}


def weak(name: str) -> Application:
    """Return the shop with a weakness."""
    tier = SIGNED_COOKIE if name in IN_COOKIES else SERVER_SESSION
    environment = {"WEAKNESS": name, "PYTHONPATH": str(FOLDER)}
    return Application("weak_app", tier, environment)


@pytest.mark.parametrize("name", dict.fromkeys(name for _, name, _ in SEEN))
def test_a_weakness_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is said in the experiment's own word, it is not as promised, and is shown."""
    have_quick_cost(monkeypatch)
    application = "cookie" if name in IN_COOKIES else "session"
    words = {module.EXPERIMENT: word for module, planted, word in SEEN if planted == name}
    with Targets({application: weak(name)}) as targets:
        found = {each: each.carried_out(targets, application) for each in words}
    assert {each: finding.word for each, finding in found.items()} == words, found
    assert not any(finding.as_expected for finding in found.values())
    # From outside nobody sees what has become too old: the weak ones sign in by a session.
    assert not any("signature" in finding.sentence for finding in found.values())
    assert all(finding.exchanges or each is cost.EXPERIMENT for each, finding in found.items())


def test_nothing_is_judged_where_nobody_can_sign_in() -> None:
    """That nobody is signed in is no success of an application where nobody ever is."""
    with KeptTargets({"session": weak("signs_nobody_in")}) as targets:
        words = {
            each.name: each.carried_out(targets, "session").word
            for each in EXPERIMENTS
            if each.name not in WITHOUT_SIGN_IN
        }
    assert words == dict.fromkeys(words, "could not be tried")


def test_no_write_is_lost_where_none_is_confirmed_and_that_is_no_success() -> None:
    """Of writes that were all refused nobody can tell whether any would have been lost."""
    with Targets({"session": weak("refuses_every_change_of_a_cart")}) as targets:
        finding = lost_update.EXPERIMENT.carried_out(targets, "session")
    assert finding.outcome is None
    assert "of 8 changes at the same time 0 was confirmed" in finding.sentence


def test_a_tab_that_is_answered_with_an_error_is_no_conflict() -> None:
    """A change is confirmed or in conflict; an outage in between is neither."""
    with Targets({"session": weak("answers_every_second_change_with_500")}) as targets:
        finding = lost_update.EXPERIMENT.carried_out(targets, "session")
    assert finding.outcome is None
    assert "answered 500" in finding.sentence


def test_every_experiment_has_been_seen_to_find_something() -> None:
    """There is no experiment without a weakness, and no weakness without an experiment."""
    assert {each[0].EXPERIMENT for each in SEEN} == set(EXPERIMENTS)
    assert {each[1] for each in SEEN} | UNTRIED == set(WEAKNESSES)

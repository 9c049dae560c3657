"""The kinds of wrong verdict that were seen on real applications: each is right now.

Each small application misled an earlier checker: it was called good, or bad, for another reason.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from served import ACCOUNT, FILE, PASSWORD, REGISTER, WRITE, Page, Server, Site

from compare.activity import Activity
from compare.carriers import carriers
from compare.check.trial import BROKEN, KEPT, NOT_TRIED
from compare.experiments import (
    absolute_expiry,
    adoption,
    attributes,
    capacity,
    disclosure,
    fixation,
    idle_expiry,
    lost_update,
    replay,
    resurrection,
    revocation,
    tampering,
)
from compare.shop_visitor import ShopVisitor, Unexpected

SIGNED_IN_TO_WRITE = WRITE.replace("[read]", "without_sign_in = false\n[read]")


def test_an_attacker_goes_where_a_victim_goes(server: Server) -> None:
    """An ID that only the sign-in's own page gives out, and that is kept, is fixation."""
    found = server.checked(
        fixation.EXPERIMENT, "gives_an_id_on_its_login_page", "keeps_its_id_at_sign_in"
    )
    assert (found.verdict, found.word) == (BROKEN, fixation.LET_IN), found.sentence


def test_a_new_id_at_sign_in_is_no_fixation(server: Server) -> None:
    """What was given out before is dead after it."""
    found = server.checked(fixation.EXPERIMENT, "gives_an_id_on_its_login_page")
    assert (found.verdict, found.word) == (KEPT, fixation.DEAD), found.sentence


def test_an_attacker_plants_what_is_left_of_a_session_of_their_own(server: Server) -> None:
    """Where nothing is given out before, an ID that outlives its sign-out is planted."""
    found = server.checked(
        fixation.EXPERIMENT, "keeps_its_id_at_sign_out", "keeps_its_id_at_sign_in"
    )
    assert (found.verdict, found.word) == (BROKEN, fixation.LET_IN), found.sentence


def test_an_attacker_plants_a_session_of_their_own(server: Server) -> None:
    """Whoever signs in over somebody else's session must not be found in that session."""
    file = FILE.replace(ACCOUNT, REGISTER)
    found = server.checked(fixation.EXPERIMENT, "keeps_its_id_at_sign_in", file=file)
    assert (found.verdict, found.word) == (BROKEN, fixation.LET_IN), found.sentence
    assert server.checked(fixation.EXPERIMENT, file=file).verdict == KEPT


def test_without_a_cookie_it_is_said_where_one_was_looked_for(server: Server) -> None:
    """That there is nothing to plant is a result only of having looked."""
    found = server.checked(fixation.EXPERIMENT)
    assert found.verdict == KEPT
    assert "asked for were /, /login, /me" in found.sentence


@pytest.mark.parametrize(
    "experiment", [fixation, adoption, disclosure, replay, tampering, attributes]
)
def test_nothing_that_can_do_without_asks_for_write(server: Server, experiment: object) -> None:
    """With [who] and a sign-in alone these are tried."""
    assert server.checked(experiment.EXPERIMENT).verdict == KEPT


def test_a_write_that_blinds_who_is_said(server: Server) -> None:
    """[write] changes the e-mail that [who] looks for: nobody is "signed out" by that."""
    file = FILE.replace(ACCOUNT, REGISTER).replace("user {username}", "user {email}")
    habits = "names_the_email", "changes_the_email_with_a_note", "signs_out_in_the_browser_only"
    found = server.checked(replay.EXPERIMENT, *habits, file=file + SIGNED_IN_TO_WRITE)
    assert (found.verdict, found.word) == (BROKEN, replay.STILL_IN)
    blind = server.checked(resurrection.EXPERIMENT, *habits, file=file + SIGNED_IN_TO_WRITE)
    assert "[write] changes what [who] looks for" in blind.sentence


def test_two_cookies_are_changed_one_at_a_time_within_the_jar(server: Server) -> None:
    """Where both are needed, one that nobody looks at is found; alone each was "refused"."""
    found = server.checked(tampering.EXPERIMENT, "needs_two_cookies_and_looks_at_one")
    assert (found.verdict, found.word) == (BROKEN, tampering.ACCEPTED)
    assert "flag" in found.sentence


@pytest.mark.parametrize("habit", ["ids_in_base64", "ids_in_padded_base64"])
def test_what_decodes_to_the_same_bytes_is_no_change(server: Server, habit: str) -> None:
    """The last character means the same in sixteen ways, and what pads it nothing at all."""
    found = server.checked(tampering.EXPERIMENT, habit)
    assert (found.verdict, found.word) == (KEPT, tampering.REFUSED), found.sentence


def test_an_id_that_is_taken_beside_another_cookie_is_taken(server: Server) -> None:
    """It lets nobody in alone; that another one was given out instead is not so."""
    found = server.checked(adoption.EXPERIMENT, "takes_any_id_beside_a_proof")
    assert (found.verdict, found.word) == (BROKEN, adoption.ADOPTED), found.sentence
    assert found.demand is not None
    assert found.demand.severity == "low"
    assert "sid" in found.sentence


def test_same_site_none_is_no_same_site(server: Server) -> None:
    """Attributes are parsed: None is not as good as Lax because it is there."""
    found = server.checked(attributes.EXPERIMENT, "says_same_site_none")
    assert found.verdict == BROKEN
    assert "SameSite=None" in found.sentence
    assert found.demand.source == "ASVS 3.3.2"


def test_what_restores_a_sign_in_is_judged(server: Server) -> None:
    """Two cookies that together bring a lost one back carry the sign-in as well."""
    found = server.checked(attributes.EXPERIMENT, "restores_from_two_cookies")
    assert found.verdict == BROKEN
    assert "series has no HttpOnly" in found.sentence


@pytest.mark.parametrize(
    ("enough", "found"),
    [
        (["a"], [{"a"}]),
        (["a", "b"], [{"b"}, {"a"}]),
        (["ab"], [{"a", "b"}]),
        (["a", "bc"], [{"b", "c"}, {"a"}]),
        (["da", "db"], [{"d", "b"}, {"d", "a"}]),
    ],
)
def test_what_a_sign_in_rests_on_is_found(enough: list[str], found: list[set[str]]) -> None:
    """One cookie, either of two, two together, one that two others bring back, one with either."""
    held = dict.fromkeys("abcd", "x")
    parts = carriers(held, lambda kept: any({*each} <= kept.keys() for each in enough))
    assert sorted(map(sorted, parts)) == sorted(map(sorted, found))


@pytest.mark.parametrize(
    "habit",
    [
        "answers_a_page_with_an_error",
        "redirects_to_its_login",
        "answers_json_with_an_error",
        "answers_no",
    ],
)
def test_a_status_below_400_is_no_success(server: Server, habit: str) -> None:
    """What is refused on a page, by a redirect or in JSON is not confirmed and lost."""
    found = server.checked(capacity.EXPERIMENT, habit, file=FILE + WRITE)
    assert (found.verdict, found.word) == (KEPT, capacity.REFUSED), found.sentence


def test_a_page_for_everybody_is_not_what_a_copy_shows(server: Server) -> None:
    """A stranger is asked first: what is public is not left over from a session."""
    found = server.checked(replay.EXPERIMENT, "shows_notes_to_all", file=FILE + WRITE)
    assert (found.verdict, found.word) == (KEPT, replay.OUT), found.sentence


END_OTHERS = PASSWORD + '[end_others]\npath = "/end-others"\n'


def test_the_option_to_end_others_is_what_the_clause_asks_for(server: Server) -> None:
    """Others that stay in until one ends them are kept; ASVS 7.4.3 asks for the option."""
    found = server.checked(revocation.EXPERIMENT, "lets_others_be", file=FILE + END_OTHERS)
    assert (found.verdict, found.word) == (KEPT, revocation.OPTION), found.sentence


def test_an_option_that_does_nothing_is_none(server: Server) -> None:
    """It was used, and the other device is still in."""
    found = server.checked(
        revocation.EXPERIMENT, "lets_others_be", "ends_no_others", file=FILE + END_OTHERS
    )
    assert (found.verdict, found.word) == (BROKEN, revocation.STAY), found.sentence


@pytest.mark.parametrize(("more", "verdict"), [("", NOT_TRIED), ("has_option = false", BROKEN)])
def test_without_a_word_on_the_option_nothing_is_judged(
    server: Server, more: str, verdict: str
) -> None:
    """A file that does not say whether there is one gives no verdict; one that says no, does."""
    found = server.checked(revocation.EXPERIMENT, "lets_others_be", file=FILE + PASSWORD + more)
    assert found.verdict == verdict, found.sentence


class Renewed(Page):
    """Gives a new ID to the session in which the password is changed, and leaves the old one."""

    def post_password(self) -> None:
        super().post_password()
        self.keep(self.site.new_id(), self.session)


@pytest.mark.parametrize("page", [Page, Renewed])
def test_a_copy_of_ones_own_is_a_remark(server: Server, page: type[Page]) -> None:
    """No clause asks for it; what is missing is that the old token ends, whether or not it is."""
    found = server.checked(revocation.EXPERIMENT, file=FILE + PASSWORD, page=page)
    assert (found.verdict, found.word) == (KEPT, revocation.COPY_STAYS)
    (remark,) = found.remarks
    assert "could end as well" in remark


class Bounded(Page):
    """Keeps the latest ten notes."""

    def post_notes(self) -> None:
        super().post_notes()
        notes = self.session.get("notes", {})
        for key in [*notes][:-10]:
            del notes[key]


class Starting(Page):
    """Begins anew with a note that is too large for the others to stay."""

    def post_notes(self) -> None:
        super().post_notes()
        notes = self.session.get("notes", {})
        largest = max(notes, key=lambda key: len(notes[key]), default="")
        if len(notes.get(largest, "")) > 1_000_000:
            self.keep(self.session_id, {**self.session, "notes": {largest: notes[largest]}})


@pytest.mark.parametrize(
    ("page", "verdict", "word"),
    [(Bounded, KEPT, capacity.ENDLESS), (Starting, BROKEN, capacity.LOST)],
)
def test_what_makes_room_for_another_was_not_refused(
    server: Server, page: type[Page], verdict: str, word: str
) -> None:
    """A list of the latest ten loses nothing to a large value; what was confirmed may be lost."""
    found = server.checked(capacity.EXPERIMENT, file=FILE + WRITE, page=page)
    assert (found.verdict, found.word) == (verdict, word), found.sentence
    assert "refused" not in found.sentence


class Raced(Page):
    """Keeps notes with those that there were when their request began, before its last byte."""

    def prepare(self) -> None:
        super().prepare()
        self.began_with = dict(self.session.get("notes", {}))

    async def post(self) -> None:  # type: ignore[override]
        if self.request.path != "/notes":
            return super().post()
        await asyncio.sleep(0.01)  # the others begin meanwhile
        self.keep(self.session_id, {**self.session, "notes": self.began_with})
        return super().post()


@pytest.mark.parametrize(("page", "verdict"), [(Page, KEPT), (Bounded, NOT_TRIED), (Raced, BROKEN)])
def test_what_is_lost_without_a_race_is_no_lost_update(
    server: Server, page: type[Page], verdict: str
) -> None:
    """The changes that are missing are made once more, one after the other."""
    found = server.checked(lost_update.EXPERIMENT, file=FILE + WRITE, page=page)
    assert found.verdict == verdict, found.sentence


def test_an_old_token_that_stays_good_is_broken(server: Server) -> None:
    """ASVS 7.2.4 has the current token ended, not only a new one made."""
    found = server.checked(fixation.EXPERIMENT, "keeps_everything_in_a_cookie", file=FILE + WRITE)
    assert (found.verdict, found.word) == (BROKEN, fixation.STICKS)
    assert found.demand.severity == "low"


def test_one_fault_is_not_counted_twice(server: Server) -> None:
    """Where a copy is good after any sign-out, no race is needed: that is replay's to say."""
    found = server.checked(
        resurrection.EXPERIMENT, "signs_out_in_the_browser_only", file=FILE + WRITE
    )
    assert (found.verdict, found.word) == (NOT_TRIED, resurrection.WITHOUT_IT)
    again = server.checked(replay.EXPERIMENT, "signs_out_in_the_browser_only", file=FILE + WRITE)
    assert again.verdict == BROKEN


def test_what_can_be_read_is_not_called_opaque(server: Server) -> None:
    """An address in JSON in base64 is found, and in what it was wrapped is said."""
    found = server.checked(disclosure.EXPERIMENT, "keeps_everything_in_a_cookie", "keeps_the_email")
    assert (found.verdict, found.word) == (BROKEN, disclosure.READABLE)
    assert "the email address, as JSON in base64 in state" in found.sentence


def test_a_name_that_can_be_read_is_a_remark(server: Server) -> None:
    """What was found is said apart from whether it is a secret."""
    found = server.checked(disclosure.EXPERIMENT, "keeps_everything_in_a_cookie")
    assert found.verdict == KEPT
    assert found.remarks == ("It tells the name, as JSON in base64 in state.",)


@pytest.mark.parametrize(
    ("experiment", "told", "lacks"),
    [(absolute_expiry, "idle = 2", "absolute"), (idle_expiry, "absolute = 6", "idle")],
)
def test_one_time_out_is_not_taken_for_the_other(
    server: Server, experiment: Any, told: str, lacks: str
) -> None:
    """A file that tells one of them has the other not tried."""
    found = server.checked(experiment.EXPERIMENT, file=f"{FILE}[timeouts]\n{told}\n")
    assert found.verdict == NOT_TRIED, found.sentence
    assert f"no {lacks} in [timeouts]" in found.sentence


class Slow(Page):
    """Takes its time, and knows whoever asks twice at the most."""

    async def get(self) -> None:
        await asyncio.sleep(0.3)
        if len(self.site.asked) > 2:
            self.send_error(401)
        else:
            self.write({"username": "ann"})


def test_whoever_asks_too_seldom_was_not_active(server: Server) -> None:
    """When a question was seen is not known: a pause is up to the answer of the next one."""
    with server.serving(Site(), Slow) as url:
        activity = Activity(ShopVisitor(url, "somebody"), time.monotonic(), idle=1.0)
        activity.go_on(1.0)
    for lifetime in (100, 0.5):  # also where it lasted: the pause may have ended it
        with pytest.raises(Unexpected, match="nobody was active"):
            activity.was_cut_short(lifetime)

"""The verdict, on made-up findings: what was measured of each tier, and what belongs where."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from tornado_state import SERVER_SESSION, SIGNED_COOKIE, Capabilities, Kind, PlacementTable

from compare.experiments import EXPERIMENTS
from compare.findings import Finding, Outcome
from compare.verdict import Confirmation, Verdict, judge
from server.recommended_app import COMPOSITION
from server.shop import CART, CREDENTIALS, PREFERENCES

DECLARED = (SIGNED_COOKIE, SERVER_SESSION)
RECOMMENDED = COMPOSITION.placement


def as_promised() -> list[Finding]:
    """Return the findings of a run in which everything is as declared and promised."""
    return [
        Finding(
            experiment=experiment.name,
            target=tier.tier.split()[-1],
            tier=tier.tier,
            capability=experiment.capability,
            clause=experiment.clause,
            expected=experiment.expected[tier.tier],
            outcome=Outcome(
                experiment.expected[tier.tier],
                getattr(tier, experiment.capability) if experiment.capability else None,
                f"{experiment.name} went as promised.",
            ),
        )
        for experiment in EXPERIMENTS
        for tier in DECLARED
    ]


def with_outcome(name: str, tier: Capabilities, outcome: Outcome | None) -> list[Finding]:
    """Return the same with another outcome of one experiment on one tier."""
    return [
        replace(finding, outcome=outcome, trouble="" if outcome else "It was not there.")
        if (finding.experiment, finding.tier) == (name, tier.tier)
        else finding
        for finding in as_promised()
    ]


def judged(findings: list[Finding], **options: object) -> Verdict:
    return judge(findings, DECLARED, RECOMMENDED, **options)


def confirmation(verdict: Verdict, tier: Capabilities, capability: str) -> Confirmation:
    (found,) = [
        each
        for each in verdict.confirmations
        if (each.tier, each.capability) == (tier.tier, capability)
    ]
    return found


def test_all_as_promised_passes() -> None:
    """When every experiment goes as promised, the verdict has no failures."""
    verdict = judged(as_promised())
    assert verdict.passed
    assert all(each.confirmed for each in verdict.confirmations)


def test_every_declared_capability_has_an_experiment() -> None:
    """There is no capability that nothing measures."""
    measured = {experiment.capability for experiment in EXPERIMENTS}
    assert {field.name for field in fields(Capabilities)} - {"tier"} <= measured


def test_placement_follows_from_what_was_measured() -> None:
    """Each kind goes where it was measured that its needs are met, with why not elsewhere."""
    placements = {each.kind: each for each in judged(as_promised()).placements}
    assert {kind: each.tier.tier for kind, each in placements.items()} == {
        PREFERENCES: "signed cookie",
        CART: "server session",
        CREDENTIALS: "server session",
    }
    assert any("fresh" in reason for reason in placements[CART].reasons)
    assert any(
        "Not the server session" in reason and "outage_proof" in reason
        for reason in placements[PREFERENCES].reasons
    )


def test_one_experiment_that_says_no_is_enough() -> None:
    """A capability that one of its experiments refutes is not there, whatever the others say."""
    findings = with_outcome(
        "listing", SERVER_SESSION, Outcome("listed, and not ended", False, "It lives on.")
    )
    verdict = judged(findings)
    assert confirmation(verdict, SERVER_SESSION, "revocable").measured is False
    assert any(
        "revocable of the server session is declared yes" in each for each in verdict.failures
    )
    assert any("listing" in each and "listed, and not ended" in each for each in verdict.failures)


@pytest.mark.parametrize(
    ("tier", "capability", "declared"),
    [(SIGNED_COOKIE, "revocable", True), (SERVER_SESSION, "fresh", False)],
)
def test_a_changed_declaration_fails_and_is_named(
    tier: Capabilities, capability: str, declared: bool
) -> None:
    """More than was measured is wrong, and less as well."""
    changed = [
        replace(each, **{capability: declared}) if each is tier else each for each in DECLARED
    ]
    verdict = judge(as_promised(), changed, RECOMMENDED)
    (failure,) = verdict.failures
    assert f"{capability} of the {tier.tier} is declared" in failure


def test_a_changed_placement_fails_and_is_named() -> None:
    """Where the measurements contradict the recommended placement, it says which kind and why."""
    moved = PlacementTable({**RECOMMENDED, CART: SIGNED_COOKIE}, allow_misplaced=True)
    (failure,) = judge(as_promised(), DECLARED, moved).failures
    assert failure.startswith("cart is placed in the signed cookie")
    assert "server session" in failure
    assert "(fresh)" in failure


def test_a_broken_promise_fails_and_is_named() -> None:
    """An experiment without a capability that goes otherwise than promised fails as well."""
    findings = with_outcome(
        "fixation", SERVER_SESSION, Outcome("the attacker is signed in", False, "It is mallory.")
    )
    (failure,) = judged(findings).failures
    assert failure.startswith("fixation on the server session: “the attacker is signed in”")
    assert "It is mallory." in failure


def test_what_could_not_be_tried_fails() -> None:
    """An experiment that was not carried out confirms nothing, and nothing is placed by guess."""
    verdict = judged(with_outcome("rollback", SIGNED_COOKIE, None))
    assert any("It was not there." in failure for failure in verdict.failures)
    assert any("fresh of the signed cookie" in failure for failure in verdict.failures)
    assert verdict.placements == ()


@pytest.mark.parametrize(("measured", "confirmed"), [(2_988, True), (2_960, True), (3_100, False)])
def test_sizes_may_differ_a_little(measured: int, confirmed: bool) -> None:
    """A capacity is confirmed within one per cent: the names of cookies differ."""
    outcome = Outcome("refused, the old value intact", measured, "It fits.")
    verdict = judged(with_outcome("capacity", SIGNED_COOKIE, outcome))
    assert confirmation(verdict, SIGNED_COOKIE, "capacity").confirmed is confirmed
    assert verdict.passed is confirmed


def test_a_run_of_some_judges_those() -> None:
    """When only some experiments were asked for, only they are judged, and nothing is placed."""
    some = [finding for finding in as_promised() if finding.experiment == "rollback"]
    verdict = judged(some, complete=False)
    assert [each.capability for each in verdict.confirmations] == ["fresh", "fresh"]
    assert verdict.placements == ()
    assert verdict.passed


def test_a_kind_that_no_tier_suits_is_contradicted() -> None:
    """A kind that must follow the person fits neither tier that was measured."""
    wishes = Kind("wishes", str, cross_device=True)
    table = PlacementTable({wishes: SERVER_SESSION}, allow_misplaced=True)
    verdict = judge(as_promised(), DECLARED, table)
    assert verdict.placements[0].tier is None
    assert "no tier meets its needs" in verdict.failures[0]

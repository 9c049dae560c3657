"""From findings to what belongs where. Pure.

Rule 1: a capability of a tier is measured when every experiment about it says so, and absent as
soon as one says not. A size is the smallest that was found.
Rule 2: what `server` declares of a tier must be what was measured, in both directions: a tier that
can do more than is declared has a wrong declaration, too. Sizes may differ by one per cent, because
the names of cookies differ.
Rule 3: where each kind belongs is derived from the measured capabilities alone, by the same
`place()` that guards the applications. The recommended application must agree.
Rule 4: every disagreement is a sentence in `Verdict.failures`; without any, the run has passed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from tornado_state import Capabilities, Kind, Placement, place
from tornado_state.placement import explain, unmet

from .findings import Finding

_SIZES_MAY_DIFFER_BY = 0.01

#: What was measured of one tier, by the capability's name.
Measured = Mapping[str, bool | int]


@dataclass(frozen=True)
class Confirmation:
    """A capability of a tier: as declared, and as measured by ``experiments``."""

    tier: str
    capability: str
    declared: bool | int | None
    measured: bool | int | None
    experiments: tuple[str, ...]

    @property
    def confirmed(self) -> bool:
        """Whether the declaration is what was measured."""
        if self.measured is None or self.declared is None:
            return False
        if isinstance(self.declared, bool):
            return self.declared == self.measured
        return abs(self.declared - self.measured) <= self.declared * _SIZES_MAY_DIFFER_BY


@dataclass(frozen=True)
class Verdict:
    """What belongs where, as measured. ``placements`` are empty where not all was tried."""

    confirmations: tuple[Confirmation, ...]
    placements: tuple[Placement, ...]
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything is as declared and promised."""
        return not self.failures


def judge(
    findings: Sequence[Finding],
    declared: Sequence[Capabilities],
    recommended: Mapping[Kind[Any], Capabilities],
    *,
    complete: bool = True,
) -> Verdict:
    """Return the verdict on ``findings``.

    ``declared`` are the tiers that were compared, the cheapest first; ``recommended`` is where the
    project puts each kind. Not ``complete``, only what was tried is judged.
    """
    confirmations = tuple(
        each
        for tier in declared
        for each in _confirmations(tier, findings)
        if complete or each.experiments
    )
    placements: tuple[Placement, ...] = ()
    if complete and all(each.measured is not None for each in confirmations):
        measured = tuple(_measured_tier(tier, confirmations) for tier in declared)
        placements = tuple(placed_among(kind, measured) for kind in recommended)
    failures = [
        *_broken_promises(findings),
        *_unconfirmed(confirmations),
        *_contradicted(placements, recommended),
    ]
    return Verdict(confirmations, placements, tuple(failures))


def _confirmations(tier: Capabilities, findings: Sequence[Finding]) -> Iterator[Confirmation]:
    for capability in _names():
        about = [
            finding
            for finding in findings
            if finding.tier == tier.tier and finding.capability == capability
        ]
        yield Confirmation(
            tier.tier,
            capability,
            getattr(tier, capability),
            _measured(about),
            tuple(finding.experiment for finding in about),
        )


def _names() -> list[str]:
    return [field.name for field in fields(Capabilities) if field.name != "tier"]


def _measured(findings: Sequence[Finding]) -> bool | int | None:
    met = [finding.outcome.meets if finding.outcome else None for finding in findings]
    known = [each for each in met if each is not None]
    if len(known) < len(met) or not known:
        return None
    return min(known)


def _measured_tier(tier: Capabilities, confirmations: Sequence[Confirmation]) -> Capabilities:
    measured = {each.capability: each.measured for each in confirmations if each.tier == tier.tier}
    return Capabilities(tier=tier.tier, **measured)  # type: ignore[arg-type]  # by name, as measured


def placed_among(kind: Kind[Any], tiers: tuple[Capabilities, ...]) -> Placement:
    """Return where ``kind`` belongs, with why not in the tiers that cost more as well."""
    placement = place(kind, tiers)
    if placement.tier is None:
        return placement
    dearer = tiers[tiers.index(placement.tier) + 1 :]
    reasons = tuple(
        explain(need, kind, tier) for tier in dearer for need in unmet(kind.needs, tier)
    )
    return replace(placement, reasons=placement.reasons + reasons)


def _broken_promises(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.outcome is None:
            yield f"{finding.experiment} on the {finding.tier}: {finding.trouble}"
        elif not finding.as_expected:
            yield (
                f"{finding.experiment} on the {finding.tier}: “{finding.word}”, and promised is "
                f"“{finding.expected}”. {finding.sentence}"
            )


def _unconfirmed(confirmations: Sequence[Confirmation]) -> Iterator[str]:
    for each in confirmations:
        if each.confirmed:
            continue
        found = (
            "was not measured" if each.measured is None else f"is measured {_said(each.measured)}"
        )
        by = f" ({', '.join(each.experiments)})" if each.experiments else ""
        declared = f"{each.capability} of the {each.tier} is declared {_said(each.declared)}"
        yield f"{declared} and {found}{by}."


def _said(value: bool | int | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else f"{value:,}"


def _contradicted(
    placements: Sequence[Placement], recommended: Mapping[Kind[Any], Capabilities]
) -> Iterator[str]:
    for placement in placements:
        kind, here = placement.kind, recommended[placement.kind].tier
        there = placement.tier.tier if placement.tier else None
        if here != there:
            belongs = f"belongs in the {there}" if there else "no tier meets its needs"
            reasons = " ".join(placement.reasons)
            yield f"{kind.name} is placed in the {here}, and as measured {belongs}. {reasons}"

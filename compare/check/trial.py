"""Trying an application out, and then every experiment that its file allows.

Rule 1: before any verdict, the application is used once as its file says (`first_look`).
Rule 2: an experiment ends as kept, broken, or not tried, with the reason. It is not tried where the
file has not what it takes, where a control fails, and where the application answers what its file
does not say.
Rule 3: an application that is gone ends the trial; what was found before stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ..browser import NoAnswer
from ..experiment import TROUBLE, DoesNotApply, Experiment
from ..experiments import EXPERIMENTS
from ..findings import Demand, Exchange, Outcome
from ..harmless import one_line
from ..shop_visitor import Unexpected
from .described_target import DescribedTarget
from .described_visitor import DescribedVisitor
from .description import Description, NotTried, Unusable
from .first_look import FIRST_LOOK, first_look
from .lab import DescribedLab
from .passwords import MOST_REQUESTS, restore
from .shape import Step, steps_of

#: What is tried on anybody's application.
CHECKS = tuple(each for each in EXPERIMENTS if each.kept)

KEPT, BROKEN, NOT_TRIED = "kept", "broken", "not tried"
_LAST_LOOK = 20
_LONGEST_SENTENCE = 600


@dataclass(frozen=True)
class Checked:
    """What an experiment says of an application: ``verdict`` is kept, broken or not tried.

    ``strange`` says that the application answered what its file does not say, ``applies`` whether
    there is anything in it that the experiment is about. ``demand`` is what it was held against.
    """

    experiment: Experiment
    verdict: str
    word: str
    sentence: str
    exchanges: tuple[Exchange, ...] = ()
    strange: bool = False
    demand: Demand | None = None
    remarks: tuple[str, ...] = ()
    applies: bool = True

    @property
    def is_missing(self) -> bool:
        """Whether a check without its verdict is no check."""
        return self.verdict == NOT_TRIED and self.experiment.core and self.applies


def trial(
    target: DescribedTarget,
    experiments: Sequence[Experiment] = CHECKS,
    watch: Callable[[Experiment], None] = lambda _experiment: None,
) -> Iterator[Checked]:
    """Yield what each experiment says of ``target``; `Unusable` once it cannot be used."""
    each = requests_of_one(target.description)
    target.allow(each * FIRST_LOOK)
    first_look(target)
    for experiment in experiments:
        watch(experiment)
        given_back = False
        try:
            checked = _tried(target, experiment)
            given_back = True
        finally:
            if not given_back:  # whatever ends it, an account has its password in the end
                restore(target, lambda: DescribedVisitor(target, "owner"))
        yield from _with_the_password_back(target, checked)
        _still_there(target, experiment)


def _with_the_password_back(target: DescribedTarget, checked: Checked) -> Iterator[Checked]:
    try:
        restore(target, lambda: DescribedVisitor(target, "owner"))
    except Unusable:
        yield checked
        raise
    yield checked


def requests_of_one(description: Description) -> int:
    """Return how many requests one request of an experiment may be: tokens, steps, redirects."""
    tables = (description.sign_in, description.sign_out, description.password, description.write)
    steps = max(len(steps_of(each)) for each in tables if isinstance(each, Step))
    return 1 + len(description.tokens) + steps


def most_requests(description: Description, experiments: Sequence[Experiment]) -> int:
    """Return how many requests are sent at the most, and no more."""
    each = requests_of_one(description)
    looks = FIRST_LOOK * each + len(experiments) * _LAST_LOOK
    if description.account and not description.register and description.password:
        looks += len(experiments) * MOST_REQUESTS
    return looks + each * sum(experiment.most_requests for experiment in experiments)


def _tried(target: DescribedTarget, experiment: Experiment) -> Checked:
    lab = DescribedLab(target)
    target.allow(requests_of_one(target.description) * experiment.most_requests)
    target.written, target.taken = {}, {}
    try:
        _expect_tables(target.description, experiment)
        checked = _judged(experiment, experiment.run(lab))
    except NotTried as reason:
        applies = not isinstance(reason, DoesNotApply)
        sentence = f"Not tried: {reason}."
        checked = Checked(experiment, NOT_TRIED, NOT_TRIED, sentence, applies=applies)
    except TROUBLE as error:
        sentence = f"This could not be tried: {error}."
        checked = Checked(experiment, NOT_TRIED, "could not be tried", sentence, strange=True)
    finally:
        target.abandon()
    sentence = one_line(checked.sentence, _LONGEST_SENTENCE)
    return replace(checked, sentence=sentence, exchanges=lab.exchanges)


def _expect_tables(description: Description, experiment: Experiment) -> None:
    for table in experiment.needs:
        if "." not in table and getattr(description, table) is None:
            raise NotTried(f"the file has no [{table}]")


def _judged(experiment: Experiment, outcome: Outcome) -> Checked:
    verdict = KEPT if outcome.word in experiment.kept else BROKEN
    verdict = NOT_TRIED if outcome.word in experiment.follows else verdict
    demand = outcome.demand or experiment.demand
    return Checked(
        experiment, verdict, outcome.word, outcome.sentence, demand=demand, remarks=outcome.remarks
    )


def _still_there(target: DescribedTarget, experiment: Experiment) -> None:
    target.allow(_LAST_LOOK)
    try:
        with suppress(Unexpected):  # it answers
            DescribedVisitor(target, "passer-by").ask_who()
    except NoAnswer as error:
        why = target.gone() or error
        raise Unusable(f"it cannot be used since {experiment.name}: {why}.") from error

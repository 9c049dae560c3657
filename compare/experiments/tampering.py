"""Tampering: one character of each cookie is changed, at every tenth place, within the whole jar.

Only what the sign-in, or what is shown, rests on is changed, and the unchanged jar is used before
and after: that a jar which never worked is refused says nothing. A change that decodes to the same
bytes is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import demands
from ..carriers import Held, carriers
from ..decoding import same_bytes, without_padding
from ..experiment import COOKIE, SESSION, Experiment, Lab, NotTried
from ..findings import Figures, Outcome
from ..jar import name_of
from ..shop_visitor import ShopVisitor, Unexpected

REFUSED = "taken for nobody"
ACCEPTED = "a changed cookie is accepted"
BROKEN = "an error of the server's"
_EVERY = 10
#: A changed cookie may end the session; then each of so many changes gets one of its own.
_ANEW = 6
_OTHERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class _Forger:
    """Somebody who changes what they hold, and looks whether they are known by it."""

    def __init__(self, lab: Lab) -> None:
        self._target = lab.target()
        self._lab = lab
        self._visitor: ShopVisitor | None = None
        self._stranger = lab.passer_by(self._target).ask_everything()
        self.sign_in()
        self.error: int | None = None

    def sign_in(self) -> None:
        """Begin anew."""
        visitor = self._lab.passer_by(self._target, "forger")
        if self._visitor:
            self._lab.sign_in(visitor, self._lab.person(self._target))
            self._visitor.held = visitor.held
            return
        victim = self._lab.signed_in(self._target, name="victim")
        self._visitor = self._lab.full_copy(self._target, victim, "forger")

    @property
    def visitor(self) -> ShopVisitor:
        """Who it is."""
        assert self._visitor is not None
        return self._visitor

    def shows(self, held: Held) -> bool:
        """Return whether anything is known by what is ``held``."""
        before, self.visitor.held = self.visitor.held, dict(held)
        seen = len(self.visitor.exchanges)
        replies = self.visitor.ask_everything()
        del self.visitor.exchanges[seen - len(replies) : seen]  # the last ones say it
        self.visitor.held = before
        self.error = next((each.status for each in replies if each.status >= 500), None)
        return not self.error and self.visitor.is_known(replies, self._stranger)


def run(lab: Lab) -> Outcome:
    """Change a character and use the cookies; nobody may be known by it, and nothing may break."""
    forger = _Forger(lab)
    if not forger.visitor.held:
        raise Unexpected("there is no cookie that could be changed")
    parts = carriers(forger.visitor.held, forger.shows)
    tries = 0
    for part in parts:
        for name, changed in _changes(part):
            known = forger.shows(changed)
            tries += 1
            if known:
                told = f"With a changed {name_of(name)} one is known as before."
                return Outcome(ACCEPTED, False, told)
            if forger.error:
                told = f"A changed cookie was answered with {forger.error}."
                return Outcome(BROKEN, False, told, demand=demands.FAILED_SAVE)
        if not forger.shows(part):
            return _anew(forger, [*part])
    figures = (Figures("tries", "changed cookies", (tries,)),)
    return Outcome(REFUSED, True, f"{tries} changed cookies: each was as good as none.", figures)


def _anew(forger: _Forger, names: list[str]) -> Outcome:
    """Do the same where a changed cookie ends the session: sign in for each change."""
    for number in range(_ANEW):
        forger.sign_in()
        held = forger.visitor.held
        if not held.keys() >= {*names} or not forger.shows(held):
            raise NotTried("the unchanged cookies were not good any more, so it cannot be told")
        changes = [*_changes({name: held[name] for name in names})]
        name, changed = changes[number * (len(changes) - 1) // (_ANEW - 1)]
        if forger.shows(held | changed):
            return Outcome(ACCEPTED, False, f"A changed {name_of(name)} is as good as before.")
    told = f"{_ANEW} changed cookies: each was as good as none, and ended the session."
    return Outcome(REFUSED, True, told)


def _changes(held: Held) -> Iterator[tuple[str, dict[str, str]]]:
    for name, value in held.items():
        for text in changed(value):
            yield name, {**held, name: text}


def changed(value: str) -> Iterator[str]:
    """Yield ``value`` with one character changed, so that it decodes to something else.

    The quotes around a value are not of it (RFC 6265 4.1.1).
    """
    if len(value) >= 2 and value[0] == value[-1] == '"':
        yield from (f'"{each}"' for each in changed(value[1:-1]))
        return
    length = len(without_padding(value))
    for place in dict.fromkeys([*range(0, length, _EVERY), length - 1]):
        texts = (value[:place] + other + value[place + 1 :] for other in _OTHERS)
        if text := next((each for each in texts if not same_bytes(each, value)), None):
            yield text


EXPERIMENT = Experiment(
    name="tampering",
    title="Tampering",
    question="Is a cookie accepted that somebody has changed?",
    clause="ASVS 9.1.1",
    run=run,
    expected={COOKIE: REFUSED, SESSION: REFUSED},
    kept=frozenset({REFUSED}),
    most_requests=1_200,
    demand=demands.TAMPERING,
    core=True,
)

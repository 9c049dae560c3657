"""``session-check doctor FILE``: each request tried once, and what does not fit in a sentence.

Rule: it goes on as far as it makes sense, and says of each answer what it was. A password that it
changed is given back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..browser import NoAnswer
from ..findings import Exchange
from ..harmless import one_line
from ..shop_visitor import Person, Unexpected
from .described_target import DescribedTarget
from .described_visitor import DescribedVisitor
from .description import NotTried, Unusable
from .explain import explained
from .first_look import written
from .passwords import MOST_REQUESTS, restore
from .sending import leading_away
from .taking import told_of
from .trial import CHECKS

_ENOUGH = 400


def examined(target: DescribedTarget) -> Iterator[tuple[bool, str]]:
    """Yield whether something fits, and a sentence on it."""
    target.allow(_ENOUGH)
    yield from _Doctor(target).everything()


class _Doctor:
    """Tries what ``target``'s file says."""

    def __init__(self, target: DescribedTarget) -> None:
        self._target = target
        self._stranger = DescribedVisitor(target, "stranger")
        self._visitor = DescribedVisitor(target, "visitor")

    def everything(self) -> Iterator[tuple[bool, str]]:
        """Yield what there is to say, until there is no point in going on."""
        description = self._target.description
        for path in description.pages_before:
            yield self._said(f"visits {path}", lambda path=path: self._visit(path))  # type: ignore[misc]
        yield (registered := self._said("register", self._register))
        yield self._said("who, for a stranger", self._nobody)
        if not registered[0]:
            return
        yield (signed_in := self._said("sign_in, who", self._sign_in))
        if not signed_in[0]:
            return
        if description.write:
            yield self._said("write, read", self._write)
        if description.password:
            yield self._said("password", self._visitor_changes_password)
        if description.end_others:
            yield self._said("end_others", self._end_others)
        yield self._said("sign_out", self._sign_out)
        for line in explained(description, CHECKS):
            yield True, line

    def _said(self, what: str, action: Callable[[], str]) -> tuple[bool, str]:
        try:
            return True, f"{what}: {action()}"
        except (Unexpected, NotTried, NoAnswer, Unusable) as error:
            return False, f"{what}: {one_line(str(error), 400)}"

    def _visit(self, path: str) -> str:
        self._stranger.requests.visit(path)
        return f"{_last(self._stranger)}; cookies: {', '.join(self._stranger.jar) or 'none'}"

    def _register(self) -> str:
        visitor = DescribedVisitor(self._target, "somebody new")
        person = self._target.person(0, visitor.register)
        return _last(visitor) if visitor.exchanges else f"{person.username} has an account"

    def _nobody(self) -> str:
        reply = self._stranger.ask_who()
        if self._stranger.name_in(reply):
            raise Unexpected("what shows who is signed in is there for somebody who is not")
        return _last(self._stranger)

    def _sign_in(self) -> str:
        answer = self._visitor.sign_in(self._person)
        signed_in = _last(self._visitor) + leading_away(answer, self._target.url)
        reply = self._visitor.ask_who()
        if self._visitor.name_in(reply) != self._person.username:
            raise Unexpected(
                f"{signed_in}; then it does not say that {self._person.username} is signed in: "
                f"{_last(self._visitor, told_of(reply))}"
            )
        held = ", ".join(self._visitor.held) or "nothing"
        return f"{signed_in}; {_last(self._visitor)} names {self._person.username}; held: {held}"

    def _write(self) -> str:
        if trouble := written(self._target, self._visitor, self._person):
            raise Unexpected(trouble)
        return _last(self._visitor)

    def _visitor_changes_password(self) -> str:
        self._visitor.change_password()
        told = _last(self._visitor)
        restore(self._target, lambda: DescribedVisitor(self._target, "owner"))
        self._target.allow(MOST_REQUESTS)
        if not self._visitor.who():
            self._visitor = DescribedVisitor(self._target, "visitor")
            self._visitor.sign_in(self._person)
        return told

    def _end_others(self) -> str:
        self._visitor.end_others()
        return _last(self._visitor)

    def _sign_out(self) -> str:
        self._visitor.sign_out()
        in_browser = self._target.description.sign_out.in_browser
        told = "nothing is sent" if in_browser else _last(self._visitor)
        if self._visitor.who():
            raise Unexpected(f"{told}; then the browser that signed out is still signed in")
        return told

    @property
    def _person(self) -> Person:
        return self._target.people[0]


def _last(visitor: DescribedVisitor, told: str | None = None) -> str:
    """Return the last exchange in a few words, its answer as ``told``."""
    exchange: Exchange = visitor.exchanges[-1]
    asked = " ".join(exchange.request[:400].split()[:2])
    answered = exchange.response[:40].split("\r\n")[0].split()[1:2]
    return one_line(f"{asked} answered {told or ' '.join(answered) or 'nothing'}")

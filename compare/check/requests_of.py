"""The requests of a visitor: steps in order, tokens fetched when they are needed, values taken.

Rule 1: a token is fetched anew for each request that brings it along, as a form is opened anew.
Rule 2: redirects are followed where the step says so, on the same site, as a browser follows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from ..browser import Begun, Reply
from ..shop_visitor import Unexpected
from .described_target import DescribedTarget
from .placeholders import filled, placeholders
from .sending import Sendable, next_of, sendable
from .shape import Request, Step, Take, Token, steps_of
from .taking import taken, told_of, where

_MOST_REDIRECTS = 5
_MOST_TRIES = 3
Values = Mapping[str, str]


class Sender(Protocol):
    """Who sends them: a browser with a jar, who keeps ``values`` as well."""

    target: DescribedTarget
    values: dict[str, str]
    jar: dict[str, str]

    def begin_with(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Begun:
        """Send all of a request but its last byte."""


class Asked(Begun):
    """A request of which all but the last byte has been sent; ``then`` gets its answer."""

    def __init__(self, begun: Begun, then: Callable[[Reply], None]) -> None:
        self._begun = begun
        self._then = then

    def abandon(self) -> None:
        """Send no more, and want no answer."""
        self._begun.abandon()

    def finish(self) -> Reply:
        """Send the last byte, and return the answer."""
        reply = self._begun.finish()
        self._then(reply)
        return reply


class Requests:
    """Sends what a file says as ``visitor``, who keeps what is taken of the answers."""

    def __init__(self, visitor: Sender) -> None:
        self._visitor = visitor
        self._target = visitor.target

    def send(self, request: Request, values: Values, *, follow: bool = False) -> Reply:
        """Send every step of a request; return the last answer. ``follow`` is what is usual."""
        *before, last = request.in_order
        for step in before:
            self._preliminary(step, values)
        return self.step(last, values, follow=follow)

    def begin(self, request: Request, values: Values, kept: dict[str, str]) -> Begun:
        """Send all of a request but the last byte; what is taken of its answer goes to ``kept``."""
        *before, last = request.in_order
        for step in before:
            self._preliminary(step, values)
        sent = sendable(last, self._with_tokens(last, values))
        self._target.spend()
        begun = self._visitor.begin_with(sent.method, sent.path, sent.body, sent.headers)
        self._target.begun.append(begun)
        return Asked(begun, lambda reply: self._take(last, reply, kept))

    def step(
        self, step: Step, values: Values, *, follow: bool = False, taking: bool = True
    ) -> Reply:
        """Send one step, follow where it leads, and keep what is taken of the answer."""
        sent = sendable(step, self._with_tokens(step, values))
        reply = self._answer(sent)
        if taking:
            self._take(step, reply, self._visitor.values)
        if follow if step.follow is None else step.follow:
            for _ in range(_MOST_REDIRECTS):
                going = next_of(sent, reply, self._target.url)
                if going is None:
                    break
                sent, reply = going, self._answer(going)
                if taking:
                    self._take(step, reply, self._visitor.values)
        return reply

    def visit(self, path: str) -> None:
        """Open a page as anybody may, and the pages it leads to; what it says does not matter."""
        self.step(Step(path=path, method="GET", follow=True), {})

    def one_for_all(self, step: Step) -> bool:
        """Return whether one answer tells of everything that was written."""
        named = placeholders([step.path, step.form, step.json, step.text, step.headers])
        write = self._target.description.write
        kept = {name for each in steps_of(write) for name in each.take} if write else set()
        return not named & ({"key", "value"} | kept)

    def _preliminary(self, step: Step, values: Values) -> None:
        reply = self.step(step, values, follow=True)
        if reply.status >= 400 and not step.success:
            raise Unexpected(f"{step.path} was answered {told_of(reply)}")
        missing = [name for name in step.take if name not in self._visitor.values]
        if missing:
            raise Unexpected(f"{_lacks(step, missing[0], step.path, reply)}")

    def _answer(self, sent: Sendable) -> Reply:
        for _ in range(_MOST_TRIES):
            self._target.spend()
            begun = self._visitor.begin_with(sent.method, sent.path, sent.body, sent.headers)
            reply = begun.finish()
            if not self._target.pace.obeyed(reply):
                break
        return reply

    def _with_tokens(self, step: Step, values: Values) -> dict[str, str]:
        """Return all that a step may have in it, with the tokens that it asks for."""
        known = {**self._target.values(), **self._visitor.values, **values}
        asked = placeholders(msgspec.to_builtins(step))
        for token in self._target.description.tokens:
            if asked & token.taken.keys():
                known |= self._fetched(token, known, asked)
        return known

    def _fetched(self, token: Token, values: Values, asked: set[str]) -> dict[str, str]:
        reply = self._answer(sendable(token, values))
        found: dict[str, str] = {}
        for name, take in token.taken.items():
            value = self._value(take, reply)
            if value is None and name in asked:
                raise Unexpected(_lacks(token, name, token.path, reply))
            if value is not None:
                found[name] = value
        self._target.keep_secret(*found.values())
        return found

    def _value(self, take: Take, reply: Reply) -> str | None:
        """Return what stands there; the name of a cookie may have the port in it."""
        if take.cookie:
            name = filled(take.cookie, self._target.values())
            take = msgspec.structs.replace(take, cookie=name)
        return taken(take, reply, self._visitor.jar)

    def _take(self, step: Step, reply: Reply, kept: dict[str, str]) -> None:
        for name, take in step.take.items():
            value = self._value(take, reply)
            if value is not None:
                kept[name] = value
                self._target.keep_secret(value)


def _lacks(step: Step, name: str, path: str, reply: Reply) -> str:
    take = step.taken[name] if isinstance(step, Token) else step.take[name]
    if take.pattern is not None:
        return f"the {name}'s pattern is not in {path}, which answered {told_of(reply)}"
    return f"{path} has {where(take)}: it answered {told_of(reply)}"

"""What somebody writes into a described application, whether it was taken, and where it is read."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from ..browser import Begun, Reply
from ..shop_visitor import Unexpected
from .answers import erased, looks_like, means_success, shape_of
from .described_target import DescribedTarget
from .description import NotTried
from .placeholders import filled, placeholders, uses
from .requests_of import Requests
from .shape import Question, Request, steps_of
from .taking import told_of

#: Answers that say nothing of a change: who asks, how often, and what is out of reach.
_OF_OTHER_THINGS = frozenset({401, 403, 404, 405, 408, 429, 502, 503, 504})
Found = dict[str, dict[str, Any]]


class Writer(Protocol):
    """Who writes."""

    target: DescribedTarget
    requests: Requests

    def own_values(self) -> dict[str, str]:
        """Return what may stand in a request about oneself."""

    def ask(self, question: Question, **values: str) -> Reply:
        """Ask, whatever comes back."""

    def answered(self, reply: Reply, what: str) -> Reply:
        """Return ``reply``; `Unexpected` where it is an error of the server's."""

    def ask_everything(self) -> list[Reply]:
        """Ask for whatever is kept of one."""


class Writing:
    """What ``visitor`` writes; what was written last is the target's to know."""

    def __init__(self, visitor: Writer) -> None:
        self._visitor = visitor
        self._target = visitor.target

    def begin(self, request: Request, sku: str, note: str) -> Begun:
        """Send all of a change but the last byte."""
        if self._target.blind:
            raise NotTried(self._target.blind)
        if note and not uses(request, "value"):
            raise NotTried("[write] has no {value}")
        value = f"{secrets.token_hex(8)}{note}"
        self._target.written[sku] = value
        values = self._visitor.own_values() | {"key": sku, "value": value}
        kept = self._target.taken.setdefault(sku, {})
        return self._visitor.requests.begin(request, values, kept)

    def confirmed(self, reply: Reply) -> bool | None:
        """Return whether a change was confirmed; None where the answer does not tell."""
        write = self._target.description.write
        last = write.in_order[-1] if write else None
        if last and (last.success or last.refusal):
            values = self._visitor.own_values()
            if last.refusal and looks_like(reply, last.refusal, values):
                return False
            return looks_like(reply, last.success, values) if last.success else True
        if reply.status >= 400 or self._target.looks is None:
            return reply.status < 400
        success, refusal = self._target.looks
        return means_success(shape_of(reply, erased(self._target.written)), success, refusal)

    def took(self, reply: Reply) -> bool:
        """Return whether a change was confirmed; `Unexpected` where an answer does not tell."""
        if (confirmed := self.confirmed(reply)) is None:
            raise Unexpected(
                f"to write was answered {told_of(reply)}; neither a change that was made looks so, "
                "nor one that was refused: say success and refusal in [write]"
            )
        return confirmed

    def was_refused(self, reply: Reply) -> bool:
        """Return whether a change was refused for what it is; any other answer is `Unexpected`."""
        if reply.status in _OF_OTHER_THINGS:
            raise Unexpected(f"to write was answered {told_of(reply)}")
        return not self.took(reply)

    def cart(self, question: Question) -> Found:
        """Return what is there of what was written, as ``{key: {"note": value}}``."""
        texts: dict[str, str] = {}
        text = ""
        for sku, value in self._target.written.items():
            values = {"key": sku, "value": value, **self._target.taken.get(sku, {})}
            if self._lacks(question, values):  # it was never taken
                continue
            if not texts or not self._visitor.requests.one_for_all(question):
                text = self._visitor.answered(self._visitor.ask(question, **values), "read").text
            texts[sku] = text
        if not texts:  # whoever has written nothing has a look nevertheless
            self._visitor.ask_everything()
        return self._found(question, texts)

    def _lacks(self, question: Question, values: Mapping[str, str]) -> bool:
        write = self._target.description.write
        kept = {name for each in steps_of(write) for name in each.take} if write else set()
        return bool(placeholders(question.path) & (kept - values.keys()))

    def seen_in(self, reply: Reply) -> Found:
        """Return what an answer to [read] shows of what was written."""
        question = self._target.description.read
        if question is None:
            return {}
        return self._found(question, dict.fromkeys(self._target.written, reply.text))

    def _found(self, question: Question, texts: Mapping[str, str]) -> Found:
        return {
            sku: {"note": value}
            for sku, value in self._target.written.items()
            if filled(question.holds, {"key": sku, "value": value}) in texts.get(sku, "")
        }

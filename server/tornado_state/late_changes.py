"""Changes inside a value that came when the answer had begun: too late to be kept, and told.

Rule: nobody can refuse such a change, so it is found out by comparing: when what the request made
is freed, as the handler is done, and once more where somebody keeps the value beyond that.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Protocol

from tornado.log import app_log

from .journal import Journal

#: Seconds after which a value that somebody keeps beyond its request is looked at once more.
_LATER = 1.0


class LateChanges(ABC):
    """For what has journals of values that were handed out."""

    __slots__ = ("sealed",)

    def __init__(self) -> None:
        #: Whether the answer has begun.
        self.sealed = False

    @abstractmethod
    def journals(self) -> list[Journal]:
        """Return the journals there are by now."""

    def seal(self) -> None:
        """From now on a change inside a value comes too late."""
        self.sealed = True
        for journal in self.journals():
            journal.seal()

    def can_change_late(self) -> bool:
        """Return whether a value that can change inside was handed out."""
        for journal in self.journals():  # noqa: SIM110 - asked for each answer; this is faster
            if journal.can_change_late():
                return True
        return False

    def is_kept_by_others(self) -> bool:
        """Return whether somebody else holds a value that can change inside."""
        for journal in self.journals():  # noqa: SIM110 - as above
            if journal.is_kept_by_others():
                return True
        return False

    def late_changes(self) -> list[str]:
        """Return the names of kinds whose values changed inside when it was too late."""
        return [name for journal in self.journals() for name in journal.late_changes()]


class Handed(Protocol):
    """A request's state, as far as it tells of values that were handed out."""

    def late_changes(self) -> list[str]:
        """See `LateChanges`."""

    def is_kept_by_others(self) -> bool:
        """See `LateChanges`."""


def tell(state: Handed, handler: str) -> None:
    """Say in the log what ``handler`` changed inside a value when it could not be kept any more."""
    for name in state.late_changes():
        app_log.warning(
            "%s changed a value of %s from within after its response began: it is not kept",
            handler,
            name,
        )


def tell_last(state: Handed, handler: str) -> None:
    """Do so as the request is freed, and once more later, if somebody else has such a value."""
    tell(state, handler)
    if state.is_kept_by_others():
        with suppress(RuntimeError):  # no loop runs any more
            asyncio.get_running_loop().call_later(_LATER, tell, state, handler)

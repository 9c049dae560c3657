"""Changes inside a value that came when the answer had begun: too late to be kept, and told.

Rule: nobody can refuse such a change, so it is found out by comparing: when what the request made
is freed, as the handler is done, and once more where somebody keeps the value beyond that.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress

from tornado.log import app_log

from .journal import Journal

#: Seconds after which a value that somebody keeps beyond its request is looked at once more.
_LATER = 1.0


class LateChanges(ABC):
    """For what has journals of values that were handed out."""

    __slots__ = ("sealed",)

    #: Whether the answer has begun.
    sealed: bool

    @abstractmethod
    def journals(self) -> list[Journal]:
        """Return the journals there are by now."""

    def seal(self) -> None:
        """From now on a change inside a value comes too late."""
        self.sealed = True
        for journal in self.journals():
            journal.sealed = True

    def late_changes(self) -> list[str]:
        """Return the names of kinds whose values changed inside when it was too late."""
        return [name for journal in self.journals() for name in journal.late_changes()[0]]

    def tell_last(self, handler: str) -> None:
        """Say in the log what ``handler`` changed inside when it could not be kept any more.

        As the request is freed, and once more where somebody else has such a value.
        """
        for journal in self.journals():
            if _tell(journal, handler):
                with suppress(RuntimeError):  # no loop runs any more
                    asyncio.get_running_loop().call_later(_LATER, _tell, journal, handler)


def _tell(journal: Journal, handler: str) -> bool:
    """Return whether there may be more to tell."""
    late, is_held = journal.late_changes()
    for name in late:
        app_log.warning(
            "%s changed a value of %s from within after its response began: it is not kept",
            handler,
            name,
        )
    return is_held

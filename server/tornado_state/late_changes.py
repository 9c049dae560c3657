"""What changes inside a value after the answer has begun: too late, and to be told of."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .journal import Journal


class LateChanges(ABC):
    """For what has journals of values that were handed out."""

    #: Whether the answer has begun.
    sealed = False

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
        return any(journal.can_change_late() for journal in self.journals())

    def late_changes(self) -> list[str]:
        """Return the names of kinds whose values changed inside when it was too late."""
        return [name for journal in self.journals() for name in journal.late_changes()]

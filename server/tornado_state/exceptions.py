"""What can go wrong with state, one class each, under one root.

Absence is not failure: a session that does not exist is ``None``, never an exception. An exception
says that something was refused, or that nobody could tell.
"""

from __future__ import annotations


class StateError(Exception):
    """The root. ``status`` is the HTTP status that tells a client the same thing."""

    status = 500


class MisplacedKind(StateError):
    """A kind was put, or is about to be, into a tier that does not meet its needs."""

    def __init__(
        self, kind: str, tier: str, unmet: tuple[str, ...], right_tier: str | None
    ) -> None:
        self.kind, self.tier, self.unmet, self.right_tier = kind, tier, unmet, right_tier
        where = f"it belongs in the {right_tier}" if right_tier else "no tier meets all its needs"
        super().__init__(f"{kind} must not live in the {tier}: unmet {', '.join(unmet)}; {where}")


class UndeclaredKind(StateError):
    """A kind is used that the application's placement, or the handler, does not name."""

    def __init__(self, kind: str, where: str) -> None:
        self.kind = kind
        super().__init__(f"{kind} is not declared in {where}")


class InvalidValue(StateError):
    """A value that JSON cannot carry was assigned to a kind."""

    def __init__(self, kind: str, why: str) -> None:
        self.kind = kind
        super().__init__(f"the value of {kind} cannot be kept as JSON: {why}")


class TooLarge(StateError):
    """A value does not fit its tier. The old value stands. ``size`` and ``limit`` are bytes."""

    status = 413

    def __init__(self, what: str, size: int, limit: int) -> None:
        self.what, self.size, self.limit = what, size, limit
        super().__init__(f"{what} would take {size} bytes and may take {limit}")


class Conflict(StateError):
    """Another request changed the same kind meanwhile. Nothing of this request was stored."""

    status = 409

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self.kinds = kinds
        super().__init__(f"changed by another request meanwhile: {', '.join(kinds)}")


class SessionEnded(StateError):
    """The session this request changed was ended meanwhile. It stays ended."""

    status = 401

    def __init__(self) -> None:
        super().__init__("the session has ended")


class Unsupported(StateError):
    """The tier cannot do this by its nature."""

    status = 501


class StoreUnavailable(StateError):
    """The store gave no answer in time: nobody can tell. ``retry_after`` is in seconds."""

    status = 503

    def __init__(self, why: str, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(why)


class StoreUnfit(StoreUnavailable):
    """What answers there will not do as a session store; waiting does not mend it."""


class StoreRefused(StateError):
    """The store answered, and refused to keep the record (out of memory, say). Nothing changed."""

    status = 503

    def __init__(self, why: str, retry_after: int = 5) -> None:
        self.retry_after = retry_after
        super().__init__(why)


class RecordTooLarge(TooLarge, StoreRefused):
    """The store takes no record of that size; ``limit`` is 0 where it does not tell which it would.

    The old record stands.
    """

    status = 413

    def __init__(self, size: int, limit: int = 0) -> None:
        self.what, self.size, self.limit = "the record", size, limit
        self.retry_after = 5
        may = f", and takes {limit} at most" if limit else ""
        StateError.__init__(self, f"the store takes no record of {size} bytes{may}")


class ResponseStarted(StateError):
    """State was assigned after the response had begun; it could not be kept before the answer."""

    def __init__(self) -> None:
        super().__init__(
            "state was changed after the response began; change it before the first byte"
        )

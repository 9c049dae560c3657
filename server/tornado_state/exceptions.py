"""What can go wrong with state, one class each, under one root.

Absence is not failure: a session that does not exist is ``None``, never an exception. An exception
says that something was refused, that nobody could tell, or that this process does not know yet.
"""

from __future__ import annotations


class StateError(Exception):
    """The root. ``status`` is the HTTP status that tells a client the same thing."""

    status = 500


# When an application is made


class CompositionError(StateError, ValueError):
    """An application cannot be as it was asked for: a kind, a setting, a secret."""


class MisplacedKind(CompositionError):
    """A kind was put, or is about to be, into a tier that does not meet its needs."""

    def __init__(
        self, kind: str, tier: str, unmet: tuple[str, ...], right_tier: str | None
    ) -> None:
        self.kind, self.tier, self.unmet, self.right_tier = kind, tier, unmet, right_tier
        where = f"it belongs in the {right_tier}" if right_tier else "no tier meets all its needs"
        super().__init__(f"{kind} must not live in the {tier}: unmet {', '.join(unmet)}; {where}")


# Mistakes of a handler


class UndeclaredKind(StateError):
    """A kind is used that the application's placement, or the handler, does not name."""

    def __init__(self, kind: str, where: str) -> None:
        self.kind = kind
        super().__init__(f"{kind} is not declared in {where}")


class InvalidValue(StateError):
    """A value is not of its kind's type. ``path`` leads to what is wrong: ``[2].quantity``."""

    def __init__(self, kind: str, why: str, path: str = "") -> None:
        self.kind, self.path = kind, f"{kind}{path}"
        super().__init__(f"{self.path}: {why}")


class IdentityAssigned(StateError):
    """The identity kind was to be set by something else than ``state.sign_in``.

    A person who signs in gets a new session ID, or whoever planted the old one is signed in as well
    (ASVS 5.0 7.2.4).
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(
            f"{kind} says who is signed in: set it with state.sign_in, end it with state.destroy"
        )


class ResponseStarted(StateError):
    """State was changed after the response had begun; it could not be kept before the answer."""

    def __init__(
        self,
        why: str = "state was changed after the response began; change it before the first byte, "
        "or in `async with self.open_state()`",
    ) -> None:
        super().__init__(why)


class ReservedCookie(StateError):
    """A handler was to set or clear a cookie that its application's state sets and clears."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"the cookie {name} is set and cleared by the state alone: assign or drop the kind, "
            "end the session with state.destroy"
        )


class CookieNeeded(StateError):
    """In `open_state` something was asked for that takes a cookie, and none goes out from there."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} needs a cookie, and open_state sends none: do it in a request of its own"
        )


class StaleValue(StateError):
    """A value was changed from within after something else had taken its place in the state."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(
            f"a change within a value of {kind} would be lost: the state has moved on without it; "
            "read it again after `update`, `reload` or `sign_in`, or assign it"
        )


class InsecureTransport(StateError):
    """A ``Secure`` cookie was to go out over plain http, where the browser would drop it."""

    def __init__(self) -> None:
        super().__init__(
            "a Secure cookie cannot be set over plain http: serve https; behind a proxy that does, "
            "let HTTPServer believe it (xheaders=True); on loopback set cookie_secure=False"
        )


# Answers to a client


class TooLarge(StateError):
    """A value does not fit. The old value stands. ``size`` and ``limit`` are bytes."""

    status = 413

    def __init__(self, what: str, size: int, limit: int) -> None:
        self.what, self.size, self.limit = what, size, limit
        super().__init__(f"{what} would take {size} bytes and may take {limit}")


class Conflict(StateError):
    """Another request changed the same kind meanwhile. What this request changed was not stored."""

    status = 409

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self.kinds = kinds
        super().__init__(f"changed by another request meanwhile: {', '.join(kinds)}")


class SessionEnded(StateError):
    """The session this request changed was ended meanwhile. It stays ended."""

    status = 401

    def __init__(self) -> None:
        super().__init__("the session has ended")


class CrossSite(StateError):
    """A request from another site, which the browser sent without its cookies, was to set one.

    It would replace the cookie that the browser has and did not send (RFC 6265bis 5.5, Lax).
    """

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "a request from another site came without this site's cookies and must not replace them"
        )


class Unsupported(StateError):
    """The tier cannot do this by its nature."""

    status = 501


class Unanswered(StateError):
    """Nothing is known to have gone wrong but the asking. ``retry_after`` is in seconds."""

    status = 503

    def __init__(self, why: str, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(why)


class StoreUnavailable(Unanswered):
    """The store gave no answer in time: nobody can tell."""


class StoreUnfit(StoreUnavailable):
    """What answers there will not do as a session store; waiting does not mend it."""


class OutcomeUnknown(StoreUnavailable):
    """A write was interrupted, and what became of it is not known until ``state.reload()``."""


class NotKnownHere(Unanswered):
    """A record, a value or a signature is newer than this process: another release, another secret.

    Nothing of it is replaced or ended here.
    """


class StoreRefused(Unanswered):
    """The store answered, and refused to keep the record (out of memory, say). Nothing changed."""

    def __init__(self, why: str, retry_after: int = 5) -> None:
        super().__init__(why, retry_after)


class TooManySessions(StoreRefused):
    """The network of a visitor has had its share of the store."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__("too much is kept for one network", retry_after)


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

"""What a page says once, after a form has done its work. Pure.

Rule: a notice is a name in this table. It is kept in a signed cookie, so nothing in an address can
make a page say anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

NOTICES: Mapping[str, str] = {
    "session-begun": "Your session has ended. What was in it is gone, and a new one has begun with "
    "what you just did.",
    "registered": "Your account is there. Sign in with it.",
    "signed-out": "You are signed out.",
    "already-signed-in": "You are signed in as {username} already. To sign in as somebody else, "
    "sign out first.",
    "preferences-saved": "Your preferences are saved.",
    "cart-saved": "Your cart is saved.",
    "password-changed": "Your password is changed. Every other session of yours has ended.",
    "password-changed-only": "Your password is changed. Other sessions of yours go on: this shop "
    "cannot end them.",
    "sessions-ended": "Ended. Whoever used it is signed out.",
}


def sentences(names: Iterable[str], username: str) -> list[str]:
    """Return what the notices called ``names`` say; what is no notice says nothing."""
    known = [NOTICES[name] for name in names if name in NOTICES]
    return [sentence.replace("{username}", username) for sentence in known]

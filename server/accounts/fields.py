"""What a username and an email may be. Pure.

Rule 1: a username is what it looks like. It is kept in NFKC (Unicode's UAX 15) without blanks at
its ends, and compared without regard to case, so ``Ann`` and ``ANN`` are one name.
Rule 2: nothing invisible. Control and formatting characters, lone surrogates and blanks inside are
refused, because two names that print alike would belong to two people.
Rule 3: an email is checked for its shape only; whether it is anyone's, only a message could tell.
"""

from __future__ import annotations

import unicodedata

LONGEST_USERNAME = 64
SHORTEST_EMAIL, LONGEST_EMAIL = 3, 254  # RFC 5321 4.5.3.1.3, less the angle brackets

#: Unicode's categories of what does not show: controls, formatting, lone surrogates, private use.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co"}


def clean_username(username: str) -> str:
    """Return the username as it is kept and shown."""
    return unicodedata.normalize("NFKC", username).strip()


def compared_username(username: str) -> str:
    """Return what usernames are compared by."""
    return unicodedata.normalize("NFKC", clean_username(username).casefold())


def username_problem(username: object) -> str | None:
    """Return what is wrong with a username in one sentence, None when it will do."""
    if not isinstance(username, str):
        return "The username must be text."
    cleaned = clean_username(username)
    if not 1 <= len(cleaned) <= LONGEST_USERNAME:
        return f"The username must have 1 to {LONGEST_USERNAME} characters."
    if not _is_visible(cleaned):
        return "The username must have no blanks or control characters in it."
    return None


def email_problem(email: object) -> str | None:
    """Return what is wrong with an email in one sentence, None when it will do."""
    if not isinstance(email, str):
        return "The email must be text."
    if not SHORTEST_EMAIL <= len(email) <= LONGEST_EMAIL:
        return f"The email must have {SHORTEST_EMAIL} to {LONGEST_EMAIL} characters."
    if not _is_visible(email):
        return "The email must have no blanks or control characters in it."
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@"):
        return "The email must have one @ with something on both sides."
    return None


def _is_visible(text: str) -> bool:
    return not any(
        character.isspace() or unicodedata.category(character) in _INVISIBLE for character in text
    )

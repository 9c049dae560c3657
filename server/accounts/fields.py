"""What a username, an email and other fields may be. Pure.

Rule 1: a username is what it looks like. It is kept in NFKC (Unicode's UAX 15) without blanks at
its ends, and compared without regard to case, so ``Ann`` and ``ANN`` are one name.
Rule 2: nothing invisible. Control and formatting characters, fillers, lone surrogates, what Unicode
has not assigned, and every blank but the plain one at the ends are refused, because two names that
print alike would belong to two people.
Rule 3: nothing is normalized before its length is known to be small: that can take long, and make
a text eighteen times as long.
Rule 4: an email is checked for its shape only; whether it is anyone's, only a message could tell.
"""

from __future__ import annotations

import unicodedata

from .errors import FieldRefused

LONGEST_USERNAME = 64
SHORTEST_EMAIL, LONGEST_EMAIL = 3, 254  # RFC 5321 4.5.3.1.3, less the angle brackets

#: Characters of a username as it was typed, before it is normalized.
_LONGEST_TYPED = 256

_NAMES = {"current": "current password", "new": "new password"}

_BLANK = "must have no blanks or control characters in it."
_INVISIBLE = "must have no invisible or unassigned characters in it."

#: Unicode's categories of what does not show: formatting, lone surrogates, private use, unassigned.
_INVISIBLE_CATEGORIES = {"Cf", "Cs", "Co", "Cn"}

#: What shows nothing among letters, marks and symbols (Default_Ignorable_Code_Point of UAX 44, and
#: the empty Braille pattern): the first and the last of each range.
_INVISIBLE_RANGES = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0000, 0xE0FFF),
)


def clean_username(username: str) -> str:
    """Return the username as it is kept and shown; what is far too long, as it is."""
    if len(username) > _LONGEST_TYPED:
        return username
    return unicodedata.normalize("NFKC", username).strip(" ")


def compared_username(username: str) -> str:
    """Return what usernames are compared by; what is far too long, as it is."""
    cleaned = clean_username(username)
    if len(username) > _LONGEST_TYPED:
        return cleaned
    return unicodedata.normalize("NFKC", cleaned.casefold())


def username_problem(username: object) -> str | None:
    """Return what is wrong with a username in one sentence, None when it will do."""
    if not isinstance(username, str):
        return "The username must be text."
    cleaned = clean_username(username)
    if not 1 <= len(cleaned) <= LONGEST_USERNAME:
        return f"The username must have 1 to {LONGEST_USERNAME} characters."
    # As it was typed, and as it is kept: either may have what the other has not.
    problem = _unseen(username.strip(" ")) or _unseen(cleaned)
    return f"The username {problem}" if problem else None


def email_problem(email: object) -> str | None:
    """Return what is wrong with an email in one sentence, None when it will do."""
    if not isinstance(email, str):
        return "The email must be text."
    if not SHORTEST_EMAIL <= len(email) <= LONGEST_EMAIL:
        return f"The email must have {SHORTEST_EMAIL} to {LONGEST_EMAIL} characters."
    if problem := _unseen(email):
        return f"The email {problem}"
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@"):
        return "The email must have one @ with something on both sides."
    return None


def texts(**fields: tuple[object, str | None]) -> dict[str, str]:
    """Return the values of the fields; `FieldRefused` with every field's problem if there is any.

    A field is a value and what is wrong with it; a value that is no text is wrong in any case.
    """
    problems = {
        name: problem or f"The {_NAMES.get(name, name)} must be text."
        for name, (value, problem) in fields.items()
        if problem or not isinstance(value, str)
    }
    if problems:
        raise FieldRefused(problems)
    return {name: str(value) for name, (value, _) in fields.items()}


def _unseen(text: str) -> str | None:
    """Return what is wrong with characters that do not show."""
    if any(each.isspace() or unicodedata.category(each) == "Cc" for each in text):
        return _BLANK
    return _INVISIBLE if any(map(_is_invisible, text)) else None


def _is_invisible(character: str) -> bool:
    if unicodedata.category(character) in _INVISIBLE_CATEGORIES:
        return True
    return any(first <= ord(character) <= last for first, last in _INVISIBLE_RANGES)

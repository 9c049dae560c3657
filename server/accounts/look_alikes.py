"""Usernames that print like another one, which nobody may register.

Rule 1: a name is of one script (UTS 39, "highly restrictive"): Latin letters among Cyrillic ones
are there to deceive. What Japanese, Chinese and Korean is written with goes together, and with
Latin.
Rule 2: a name that is written otherwise, and prints like one of ASCII letters and signs alone, is
refused: that one is somebody else's, or may be.
Rule 3: who has such a name from before keeps it: this is asked at registration only.

The tables are large, and most names are of ASCII letters: they are loaded when one is not, and in
another thread. Among ASCII letters ``l``, ``I`` and ``1`` are for the font to tell apart.
"""

from __future__ import annotations

import asyncio

_TOGETHER = {"LATIN", "HAN", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL"}
_ANYWHERE = {"COMMON", "INHERITED"}


async def look_alike_problem(username: str) -> str | None:
    """Return what is wrong with a name in a sentence, None for nothing."""
    return None if username.isascii() else await asyncio.to_thread(_problem, username)


def _problem(username: str) -> str | None:
    from confusable_homoglyphs import categories  # noqa: PLC0415 - see the module's docstring

    scripts = {categories.alias(each) for each in username} - _ANYWHERE
    if len(scripts) > 1 and not scripts <= _TOGETHER:
        return "The username must not mix letters of several scripts."
    seen = "".join(map(_as_ascii, username))
    looks = seen.isascii() and any(map(str.isalnum, seen))  # signs alone are no ASCII name's
    return f"The username looks like {seen}." if looks else None


def _as_ascii(character: str) -> str:
    """Return the ASCII letter, digit or else sign that prints like it, or else itself."""
    from confusable_homoglyphs import confusables  # noqa: PLC0415

    if character.isascii():
        return character
    alike = (each["c"] for each in confusables.confusables_data.get(character, ()))
    ascii_ones = filter(str.isascii, alike)
    return min(ascii_ones, key=lambda each: not each.isalnum(), default=character)

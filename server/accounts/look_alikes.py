"""Usernames that print like another one, which nobody may register.

Rule 1: a name is of one script (UTS 39, "highly restrictive"): Latin letters among Cyrillic ones
are there to deceive. What Japanese, Chinese and Korean is written with goes together, and with
Latin. It is a script that people write today (UAX 31, table 5): others are hardly known, and full
of letters that look like better known ones.
Rule 2: a name that is written otherwise, and prints like one of ASCII letters and signs alone, is
refused: that one is somebody else's, or may be. Of a script other than Latin so is one that does
but for its accents.
Rule 3: nothing that changes a letter by hand. A mark that is left when all is composed (NFKC) is
one that letters of the script have: none that strikes through, encloses, or comes twice, and no dot
on what has one (UTS 39 5.4). Small capitals and phonetic letters are a dictionary's, signs between
words those of UAX 31, table 3a, and digits of one kind.
Rule 4: who has such a name from before keeps it: this is asked at registration only.

The tables are large, and most names are of ASCII letters: they are loaded when one is not, and in
another thread. Among ASCII letters ``l``, ``I`` and ``1`` are for the font to tell apart, and so
are signs of Japanese and Chinese among each other.
"""

from __future__ import annotations

import asyncio
from functools import cache
from itertools import pairwise
from unicodedata import category, combining, decimal, decomposition, name, normalize

_TOGETHER = {"LATIN", "HAN", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL"}
_ANYWHERE = {"COMMON", "INHERITED"}

_OF_TODAY = _TOGETHER | {
    *("ARABIC", "ARMENIAN", "BENGALI", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GREEK"),
    *("GUJARATI", "GURMUKHI", "HEBREW", "KANNADA", "KHMER", "LAO", "MALAYALAM", "MYANMAR", "ORIYA"),
    *("SINHALA", "TAMIL", "TELUGU", "THAANA", "THAI", "TIBETAN"),
}

#: Between words of Catalan, Armenian, Hebrew, Tibetan and Japanese.
_BETWEEN = frozenset("\u00b7\u058a\u05f3\u05f4\u0f0b\u30a0\u30fb")

#: What these scripts' letters have is composed with them, where it is not rare.
_WITH_ACCENTS = {"LATIN", "GREEK", "CYRILLIC"}

_OVERLAY = 1
_DOT_ABOVE = "\u0307"


async def look_alike_problem(username: str) -> str | None:
    """Return what is wrong with a name in a sentence, None for nothing."""
    return None if username.isascii() else await asyncio.to_thread(_problem, username)


def _problem(username: str) -> str | None:
    scripts = {_script(each) for each in username} - _ANYWHERE
    if len(scripts) > 1 and not scripts <= _TOGETHER:
        return "The username must not mix letters of several scripts."
    if not scripts <= _OF_TODAY:
        return "The username must be in a script that is in general use."
    if _is_made_up(username, scripts):
        return "The username must have no marks, digits or signs that no word has."
    letters = username if scripts <= _TOGETHER else "".join(filter(_is_base, _parts(username)))
    seen = "".join(map(_as_ascii, letters))
    looks = seen.isascii() and any(map(str.isalnum, seen))  # signs alone are no ASCII name's
    return f"The username looks like {seen}." if looks else None


def _script(character: str) -> str:
    from confusable_homoglyphs import categories  # noqa: PLC0415 - see the module's docstring

    return str(categories.alias(character))


def _as_ascii(character: str) -> str:
    """Return the ASCII letter, digit or else sign that prints like it, or else itself."""
    from confusable_homoglyphs import confusables  # noqa: PLC0415

    if character.isascii():
        return character
    alike = (each["c"] for each in confusables.confusables_data.get(character, ()))
    ascii_ones = filter(str.isascii, alike)
    return min(ascii_ones, key=lambda each: not each.isalnum(), default=character)


def _parts(username: str) -> str:
    return normalize("NFD", username)


def _is_base(character: str) -> bool:
    return not combining(character)


def _is_made_up(username: str, scripts: set[str]) -> bool:
    """Return whether rule 3 is broken."""
    zeros = {ord(each) - decimal(each) for each in username if category(each) == "Nd"}
    accented = scripts <= _WITH_ACCENTS
    return (
        len(zeros) > 1
        or any(_is_strange(each, accented) for each in username)
        or any(_is_twice(*pair) for pair in pairwise(_parts(username)))
    )


def _is_strange(character: str, accented: bool) -> bool:
    kind = category(character)
    if kind == "Mn" and accented:
        return combining(character) == _OVERLAY or character not in _accents()
    if kind.startswith("P"):
        return not character.isascii() and character not in _BETWEEN and not _looks(character)
    return kind == "Me" or combining(character) == _OVERLAY or _is_phonetic(character)


def _looks(character: str) -> bool:
    """Return whether it is told better what it looks like."""
    return _as_ascii(character).isascii()


def _is_phonetic(character: str) -> bool:
    return "\u1d00" <= character <= "\u1dbf" or "SMALL CAPITAL" in name(character, "")


def _is_twice(before: str, character: str) -> bool:
    """Return whether a mark is there twice, or is a dot above the dot of a letter."""
    if not combining(character):
        return False
    return before == character or (character == _DOT_ABOVE and before in "ij\u0456\u0458")


@cache
def _accents() -> frozenset[str]:
    """Return the marks that letters of any script may be composed with."""
    pairs = (decomposition(chr(code)).split() for code in range(0x00C0, 0x2000))
    return frozenset(
        chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and "<" not in pair[0]
    )

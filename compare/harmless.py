"""Foreign text, cut and made harmless before it is shown, logged or reported. Pure.

Rule 1: whatever is no visible character is written out: control characters (U+0000 to U+001F and
U+007F to U+009F, so no terminal obeys), format characters such as bidi controls (Unicode TR 36),
surrogates and line separators. Line feeds and tabs stay where lines are wanted.
Rule 2: no work grows faster than the text, and of a long one only the beginning is looked at.
"""

from __future__ import annotations

import re
import unicodedata

#: What is looked at of a page to tell what it says.
_LOOKED_AT = 20_000
_TAG = re.compile(r"<(?:script|style)\b[^<]*|<[^<>]*>")
_ODD = re.compile(r"[^ -~]")
_DANGEROUS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def harmless(text: str, longest: int | None = None, keep: str = "\n\t") -> str:
    """Return ``text`` with what is not visible written out, cut after ``longest`` characters."""
    cut = text if longest is None or len(text) <= longest else f"{text[:longest]}…"
    return _ODD.sub(lambda odd: odd[0] if odd[0] in keep else _visible(odd[0]), cut)


def one_line(text: str, longest: int = 200) -> str:
    """Return ``text`` as a line: runs of blanks are one, nothing in it is obeyed by a terminal."""
    return harmless(" ".join(text[:_LOOKED_AT].split()), longest, keep="")


def words_of_page(text: str, longest: int = 120) -> str:
    """Return the first words of a page, without its tags."""
    return one_line(_TAG.sub(" ", text[:_LOOKED_AT]), longest)


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _DANGEROUS:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"

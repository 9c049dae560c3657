"""Usernames that print like another one are refused, and nobody's own script is."""

from __future__ import annotations

import pytest

from server.accounts.fields import clean_username
from server.accounts.look_alikes import look_alike_problem


@pytest.mark.parametrize(
    ("username", "why"),
    [
        ("\N{CYRILLIC SMALL LETTER A}nn", "several scripts"),
        ("an\N{CYRILLIC SMALL LETTER DZE}", "several scripts"),
        ("\N{GREEK SMALL LETTER OMICRON}tto", "several scripts"),
        ("\u0430\u0440\u0435", "looks like ape"),  # Cyrillic a, er, ie
        ("\u0440\u043e\u0440\u0451", "looks like pope"),  # Cyrillic er, o, er, io
        ("\u03bd\u03cc\u03bd\u03bf", "looks like vovo"),  # Greek nu, omicron with tonos
        ("\u0578\u0578", "looks like nn"),  # Armenian vo
        ("\u0966\u0966", "looks like oo"),  # Devanagari zero
        ("\N{LATIN SMALL LETTER ALPHA}nn", "looks like ann"),
        ("\N{LATIN SMALL LETTER DOTLESS I}an", "looks like ian"),
        ("ann\N{HYPHEN}lee", "looks like ann-lee"),
        ("ann\N{EN DASH}lee", "looks like ann-lee"),
        ("ann\N{MINUS SIGN}lee", "looks like ann-lee"),
        ("o\N{RIGHT SINGLE QUOTATION MARK}neil", "looks like o'neil"),
        ("o\N{MODIFIER LETTER APOSTROPHE}neil", "looks like o'neil"),
        ("\u13aa\u13af", "general use"),  # Cherokee
        ("\ua4ee\ua4e0\ua4e0", "general use"),  # Lisu, all of it ASCII capitals
        ("\N{NKO LETTER A}", "general use"),
        ("\u1d00\u0274\u0274", "no word has"),  # small capitals
        ("an\N{COMBINING SHORT SOLIDUS OVERLAY}n", "no word has"),
        ("an\N{COMBINING LOW LINE}n", "no word has"),
        ("ann\N{COMBINING ENCLOSING CIRCLE}", "no word has"),
        ("\u6771\N{COMBINING ENCLOSING CIRCLE}", "no word has"),
        ("\u6771\N{COMBINING LONG STROKE OVERLAY}", "no word has"),
        ("\u00e4\u0308nn", "no word has"),  # a diaeresis twice
        ("\u0641\u064e\u064e", "no word has"),  # an Arabic vowel twice
        ("i\N{COMBINING DOT ABOVE}an", "no word has"),
        ("ann\N{UNDERTIE}", "no word has"),
        ("ann\N{IDEOGRAPHIC FULL STOP}", "no word has"),
        ("\u06271\u0661", "no word has"),  # digits of two kinds
    ],
)
async def test_a_username_that_prints_like_another_is_refused(username: str, why: str) -> None:
    """Letters of several scripts, letters and signs that look like ASCII ones, made-up letters."""
    assert why in str(await look_alike_problem(clean_username(username)))


@pytest.mark.parametrize(
    "username",
    [
        *("jos\u00e9", "\u0131\u015f\u0131k", "stra\u00dfe", "\u00d8deg\u00e5rd", "x_1-y"),
        *("o\u0323\u0301la", "nguy\u1ec5n", "col\u00b7lega", "\u0253a\u014b"),
        "\N{KATAKANA LETTER NO}",  # a slash prints like it
        *("\u0438\u0432\u0430\u043d", "\u03c4\u03b1\u03c3\u03bf\u03c2"),  # Cyrillic, Greek
        *("\u0441\u0435\u0440\u0433\u0456\u0439", "\u03b3\u03b9\u03ce\u03c1\u03b3\u03bf\u03c2"),
        *("\ud55c\uae00ab", "\u6771\u4eac\u305f\u308d\u30fc1"),  # Korean and Japanese
        *(
            "\u05d3\u05d5\u05f4\u05d3",
            "\u0645\u064f\u062d\u0645\u0651\u0662",
            "\u0928\u0940\u0924\u093f",
        ),
        *("\u0e19\u0e49\u0e33", "\u12a0\u1260\u1260", "\u10d2\u10d8\u10d0", "ann\U0001f600"),
    ],
)
async def test_a_username_in_anybodys_script_is_taken(username: str) -> None:
    """Whatever language it is of."""
    assert await look_alike_problem(clean_username(username)) is None


@pytest.mark.parametrize("username", ["\uff41\uff4e\uff4e", "\U0001d41a\U0001d427\U0001d427"])
def test_letters_of_another_width_or_style_are_those_letters(username: str) -> None:
    """What is kept is the name that it prints like."""
    assert clean_username(username) == "ann"

"""What experiments find out: the only data that crosses modules.

Exchange   one request as sent, one response as received
Figures    numbers measured of one thing, with their spread
Demand     what somebody asks of every application, and where that is written
Outcome    what an experiment returns: what it saw, in a word, a sentence and figures
Finding    an outcome with whose it is, what was expected, and the exchanges that show it
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from statistics import median

from .harmless import harmless

#: A value of a cookie that is as long as this may be a secret of the run: its beginning is shown.
_MAY_BE_SECRET = 12
_SHOWN_OF_A_VALUE = 4
_LONGEST_BODY = 1_200

_LINES = re.IGNORECASE | re.MULTILINE
#: A string of JSON, or as much of one as is there.
_TEXT = r'"(?:[^"\\]|\\.)*(?:"|\Z)'
#: What a field with a password in it may be called, in JSON and in a form.
_SECRET = r"[\w.\[\]%-]*pass[\w.\[\]%-]*|pwd|current|new"
_SECRET_FIELD = re.compile(rf'("(?:{_SECRET})"\s*:\s*){_TEXT}', re.IGNORECASE)
_SECRET_PAIR = re.compile(rf"((?:^|&)(?:{_SECRET})=)[^&]*", re.IGNORECASE)
_IS_FORM = re.compile(r"^content-type: *application/x-www-form-urlencoded", _LINES)
_COOKIE_VALUE = re.compile(rf"(?:^|(?<=;))([^=;]*)=({_TEXT}|[^;]+)")
_IS_SHORTENED = re.compile(r'"?.{4}… \([\d,]+ characters\)"?')
_COOKIE_LINE = re.compile(r"^((?:set-)?cookie: )(.*)$", _LINES)
_CREDENTIALS = re.compile(r"^((?:proxy-)?authorization: *(?:[\w-]+ +(?=\S))?).*$", _LINES)


@dataclass(frozen=True)
class Exchange:
    """A request and its response as text, heads and bodies; ``actor`` sent it."""

    actor: str
    request: str
    response: str

    @property
    def path(self) -> str:
        """What was asked for."""
        return self.request[: _LONGEST_BODY * 4].partition(" ")[2].partition(" ")[0]

    def without(self, secrets: Collection[str]) -> Exchange:
        """Return the same with the beginning alone of each of ``secrets``."""
        if not secrets:
            return self
        pattern = re.compile("|".join(map(re.escape, sorted(secrets, key=len, reverse=True))))
        request, response = (
            pattern.sub(lambda found: shortened(found[0]), text)
            for text in (self.request, self.response)
        )
        return Exchange(self.actor, request, response)

    @property
    def shown(self) -> Exchange:
        """The same for people to read: cookies shortened, passwords and credentials left out."""
        return Exchange(self.actor, _shown(self.request), _shown(self.response))


@dataclass(frozen=True)
class Figures:
    """Measured numbers of one thing. ``unit`` is what each of them counts."""

    name: str
    unit: str
    numbers: tuple[float, ...]

    @property
    def n(self) -> int:
        """How many were measured."""
        return len(self.numbers)

    @property
    def median(self) -> float:
        """The one in the middle."""
        return median(self.numbers)

    @property
    def least(self) -> float:
        """The smallest."""
        return min(self.numbers)

    @property
    def greatest(self) -> float:
        """The largest."""
        return max(self.numbers)


@dataclass(frozen=True)
class Series:
    """Numbers of one thing as another grows: ``points`` are pairs of ``x_unit`` and ``unit``."""

    name: str
    x_unit: str
    unit: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Demand:
    """What ``source`` asks of every application, at ``level`` (of ASVS; None elsewhere).

    ``cwe`` is the weakness of one that does not meet it, ``wstg`` the test of OWASP's Web Security
    Testing Guide, ``severity`` high, medium or low.
    """

    source: str
    level: int | None
    asks: str
    cwe: int
    wstg: str
    severity: str

    def __str__(self) -> str:
        return f"{self.source} (level {self.level})" if self.level else self.source


@dataclass(frozen=True)
class Outcome:
    """What an experiment saw.

    ``word`` says it in a few words, the same words for the same thing. ``meets`` is whether the
    capability that the experiment is about was there, a number of bytes where it is a size, None
    where the experiment does not apply. ``demand`` is what the word is held against where that is
    not the experiment's own, ``remarks`` say what no clause asks for and would be better.
    """

    word: str
    meets: bool | int | None
    sentence: str
    figures: tuple[Figures, ...] = ()
    series: tuple[Series, ...] = ()
    demand: Demand | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What an experiment found out about one target.

    ``expected`` is the word that the project promises for the target's tier. An experiment that
    could not be carried out has no ``outcome``, and ``trouble`` says why.
    """

    experiment: str
    target: str
    tier: str
    capability: str | None
    clause: str
    expected: str
    outcome: Outcome | None
    trouble: str = ""
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)

    @property
    def as_expected(self) -> bool:
        """Whether the target did what the project promises of it."""
        return self.outcome is not None and self.outcome.word == self.expected

    @property
    def word(self) -> str:
        """What was seen, in a few words."""
        return self.outcome.word if self.outcome else "could not be tried"

    @property
    def sentence(self) -> str:
        """What was seen, for a person."""
        return self.outcome.sentence if self.outcome else self.trouble


#: Findings by experiment and target.
Findings = Mapping[tuple[str, str], Finding]


def _shown(message: str) -> str:
    head, _, body = message.partition("\r\n\r\n")
    head = _COOKIE_LINE.sub(_shortened_line, head)
    head = _CREDENTIALS.sub(r"\1…", head)
    # Looking for passwords in much more than is shown could take long.
    told = _SECRET_FIELD.sub(r'\1"…"', body[: 4 * _LONGEST_BODY])
    if _IS_FORM.search(head):
        told = _SECRET_PAIR.sub(r"\1…", told)
    if len(body) > _LONGEST_BODY:
        told = f"{told[:_LONGEST_BODY]}… ({len(body):,} characters)"
    return harmless(f"{head}\n\n{told}".replace("\r\n", "\n").rstrip())


def _shortened_line(line: re.Match[str]) -> str:
    """Return a line of cookies; of Set-Cookie the attributes stay as they are."""
    head, cookies = line[1], line[2]
    if head.lower().startswith("set-"):
        return head + _COOKIE_VALUE.sub(_shortened_pair, cookies, count=1)
    return head + _COOKIE_VALUE.sub(_shortened_pair, cookies)


def _shortened_pair(pair: re.Match[str]) -> str:
    return f"{pair[1]}={shortened(pair[2])}"


def shortened(value: str) -> str:
    """Return a value that may be a secret by its beginning; a short one as it is."""
    if len(value) < _MAY_BE_SECRET or _IS_SHORTENED.fullmatch(value):
        return value
    return f"{value[:_SHOWN_OF_A_VALUE]}… ({len(value):,} characters)"

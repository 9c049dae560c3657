"""What comes over a connection to memcached, cut into answers.

An answer is a line, and a value where the line says so: ``VA <size> <flags>``.
"""

from __future__ import annotations

import msgspec

#: A line is a few words; a value is at most what memcached keeps, and it can be told to keep much.
_LONGEST_LINE = 2048
_LONGEST_SIZE = len("99999999")


class Foreign(Exception):
    """What came is nothing that memcached says."""


class Answer(msgspec.Struct, frozen=True, gc=False):
    """One answer; ``value`` is None but for a record that was found."""

    words: list[bytes]
    value: bytes | None = None


class Answers:
    """The answers of one connection, as far as they have come."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, more: bytes) -> list[Answer]:
        """Return the answers that ``more`` makes whole; `Foreign` for anything else."""
        data = self._rest + more if self._rest else more
        found: list[Answer] = []
        start = 0
        while (end := data.find(b"\r\n", start)) >= 0:
            words, value = data[start:end].split(b" "), None
            if words[0] == b"VA":
                if len(words) < 2 or not words[1].isdigit() or len(words[1]) > _LONGEST_SIZE:
                    raise Foreign
                begin = end + 2
                end = begin + int(words[1])
                if data[end : end + 2] != b"\r\n":
                    if len(data) < end + 2:
                        break
                    raise Foreign
                value = data[begin:end]
            found.append(Answer(words, value))
            start = end + 2
        else:
            if len(data) - start > _LONGEST_LINE:
                raise Foreign
        self._rest = data[start:]
        return found

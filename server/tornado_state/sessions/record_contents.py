"""What a session record may say: the data of a session, or that the session is over.

Rule 1: data is a JSON object. A last word is null, or the session ID that the session continued
under. Anything else was left there by somebody else and is no session.
Rule 2: a last word says when it was said. The record may last longer, because whoever loaded the
session before may push its idle clock after; the word does not count for longer.
"""

from __future__ import annotations

from typing import NamedTuple

from ..kinds import JSON
from .sealing import Contents, decode, encode, is_last_word, is_session_id, seal, unseal

#: Seconds for which the record of an ended session says so: long for a renewed one, because a
#: request that began before the renewal may still sign out.
_ENDED_FOR = 1
_RENEWED_FOR = 60


class LastWord(NamedTuple):
    """That a session is over: sealed, and for how many seconds it is worth knowing."""

    sealed: bytes
    counts_for: int


def last_word(session_id: str, now: float, successor: str | None) -> LastWord:
    """Return what is left of the session, which goes on under the ID ``successor``, if any."""
    contents = Contents(0, int(now), encode(successor))
    sealed = seal(session_id, contents, last_word=True)
    return LastWord(sealed, _ENDED_FOR if successor is None else _RENEWED_FOR)


class Opened(NamedTuple):
    """A record that opened. ``value`` is its data as read; when the session is ``over``, the ID
    that it went on under, or None.
    """

    contents: Contents
    value: JSON
    over: bool

    def was_renewed(self, now: float) -> bool:
        """Return whether the session went on under another ID, not long ago."""
        is_news = self.contents.created_at + _RENEWED_FOR > now
        return self.over and self.value is not None and is_news


def open_record(session_id: str, sealed: bytes) -> Opened | None:
    """Return what a record says; None for bytes that no session of this ID left there."""
    contents = unseal(session_id, sealed)
    if contents is None:
        return None
    try:
        value = decode(contents.data)
    except ValueError:
        return None
    over = is_last_word(sealed)
    right = _is_last_word(value) if over else isinstance(value, dict)
    return Opened(contents, value, over) if right else None


def _is_last_word(value: JSON) -> bool:
    return value is None or (isinstance(value, str) and is_session_id(value))

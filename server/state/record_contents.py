"""What a session record may say: the data of a session, or that the session is over.

Rule 1: data is a JSON object. A last word is null, or the session ID that the session continued
under. Anything else was left there by somebody else and is no session.
Rule 2: a last word says when it was said. The record may last longer, because whoever loaded the
session before may push its idle clock after; the word does not count for longer.
"""

from __future__ import annotations

from typing import NamedTuple

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


def open_record(session_id: str, sealed: bytes) -> Contents | None:
    """Return what a record says; None for bytes that no session of this ID left there."""
    contents = unseal(session_id, sealed)
    return contents if contents and _is_sound(contents, is_last_word(sealed)) else None


def is_over(contents: Contents) -> bool:
    """Return whether the session is over."""
    return not contents.data.startswith(b"{")


def successor_of(contents: Contents) -> str | None:
    """Return the session ID that a session which is over continued under."""
    successor: str | None = decode(contents.data)
    return successor


def was_renewed(contents: Contents, now: float) -> bool:
    """Return whether a session which is over went on under another ID, not long ago."""
    return successor_of(contents) is not None and contents.created_at + _RENEWED_FOR > now


def _is_sound(contents: Contents, over: bool) -> bool:
    try:
        value = decode(contents.data)
    except ValueError:
        return False
    if over:
        return value is None or (isinstance(value, str) and is_session_id(value))
    return isinstance(value, dict) and not is_over(contents)

"""What a session record may say: the values of a session, or that the session is over.

Rule 1: values are a JSON object of texts by the kinds' names. A last word names the session ID that
the session continued under, if any, and what a reader with the old one may still see. Anything else
was left there by somebody else and is no session.
Rule 2: a last word says when it was said. The record may last longer, because whoever loaded the
session before may push its idle clock after; the word does not count for longer.
Rule 3: what a request that was under way may see under the old ID is what stood there before, never
what came after: whoever planted the old ID must not read what its owner does (ASVS 5.0 7.2.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from ..confirmed import NOTHING, Texts
from .sealing import Contents, Sealer, is_last_word, is_session_id

#: Seconds for which the record of an ended session says so: long for a renewed one, because a
#: request that began before the renewal may still sign out.
_ENDED_FOR = 1
_RENEWED_FOR = 60

#: Seconds for which a request under way reads under the old ID what stood there.
_GRACE = 10

_TEXTS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class LastWord(msgspec.Struct, omit_defaults=True):
    """That a session is over: ``to`` is the ID it went on under, ``was`` what stood there."""

    to: str | None = None
    was: dict[str, msgspec.Raw] = {}


_LAST_WORD = msgspec.json.Decoder(LastWord)


class Sealed(NamedTuple):
    """Bytes for the store, and for how many seconds they are worth keeping."""

    sealed: bytes
    keep_for: int


class Opened(NamedTuple):
    """A record that opened: values, or the last word on a session that is over."""

    contents: Contents
    values: Texts
    last_word: LastWord | None

    def was_renewed(self, now: float) -> bool:
        """Return whether the session went on under another ID, not long ago."""
        is_news = self.contents.created_at + _RENEWED_FOR > now
        return self.last_word is not None and self.last_word.to is not None and is_news

    def was(self, now: float) -> Texts:
        """Return what a request that was under way may still see."""
        in_time = self.contents.created_at + _GRACE > now
        return _as_bytes(self.last_word.was) if self.last_word and in_time else NOTHING


def write_texts(values: Texts) -> bytes:
    """Return ``values`` as one JSON object."""
    return b"{%s}" % b",".join([b'"%s":%s' % (n.encode(), text) for n, text in values.items()])


def last_word(sealer: Sealer, session_id: str, now: float, to: str | None, was: Texts) -> Sealed:
    """Return what is left of the session, which goes on under the ID ``to``, if any."""
    word = LastWord(to, {name: msgspec.Raw(text) for name, text in was.items()})
    contents = Contents(int(now), int(now), remembered=False, data=msgspec.json.encode(word))
    sealed = sealer.seal(session_id, contents, last_word=True)
    return Sealed(sealed, _ENDED_FOR if to is None else _RENEWED_FOR)


def open_record(sealer: Sealer, session_id: str, sealed: bytes) -> Opened | None:
    """Return what a record says; None for bytes that no session of this ID left there."""
    contents = sealer.unseal(session_id, sealed)
    if contents is None:
        return None
    try:
        if not is_last_word(sealed):
            return Opened(contents, _as_bytes(_TEXTS.decode(contents.data)), None)
        word = _LAST_WORD.decode(contents.data)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None
    return Opened(contents, NOTHING, word) if word.to is None or is_session_id(word.to) else None


def _as_bytes(texts: Mapping[str, msgspec.Raw]) -> Texts:
    return {name: bytes(text) for name, text in texts.items()}

"""What a session record may say: the data of a session, or that the session is over.

Rule 1: data is a JSON object, and nothing else is. What is over says null, or the session ID that
the session continued under. Anything else was left there by somebody else and is no session.
"""

from __future__ import annotations

from .sealing import Contents, decode, is_session_id, unseal


def open_record(session_id: str, sealed: bytes) -> Contents | None:
    """Return what a record says; None for bytes that no session of this ID left there."""
    contents = unseal(session_id, sealed)
    return contents if contents and _is_sound(contents) else None


def is_over(contents: Contents) -> bool:
    """Return whether the session is over."""
    return not contents.data.startswith(b"{")


def successor_of(contents: Contents) -> str | None:
    """Return the session ID that a session which is over continued under."""
    successor: str | None = decode(contents.data)
    return successor


def _is_sound(contents: Contents) -> bool:
    try:
        value = decode(contents.data)
    except ValueError:
        return False
    if isinstance(value, str):
        return is_session_id(value)
    return value is None or (isinstance(value, dict) and not is_over(contents))

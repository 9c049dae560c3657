"""What an application's file may say. `example.toml` explains each line of it.

Rule 1: what is not known is refused, so that a slip of the pen is no silent omission.
Rule 2: nothing is sent that the file does not allow: each request is one of its tables, or a GET of
a page that anybody visits before signing in (``visits``).
Rule 3: ``{names}`` in a text are filled in when it is used; others than those listed are refused.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from ..experiment import NotTried
from .mistakes import mistakes, with_a_port
from .tables import Description, Start

__all__ = ["Description", "NotTried", "Start", "Unusable", "described", "read", "with_a_port"]


class Unusable(Exception):
    """The file, or the application that it describes, cannot be used; the text says why."""


def read(path: Path) -> Description:
    """Return what the file describes; `Unusable` says what is wrong with it."""
    try:
        return described(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{path}: not a text file") from error


def described(text: str, path: Path) -> Description:
    """Return what ``text``, the content of ``path``, describes; `Unusable` otherwise."""
    try:
        description = msgspec.toml.decode(text, type=Description)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unusable(f"{path}: {_said(str(error))}") from error
    for wrong in mistakes(description):
        raise Unusable(f"{path}: {wrong}")
    described = msgspec.structs.replace(description, folder=str(path.parent.absolute()))
    return _with_password(described)


def _with_password(description: Description) -> Description:
    account = description.account
    if account is None or not account.password_env:
        return description
    password = os.environ.get(account.password_env, "")
    if not password:
        raise Unusable(f"[account]: please set {account.password_env} to its password")
    account = msgspec.structs.replace(account, password=password)
    return msgspec.structs.replace(description, account=account)


def _said(error: str) -> str:
    """Return msgspec's message in the words of a TOML file."""
    error = error.replace("Object ", "").replace("`$.", "[").replace("`$", "[top level").strip()
    return re.sub(r"- at \[([^`]*)`", r"in [\1]", error)

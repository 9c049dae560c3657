"""Whose a file is, and who else can write to it: looked at before it is believed.

Rule 1: what is read or made belongs to the user that runs this, or to root, and nobody else can
write to it. Of whoever could, it would be his secret, his accounts, his socket (CWE-732, CWE-59).
Rule 2: a link leads where its owner wants; so it is believed only if that is the same user, or
root. A link of one's own, or one that the machine's administrator has made, is as good as a file.
Rule 3: a file that is read is looked at through the descriptor that it is read by, so nobody can
put another in its place in between.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: Bytes; more is no file of secrets.
_LONGEST = 65_536

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class NotTrusted(OSError):
    """Somebody else owns it, or can write to it; ``strerror`` says which."""


def check_folder(path: Path) -> None:
    """Raise `NotTrusted` for a folder that is not this user's own, or that others can write to."""
    _check_way(path)
    _check(os.stat(path))


def check_file(path: Path) -> None:
    """Raise `NotTrusted` for a file that others own or can write to; one that is not there may."""
    _check_way(path)
    if path.exists():
        _check(os.stat(path))


def is_open_socket(address: str) -> bool:
    """Return whether it is a socket's path that every user of the machine can write to."""
    try:
        mode = os.stat(address).st_mode if "/" in address else 0
    except OSError:
        return False
    return stat.S_ISSOCK(mode) and bool(mode & stat.S_IWOTH)


def read_trusted(path: Path) -> bytes:
    """Return what is in a file; `NotTrusted` where others could have written that, or `OSError`."""
    _check_way(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise _not_trusted("not a file")
        _check(found)
        content = os.read(descriptor, _LONGEST + 1)
    finally:
        os.close(descriptor)
    if len(content) > _LONGEST:
        raise _not_trusted(f"larger than {_LONGEST:,} bytes")
    return content


def _check_way(path: Path) -> None:
    """Look at the path and at what is above it; all of it has to lead where this user wants."""
    for part in (path.absolute(), *path.absolute().parents):
        if part.is_symlink():
            _check_owner(os.lstat(part), "a link that belongs to another user")
    for folder in path.absolute().parents:
        if folder.exists() and _is_anybodys(os.stat(folder)):
            raise _not_trusted(f"anybody can put another in its place: {folder}")


def _is_anybodys(found: os.stat_result) -> bool:
    return bool(found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX)


def _check(found: os.stat_result) -> None:
    _check_owner(found, "belongs to another user")
    if found.st_mode & _OTHERS:
        raise _not_trusted("others can write to it: chmod go-w")


def _check_owner(found: os.stat_result, otherwise: str) -> None:
    if found.st_uid not in {os.geteuid(), 0}:
        raise _not_trusted(otherwise)


def _not_trusted(why: str) -> NotTrusted:
    return NotTrusted(0, why)

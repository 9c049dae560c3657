"""The secrets that sign cookies: read from a file, or, for development, made once.

Rule 1: they are always a mapping of version to secret, in the order of the lines. The last one
signs, whatever its number; every version listed is still believed, so a new one is put in by adding
a line, and nobody is signed out.
Rule 2: a secret that stands alone in its file is version 0. Turning it into the line ``0:secret``
and adding ``1:another`` therefore signs nobody out either.
Rule 3: a weak secret is refused with the reason: too short, made of one or a few characters, a
placeholder, or there twice (ASVS 5.0 11.2.3). No text of this module ever shows one.
Rule 4: a file that another user owns, or can write to, is refused (:mod:`.ownership`).
Rule 5: a secret made here is for its owner's eyes only, and of two processes that start at once,
both use the one that was there first.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tornado_state.settings import MIN_SECRET, weakness

from .ownership import read_trusted

_LONGEST_VERSION = 9
_LINE = re.compile(r"([0-9]+):(.*)")


class SecretRefused(ValueError):
    """The file is missing, unreadable, or holds what must not sign cookies; the text says which."""


def read_cookie_secret(path: Path) -> Mapping[int, str]:
    """Return the secrets in ``path`` by version; `SecretRefused` otherwise."""
    try:
        text = read_trusted(path).decode("utf-8-sig")
    except OSError as error:
        raise SecretRefused(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SecretRefused(f"{path}: not a text file") from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    versions = _versions(path, lines)
    if len(set(versions.values())) < len(versions):
        raise SecretRefused(f"{path}: the same secret is there twice")
    for version, secret in versions.items():
        if wrong := weakness(secret):
            where = f"version {version} " if len(lines) > 1 else "the secret "
            raise SecretRefused(f"{path}: {where}{wrong}")
    return versions


def cookie_secret_warnings(path: Path, versions: Mapping[int, str]) -> list[str]:
    """Return what is allowed and still ought to be said aloud about the secrets of ``path``."""
    warnings = []
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRGRP | stat.S_IROTH | stat.S_IWOTH):
        warnings.append(f"{path} can be read by others than its owner: chmod 600 {path}")
    if len(versions) == 1 and 0 not in versions:
        warnings.append(
            f"{path} lists version {max(versions)} only: cookies signed with another version, "
            "or with a lone secret (version 0), are refused"
        )
    return warnings


def make_cookie_secret(path: Path) -> None:
    """Write a new secret to ``path``, mode 600, unless there is one; `SecretRefused` if it cannot.

    It is written whole to a file of another name and linked into place, so nobody reads half of it.
    """
    if path.exists():
        return
    try:
        made, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-")  # mode 600
        with os.fdopen(made, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(MIN_SECRET) + "\n")
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass  # another process was first
        finally:
            os.unlink(temporary)
    except OSError as error:
        raise SecretRefused(f"{path}: no secret could be made: {error.strerror}") from error


def _versions(path: Path, lines: list[str]) -> dict[int, str]:
    if not lines:
        raise SecretRefused(f"{path}: there is no secret in it")
    matches = [_LINE.fullmatch(line) for line in lines]
    if len(lines) == 1 and matches[0] is None:
        return {0: lines[0]}
    versions: dict[int, str] = {}
    for number, match in enumerate(matches, 1):
        if match is None:
            raise SecretRefused(f"{path}: line {number} is not version:secret")
        if len(match[1]) > _LONGEST_VERSION:
            raise SecretRefused(f"{path}: line {number}: the version is too long")
        version = int(match[1])
        if version in versions:
            raise SecretRefused(f"{path}: line {number}: version {version} is there twice")
        versions[version] = match[2].strip()
    return versions

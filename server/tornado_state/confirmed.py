"""What is confirmed of the kinds' values: their texts, by the keys that they have in a record.

Rule 1: a value of another version of its kind stands under another key, so that no release takes
the shape of another one's for its own.
Rule 2: an older one is brought up when it is read; what it becomes is not written for that alone.
One that cannot be is no value to whoever reads it, and may be replaced or dropped.
Rule 3: a newer one is `NotKnownHere`, for reading it and for replacing it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from .exceptions import InvalidValue, NotKnownHere, TooLarge
from .kinds import Kind

#: A text for each kind that has a value, by `Kind.record_name`.
Texts = Mapping[str, bytes]

#: The new text of each kind that changed, None for one that was dropped.
Changes = Mapping[Kind[Any], bytes | None]

NOTHING: Texts = MappingProxyType({})


class Confirmed(msgspec.Struct, eq=False, gc=False):
    """See the module's rules."""

    texts: Texts = NOTHING
    _brought_up: dict[Kind[Any], bytes | None] | None = None

    def _has_versions(self) -> bool:
        return "@" in " ".join(self.texts)

    def text(self, kind: Kind[Any]) -> bytes | None:
        """Return the text of the kind's value in today's version, None without one.

        Raises `NotKnownHere` for a newer one, `InvalidValue` or `TooLarge` for what cannot be
        brought up.
        """
        text = self.texts.get(kind.record_name)
        if text is not None or (kind.version == 1 and not self._has_versions()):
            return text
        newest, name = self._newest(kind)
        if name is None:
            return None
        if self._brought_up is None:
            self._brought_up = {}
        if kind not in self._brought_up:
            self._brought_up[kind] = kind.brought_up(self.texts[name], newest)
        return self._brought_up[kind]

    def kept(self, kind: Kind[Any]) -> bytes | None:
        """Return what `text` does, None for what cannot be brought up; `NotKnownHere`."""
        try:
            return self.text(kind)
        except (InvalidValue, TooLarge):
            return None

    def check_known(self, kind: Kind[Any]) -> None:
        """Raise `NotKnownHere` for a newer one, which is not to be replaced."""
        if kind.record_name not in self.texts and self._has_versions():
            self._newest(kind)

    def _newest(self, kind: Kind[Any]) -> tuple[int, str | None]:
        """Return the newest version that there is, and its key; `NotKnownHere`."""
        versions = {_version(name): name for name in self.names(kind)}
        newest = max(versions, default=0)
        if newest > kind.version:
            raise NotKnownHere(f"the value of {kind.name} was written by a newer release")
        return newest, versions.get(newest)

    def names(self, kind: Kind[Any]) -> list[str]:
        """Return the keys of the kind's values, of whatever version."""
        if kind.version == 1 and not self._has_versions():
            return [kind.name] if kind.name in self.texts else []
        return [name for name in self.texts if _kind_name(name) == kind.name]

    def with_changes(self, changes: Changes) -> Texts:
        """Return the texts with ``changes``."""
        texts = dict(self.texts)
        for kind, text in changes.items():
            if text is None or kind.record_name not in texts or "@" in " ".join(texts):
                for name in self.names(kind):
                    del texts[name]
            if text is not None:
                texts[kind.record_name] = text
        return texts


def only(names: Collection[str], texts: Texts) -> Texts:
    """Return those of ``texts`` that are values of the kinds with these names."""
    return {name: text for name, text in texts.items() if _kind_name(name) in names}


def _kind_name(record_name: str) -> str:
    return record_name.partition("@")[0]


def _version(record_name: str) -> int:
    version = record_name.partition("@")[2]
    return int(version) if version.isascii() and version.isdigit() else 1

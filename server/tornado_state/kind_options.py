"""What may be said of a kind beside its name, its type and its default, for checkers and people."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from inspect import iscoroutinefunction
from typing import Any, Literal, TypedDict

from .exceptions import CompositionError
from .needs import is_whole
from .predecessors.adopted import Adopted, Moved

#: Makes the next shape of a value: built of what JSON has, like its result.
Migration = Callable[[Any], Any]


class KindOptions(TypedDict, total=False):
    """What a kind may say of itself beside name, type and default; see `Kind` and `Needs`."""

    size: int
    confidential: bool
    revocable: bool
    fresh: bool
    idle_timeout: bool
    concurrent: bool
    outage_proof: bool
    outlives_logout: bool
    stateless: bool
    cross_device: bool
    on_conflict: Literal["refuse", "last_write"]
    inherited: bool
    identity: bool | str
    version: int
    migrations: Mapping[int, Migration]
    adopts: Sequence[Adopted | Moved]


_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


def check_options(kind: Any, migrations: Any, adopts: Any) -> None:
    """Raise `CompositionError` for what a ``kind`` cannot be, or cannot be given."""
    name = kind.name
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise CompositionError(
            f"a kind's name is a letter of a-z and at most 31 of a-z, 0-9, _, not {name!r}"
        )
    if kind.on_conflict not in ("refuse", "last_write"):
        raise CompositionError(
            f"{name}: on_conflict is 'refuse' or 'last_write', not {kind.on_conflict!r}"
        )
    if not isinstance(kind.identity, bool | str) or kind.identity == "":
        raise CompositionError(f"{name}: identity is True or the name of a field")
    if kind.identity and kind.needs.outlives_logout:
        raise CompositionError(f"{name}: who is signed in does not outlive sign-out")
    if not isinstance(kind.inherited, bool):
        raise CompositionError(f"{name}: inherited is True or False, not {kind.inherited!r}")
    if not is_whole(kind.version) or kind.version < 1:
        raise CompositionError(f"{name}: version is a whole number from 1 on")
    _check_migrations(name, kind.version, migrations or {})
    if not isinstance(adopts, Sequence) or not all(isinstance(a, Adopted | Moved) for a in adopts):
        raise CompositionError(f"{name}: adopts is a list of what tornado_state.predecessors has")
    converts = [a.convert for a in adopts if isinstance(a, Adopted)]
    if not all(map(callable, converts)) or any(map(iscoroutinefunction, converts)):
        raise CompositionError(f"{name}: what converts a value is a plain function")


def _check_migrations(name: str, version: int, migrations: Any) -> None:
    if not isinstance(migrations, Mapping) or not all(map(callable, migrations.values())):
        raise CompositionError(f"{name}: migrations map a version to a function")
    if any(map(iscoroutinefunction, migrations.values())):
        raise CompositionError(f"{name}: a migration is a plain function, not a coroutine's")
    if wrong := [each for each in migrations if not is_whole(each) or not 0 < each < version]:
        raise CompositionError(
            f"{name}: a migration leads from an older version than {version}, not from {wrong[0]!r}"
        )

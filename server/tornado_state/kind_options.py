"""What may be said of a kind beside its name, its type and its default, for type checkers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict

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

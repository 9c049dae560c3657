"""What is asked of Redis at the start: whether it answers, may write, and knows what a store needs.

Of a cluster every primary is asked. What will not do is named before what is just away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from ...exceptions import StoreRefused, StoreUnavailable, StoreUnfit
from ..exchanges.commands import StoreError, Unreachable
from .cluster import Cluster
from .commands import ONE_OF_A_CLUSTER, Cas, Lookup, Redirection, Request, delete
from .connection import NOTHING
from .lane import Way

OutcomeT = TypeVar("OutcomeT")

#: A write that changes what is there, of a key that nobody has.
_CHANGE_OF_NOTHING: Request = ("SET", NOTHING, b"", "XX", "EX", 1)


async def check(where: Way | Cluster, patience: float) -> None:
    """See `SessionStore.check`; within ``patience`` seconds."""
    until = asyncio.get_running_loop().time() + patience
    late = f"Redis did not answer within {patience} s"
    ways: Sequence[Way]
    if is_cluster := isinstance(where, Cluster):
        told = await _outcome_of(where.name, where.members, until, late)
        if isinstance(told, StoreUnavailable):
            raise told
        ways = told
    else:
        ways = [where]
    outcomes = await asyncio.gather(
        *(_outcome_of(way.name, partial(_prove, way, is_cluster), until, late) for way in ways)
    )
    if errors := [each for each in outcomes if each is not None]:
        worst = [each for each in errors if isinstance(each, StoreUnfit)] or errors
        raise type(worst[0])("; ".join(map(str, worst)))


async def _outcome_of(
    name: str, ask: Callable[[], Awaitable[OutcomeT]], until: float, late: str
) -> OutcomeT | StoreUnavailable:
    """Return what comes of ``ask``, or what went wrong with ``name`` before it."""
    try:
        async with asyncio.timeout_at(until):
            return await ask()
    except TimeoutError:
        return Unreachable(f"{name}: {late}")
    except (StoreUnavailable, StoreRefused) as error:
        kind = StoreUnfit if isinstance(error, StoreUnfit) else StoreUnavailable
        return kind(f"{name}: {error}")


async def _prove(way: Way, is_member: bool) -> None:
    swap, swap_in_full = Cas(NOTHING, b"", b"", 1), Cas(NOTHING, b"", b"", 1)
    swap_in_full.hear_no_script()
    used = [Lookup(NOTHING), Lookup(NOTHING, 1), delete(NOTHING), swap, swap_in_full]
    wire = await way.open()
    try:
        last = ("ASKING",) if is_member else ("HELLO",)
        requests = [*(each.request() for each in used), _CHANGE_OF_NOTHING, last]
        *replies, change, greeting = await wire.exchange(requests)
    finally:
        await wire.close()
    if is_member:
        replies.append(greeting)
    elif isinstance(greeting, list) and b"cluster" in greeting:
        raise StoreUnfit(ONE_OF_A_CLUSTER)
    if not isinstance(change, StoreRefused):  # a full one can be read
        replies.append(change)
    for reply in replies:
        if isinstance(reply, StoreError) and not (is_member and isinstance(reply, Redirection)):
            raise reply

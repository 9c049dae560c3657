"""What is asked of Redis at the start: whether it answers, may write, and knows what a store needs.

Of a cluster every primary is asked. What will not do is named before what is just away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from ...exceptions import StoreRefused, StoreUnavailable, StoreUnfit
from ..exchanges.commands import Unreachable
from .cluster import Cluster
from .commands import ONE_OF_A_CLUSTER, Cas, Lookup, Redirection, delete
from .connection import NOTHING
from .lane import Way

OutcomeT = TypeVar("OutcomeT")


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
    script = Cas(NOTHING, b"", b"", 1)
    by_name = script.request()
    script.hear_no_script()
    needed = [Lookup(NOTHING).request(), Lookup(NOTHING, 1).request(), script.request(), by_name]
    needed += [("SET", NOTHING, b"", "XX", "EX", 1), delete(NOTHING).request()]  # nothing is there
    wire = await way.open()
    try:
        last = ("ASKING",) if is_member else ("HELLO",)
        replies = await wire.exchange([*needed, last])
    finally:
        await wire.close()
    if not is_member and isinstance(greeting := replies.pop(), list) and b"cluster" in greeting:
        raise StoreUnfit(ONE_OF_A_CLUSTER)
    for reply in replies:
        if isinstance(reply, StoreUnavailable) and not (
            is_member and isinstance(reply, Redirection)
        ):
            raise reply

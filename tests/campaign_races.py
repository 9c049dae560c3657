"""The races a session layer can lose, on a real store: ``make campaign-races STORE=redis``.

Each campaign counts how often the wrong thing happened; anything but 0 is a failure. With
``--weak`` the same campaigns run on a store whose every write is an unconditional ``set``, as other
session layers write, to show that they can fail: then a campaign that counts 0 is the failure.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from chosen_store import STORES, command_line
from raced_stores import RacedStore, cut_connections, opened
from tier_visitor import Visitor, tier_on
from tornado_state import Conflict, Kind, SessionEnded, StoreUnavailable
from tornado_state.sessions.session import Session
from tornado_state.sessions.tier import ServerSessionTier

from compare.store_process import StoreProcess

COUNTER = Kind("counter", float, default=0, fresh=True, concurrent=True)
SEED = 20_240_601


def touching(store: RacedStore) -> ServerSessionTier:
    """Return a tier as the applications have it, touching with every request."""
    tier = tier_on(store, COUNTER)
    tier.records._touches.due = lambda store_key: True  # type: ignore[method-assign]
    return tier


async def sleepy(rng: random.Random) -> None:
    """Let others go first, a few times."""
    for _ in range(rng.choice((0, 0, 1, 2, 4, 8, 16, 64))):
        await asyncio.sleep(0)


async def _read(visitor: Visitor, session: Session, rng: random.Random) -> None:
    session.journal.read(COUNTER)
    await sleepy(rng)
    await visitor.commit(session)


async def _write(visitor: Visitor, session: Session, rng: random.Random) -> None:
    session.journal.assign(COUNTER, rng.random())
    await sleepy(rng)
    await visitor.commit(session)


async def _touch(visitor: Visitor, session: Session, rng: random.Random) -> None:
    await sleepy(rng)
    await visitor.commit(session)


async def _renew(visitor: Visitor, session: Session, rng: random.Random) -> None:
    session.journal.assign(COUNTER, rng.random())
    session.renew_id()
    await sleepy(rng)
    await visitor.commit(session)


RIVALS = {"reader": _read, "writer": _write, "toucher": _touch, "renewer": _renew}


async def sign_out_against(
    rival: Callable[[Visitor, Session, random.Random], Awaitable[None]],
    tier: ServerSessionTier,
    rounds: int,
) -> tuple[int, int]:
    """Return how often a session lived after its confirmed sign-out, and how often both met."""
    rng = random.Random(SEED)
    wrong = overlapped = 0
    for _ in range(rounds):
        owner = Visitor(tier)
        await owner.begin(COUNTER, 0)
        other, before = owner.on(tier), owner.on(tier)
        running = asyncio.Event()
        signed_out = asyncio.Event()
        lost = False

        async def compete(
            visitor: Visitor = other,
            running: asyncio.Event = running,
            signed_out: asyncio.Event = signed_out,
        ) -> bool:
            session = await visitor.load()
            running.set()
            if session.stored is None:
                return False
            with suppress(SessionEnded, Conflict):
                await rival(visitor, session, rng)
            return signed_out.is_set()

        task = asyncio.create_task(compete())
        if rng.random() < 0.8:
            await running.wait()
        await sleepy(rng)
        ending = await owner.load()
        if ending.stored is not None:
            ending.destroy()
            await owner.commit(ending)
            lost = True
        signed_out.set()
        overlapped += await task
        for visitor in (before, other) if lost else ():
            after = await visitor.load()
            # A renewal that the store confirmed before the sign-out began is a session of its own
            # right: then the sign-out found none, and `lost` is False.
            wrong += after.stored is not None
    return wrong, overlapped


async def freeze_and_thaw(process: StoreProcess, weak: bool, rounds: int) -> tuple[int, int]:
    """Return how often a write that timed out in a freeze undid the sign-out beside it.

    Either may be sent first: who serves one connection at a time takes them in that order.
    """
    rng = random.Random(SEED)
    wrong = timed_out = 0
    hasty, steady = opened(process, 0.05, weak=weak), opened(process, 5)
    writer, owner = touching(hasty), touching(steady)
    for _ in range(rounds):
        visitor = Visitor(owner)
        await visitor.begin(COUNTER, 0)
        late_visitor, before = visitor.on(writer), visitor.on(owner)
        loaded = await _loaded(late_visitor)
        ending = await visitor.load()
        process.freeze()
        loaded.journal.assign(COUNTER, rng.random())
        ending.destroy()
        commits = [late_visitor.commit(loaded), visitor.commit(ending)]
        tasks = {each: asyncio.create_task(commits[each]) for each in rng.sample(range(2), 2)}
        late, leaving = tasks[0], tasks[1]
        try:
            await late
        except StoreUnavailable:
            timed_out += 1
        except SessionEnded:
            pass
        process.thaw()
        await leaving
        after = await _loaded(before, expect=False)
        wrong += after.stored is not None
    await hasty.close()
    await steady.close()
    return wrong, timed_out


async def _loaded(visitor: Visitor, expect: bool = True) -> Session:
    """Load as soon as the breaker has closed again."""
    deadline = time.monotonic() + 10
    while True:
        try:
            session = await visitor.load()
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.01)  # the breaker asks the store at its own pace
            continue
        if expect and session.stored is None:
            raise AssertionError("a session just made is not there")
        return session


async def increments(tiers: list[ServerSessionTier], each: int) -> tuple[int, int]:
    """Return how many increments made through ``update`` are missing, and of how many."""
    first = Visitor(tiers[0])
    await first.begin(COUNTER, 0)

    async def count(visitor: Visitor) -> None:
        for _ in range(each):
            session = await visitor.load()
            await visitor.tier.update(session, COUNTER, lambda n: n + 1)

    await asyncio.gather(*(count(first.on(tier)) for tier in tiers))
    made = len(tiers) * each
    return abs(made - int(await _counted(first))), made


async def assignments(tiers: list[ServerSessionTier], each: int) -> tuple[int, int]:
    """Return how many confirmed plain assignments are missing, and of how many."""
    first, confirmed = Visitor(tiers[0]), 0
    await first.begin(COUNTER, 0)

    async def count(visitor: Visitor) -> None:
        nonlocal confirmed
        for _ in range(each):
            session = await visitor.load()
            session.journal.assign(COUNTER, session.journal.read(COUNTER) + 1)
            try:
                await visitor.commit(session)
            except Conflict:
                continue
            confirmed += 1

    await asyncio.gather(*(count(first.on(tier)) for tier in tiers))
    return abs(confirmed - int(await _counted(first))), confirmed


async def _counted(visitor: Visitor) -> float:
    counted: float = (await visitor.load()).journal.read(COUNTER)
    return counted


async def strangers(process: StoreProcess, requests: int) -> tuple[int, int]:
    """Return how many loads, cancelled and cut off at random, gave another's session or none.

    Whose record it is shows when it is opened: another's does not, and looks like none.
    """
    rng = random.Random(SEED)
    store = opened(process, 0.5)
    tier = touching(store)
    visitors = [Visitor(tier) for _ in range(500)]
    for number, visitor in enumerate(visitors):
        await visitor.begin(COUNTER, number)
    wrong = answered = 0

    async def ask(number: int) -> None:
        nonlocal wrong, answered
        session = await visitors[number].load()
        answered += 1
        wrong += session.stored is None or session.journal.read(COUNTER) != number

    for start in range(0, requests, 500):
        tasks = [asyncio.create_task(ask(rng.randrange(500))) for _ in range(500)]
        await sleepy(rng)
        for task in rng.sample(tasks, rng.choice((0, 5, 50))):
            task.cancel()
        if start % 2_000 == 0:
            await sleepy(rng)
            cut_connections(store)
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(
                result, asyncio.CancelledError | StoreUnavailable
            ):
                raise result
    await store.close()
    return wrong, answered


def report(name: str, wrong: int, of: int, weak: bool, started: float) -> bool:
    """Print one line; return whether it is what it should be."""
    good = wrong > 0 if weak else wrong == 0
    seconds = time.monotonic() - started
    print(
        f"{'ok  ' if good else 'FAIL'} {name:34} {wrong:6} of {of:9,}  ({seconds:.0f} s)",
        flush=True,
    )
    return good


async def main() -> int:
    """Run every campaign; return the exit status."""
    parser = command_line(__doc__)
    parser.add_argument("--weak", action="store_true", help="on a store that uses plain set")
    parser.add_argument("--scale", type=float, default=1.0, help="a fraction of the full numbers")
    options = parser.parse_args()
    weak, scale = options.weak, options.scale
    logging.getLogger("tornado_state").setLevel(logging.ERROR)
    good = True
    with STORES[options.store]() as process:
        # Four stores, as of four processes: what one process does is in order anyhow.
        stores = [opened(process, 5, weak=weak) for _ in range(4)]
        clients = [touching(stores[number % 4]) for number in range(8)]
        tier = clients[0]
        for name, rival in RIVALS.items():
            if weak and name != "writer":
                continue  # the weakness is in how changes are written
            started = time.monotonic()
            wrong, _ = await sign_out_against(rival, tier, int(10_000 * scale))
            good &= report(f"sign-out against a {name}", wrong, int(10_000 * scale), weak, started)
        started = time.monotonic()
        wrong, _ = await freeze_and_thaw(process, weak, int(300 * scale))
        good &= report("sign-out after freeze and thaw", wrong, int(300 * scale), weak, started)
        started = time.monotonic()
        wrong, of = await increments(clients, int(1000 * scale))
        good &= report("increments through update, missing", wrong, of, weak, started)
        started = time.monotonic()
        wrong, of = await assignments(clients, int(1000 * scale))
        good &= report("confirmed assignments, missing", wrong, of, weak, started)
        for store in stores:
            await store.close()
        if not weak:
            started = time.monotonic()
            wrong, of = await strangers(process, int(1_000_000 * scale))
            good &= report("loads of another's session or none", wrong, of, weak, started)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

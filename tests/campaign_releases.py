"""Two releases and two secrets, rolled back and forth under load.

``make campaign-releases``, or with ``STORE=redis``. Two processes serve visitors who go to either
of them, as behind a balancer, and again to the other one when the first says 503. Each visitor
counts its own visits. One process after the other takes the next step of a new secret, the step
back, the step again; then a release whose counter has another shape, back, and again. What must
hold: nobody is ever signed out, every confirmed count is one more than the one before, and nothing
but 503 asks to come again.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter

from chosen_store import STORES, command_line
from rolled_process import RolledProcess, Visitor
from tornado.httpclient import AsyncHTTPClient

#: (release, step of the secret) of both processes, one after the other.
ROLLS = [
    *[[(1, 1), (1, 1)], [(1, 0), (1, 0)], [(1, 1), (1, 1)]],
    *[[(1, 2), (1, 2)], [(1, 1), (1, 1)], [(1, 2), (1, 2)]],
    *[[(2, 2), (1, 2)], [(1, 2), (1, 2)], [(2, 2), (2, 2)]],
]


async def main(kind: str, visitors: int) -> bool:
    """Roll on that kind of store; return whether all held."""
    AsyncHTTPClient.configure(None, max_clients=200)
    seen: Counter[str] = Counter()
    with STORES[kind]() as server:
        store = f"{server.url}?deadline=5"
        now = [(1, 0), (1, 0)]
        slots = [RolledProcess(store, *each) for each in now]
        try:
            people = [Visitor(f"visitor-{number}") for number in range(visitors)]
            for person in people:
                await person.signs_in(random.choice(slots))
            ending = asyncio.Event()
            going = [asyncio.create_task(comes_again(p, slots, seen, ending)) for p in people]
            for roll in ROLLS:
                await _roll(slots, now, roll, store, seen)
            await asyncio.sleep(1)
            ending.set()
            await asyncio.gather(*going)
        finally:
            for process in slots:
                process.finish()
    for what in ("counted", "asked who", "503", "signed out", "lost", "other answers", "restarts"):
        print(f"{what:<14} {seen[what]:>8,}")
    return not seen["signed out"] + seen["lost"] + seen["other answers"]


async def _roll(
    slots: list[RolledProcess],
    now: list[tuple[int, int]],
    roll: list[tuple[int, int]],
    store: str,
    seen: Counter[str],
) -> None:
    """Put a process of the next step in the place of each that is not there yet."""
    for slot, wanted in enumerate(roll):
        if now[slot] != wanted:
            old = slots[slot]
            slots[slot] = await asyncio.to_thread(RolledProcess, store, *wanted)
            now[slot] = wanted
            await asyncio.to_thread(old.finish)
            seen["restarts"] += 1
            print(f"{time.strftime('%X')} {now}, 503 so far: {seen['503']}", file=sys.stderr)


async def comes_again(
    person: Visitor, slots: list[RolledProcess], seen: Counter[str], ending: asyncio.Event
) -> None:
    """Count and ask who is signed in, until the end; then what is missing is lost."""
    count = 0
    while not ending.is_set() or count < 0:
        answer = await person.asks(random.choice(slots), "/count", "POST")
        seen["503"] += answer.code == 503
        if answer.code == 200:
            count += 1
            seen["counted"] += 1
            seen["lost"] += int(answer.body) != count
            count = int(answer.body)
        elif answer.code != 503:
            seen["other answers"] += 1
            print(f"{answer.code} {answer.error}", file=sys.stderr)
        answer = await person.asks(random.choice(slots))
        seen["asked who"] += answer.code == 200
        seen["signed out"] += answer.code == 200 and answer.body.decode() != person.name
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    chosen = command_line(__doc__).parse_args().store
    sys.exit(not asyncio.run(asyncio.wait_for(main(chosen, 20), 300)))

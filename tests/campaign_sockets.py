"""1,000 open sockets whose sessions end elsewhere: ``make campaign-sockets STORE=redis``.

Half of them are open in each of two processes. First nothing happens for a while: what the looks
for ended sessions cost the store and the processes. Then each session is signed out in the process
that does not have its socket: how long until the socket is closed, with 4401. Then the same in the
process that has it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from statistics import quantiles

import psutil
from chosen_store import STORES, command_line
from rolled_process import RolledProcess, Visitor
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from compare.store_process import StoreProcess

#: Seconds between two looks, as it is by default, and for which nothing happens.
LOOK_EVERY, QUIET = 3.0, 9.0


async def main(kind: str, sockets: int) -> bool:
    """Open, wait, sign out; return whether every socket was closed, and soon."""
    AsyncHTTPClient.configure(None, max_clients=100)
    with STORES[kind]() as server:
        store = f"{server.url}?deadline=5"
        with RolledProcess(store) as first, RolledProcess(store) as second:
            where = [(first, second), (second, first)]
            people = [Visitor(f"visitor-{number}") for number in range(sockets)]
            await in_turns(people, lambda n, p: p.signs_in(where[n % 2][0]))
            opened = await in_turns(people, lambda n, p: opens(p, where[n % 2][0]))
            await looks(server, [first, second], sockets)
            half = sockets // 2
            elsewhere, here = range(half), range(half, sockets)
            late = await ended(people, opened, elsewhere, lambda n: where[n % 2][1])
            say("signed out in the other process", late)
            soon = await ended(people, opened, here, lambda n: where[n % 2][0])
            say("signed out in the same process", soon)
    return max(late) < LOOK_EVERY + 2


async def in_turns(people, do):
    """Have each do something, 50 at once."""
    done = []
    for begin in range(0, len(people), 50):
        some = list(enumerate(people))[begin : begin + 50]
        done += await asyncio.gather(*(do(number, person) for number, person in some))
    return done


async def opens(person: Visitor, process: RolledProcess) -> WebSocketClientConnection:
    """Return a socket that is open."""
    url = f"{process.url.replace('http', 'ws', 1)}/socket"
    return await websocket_connect(HTTPRequest(url, headers=person.jar.headers))


async def looks(store: StoreProcess, processes: list[RolledProcess], sockets: int) -> None:
    """Print what the looks cost while nothing happens."""
    pids = [each.process.pid for each in processes]
    before, asked = [used(pid) for pid in [*pids, store.pid]], store.lookups()
    began = time.monotonic()
    await asyncio.sleep(QUIET)
    seconds = time.monotonic() - began
    asked = store.lookups() - asked
    spent = [used(pid) - was for pid, was in zip([*pids, store.pid], before, strict=True)]
    rounds = seconds / LOOK_EVERY
    print(f"lookups a second, {sockets} sockets: {asked / seconds:.0f}")
    ours = 1000 * sum(spent[:2]) / rounds / 2
    print(f"ms of processor time a look: {ours:.1f} a process, ", end="")
    print(f"{1000 * spent[2] / rounds:.1f} of {store.name} for both")


def used(pid: int) -> float:
    """Return the seconds of processor time that a process, with what it started, has used."""
    process = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in [process, *process.children(recursive=True)])


async def ended(people, opened, which, where) -> list[float]:
    """Sign out, and return the seconds until each socket was closed with 4401."""
    confirmed: dict[int, float] = {}

    async def closes(number: int) -> float:
        assert await opened[number].read_message() is None
        assert opened[number].close_code == 4401, opened[number].close_code
        return time.monotonic()

    async def signs_out(number: int) -> None:
        answer = await people[number].asks(where(number), "/", "DELETE")
        assert answer.code == 204, answer
        confirmed[number] = time.monotonic()

    closing = [asyncio.create_task(closes(number)) for number in which]
    for begin in range(0, len(which), 50):
        await asyncio.gather(*(signs_out(number) for number in which[begin : begin + 50]))
    closed = await asyncio.gather(*closing)
    return [max(0.0, at - confirmed[n]) for n, at in zip(which, closed, strict=True)]


def say(what: str, seconds: list[float]) -> None:
    """Print the median, the 99th percentile and the greatest."""
    cuts = quantiles(seconds, n=100, method="inclusive")
    print(f"{what}: {len(seconds)} closed with 4401, after", end=" ")
    print(f"{cuts[49]:.2f} s (median), {cuts[98]:.2f} s (99 %), {max(seconds):.2f} s (greatest)")


if __name__ == "__main__":
    chosen = command_line(__doc__).parse_args().store
    sys.exit(not asyncio.run(asyncio.wait_for(main(chosen, 1000), 180)))

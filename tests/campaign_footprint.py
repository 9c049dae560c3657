"""What a million sessions weigh, and what a dump of them gives away: ``make campaign-footprint``.

Each session is 200 bytes of JSON with a canary in it. The weight is what memcached took from the
system for items (``stats slabs``: total_malloced) and for its hash table (``stats``: hash_bytes),
over the number of items it says it holds. The dump is every key and every value, searched for the
canary and for a sample of session IDs, as they are and in base64.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from base64 import b64encode, urlsafe_b64encode

from tier_visitor import Visitor, tier_on
from tornado_state import Kind
from tornado_state.sessions.tier import ServerSessionTier
from tornado_state.stores import MemcachedStore

from compare.memcached_process import MemcachedProcess

SIZE = 200
LIMIT = 400
CANARY = "a canary that nobody may read, number "
AT_ONCE = 256


CART = Kind("cart", str, fresh=True)
#: What JSON takes besides: braces, the kind's name, a colon and four quotes.
AROUND = len('{"cart":""}')


def numbered(number: int) -> str:
    """Return a value that makes a session of 200 bytes."""
    return f"{CANARY}{number}".ljust(SIZE - AROUND, ".")


async def fill(tier: ServerSessionTier, count: int) -> list[str]:
    """Store ``count`` sessions; return the ID of every twenty thousandth."""
    sample: list[str] = []

    async def store(number: int) -> None:
        session = await Visitor(tier).begin(CART, numbered(number))
        if number % 20_000 == 0 and session.stored:
            sample.append(session.stored.session_id)

    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(count, start + AT_ONCE))
        await asyncio.gather(*map(store, numbers))
    return sample


def dump(process: MemcachedProcess, keys: list[str]) -> bytes:
    """Return every value under ``keys`` as memcached sends it."""
    parts = []
    for start in range(0, len(keys), 100):
        line = "get " + " ".join(keys[start : start + 100])
        parts.append(process.ask(line, b"END\r\n"))
    return b"".join(parts)


def given_away(dumped: bytes, sample: list[str]) -> int:
    """Return how many canaries and session IDs stand in the dump."""
    secrets = [CANARY, *sample]
    found = 0
    for text in secrets:
        raw = text.encode()
        found += sum(
            dumped.count(form) for form in (raw, b64encode(raw)[:-4], urlsafe_b64encode(raw)[:-4])
        )
    return found


async def main() -> int:
    """Fill, weigh, dump; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    count = parser.parse_args().sessions
    with MemcachedProcess("-m", "2048") as process:
        store = MemcachedStore([process.address], deadline=30)
        started = time.monotonic()
        sample = await fill(tier_on(store, CART), count)
        await store.close()
        numbers = process.counters()
        items = numbers["curr_items"]
        weight = (numbers["total_malloced"] + numbers["hash_bytes"]) / items
        print(f"{items:,} sessions of {SIZE} bytes in {time.monotonic() - started:.0f} s")
        print(f"{weight:.1f} bytes of memcached each, its own overhead included (limit {LIMIT})")
        print(f"{numbers['bytes'] / items:.1f} bytes each by its own count of items (stats: bytes)")
        keys = list(process.keys())
        leaks = given_away("\n".join(keys).encode() + dump(process, keys), sample)
        print(f"dump of {len(keys):,} records: {leaks} canaries or session IDs in it")
        good = items == len(keys) == count and weight <= LIMIT and leaks == 0
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

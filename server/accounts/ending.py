"""Ending sessions from outside of any application, by their store keys.

Rule 1: a session has ended if its record was found somewhere and deleted, or if every place where
it may be kept says that it has none. No answer is no proof.
Rule 2: a private memcached that nobody listens for is gone, and its records are gone with it.
Rule 3: each memcached is asked for each session, whichever of a fleet it may be on. So it does not
matter what addresses were called, or how many there were, when the session began.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence

from tornado_state.exceptions import StoreUnavailable
from tornado_state.stores import MemcachedStore

from .places import MEMORY, PRIVATE_MEMCACHED, Place

#: Seconds for the store to confirm that one record is gone.
_DEADLINE = 0.5


async def end_sessions(
    store_keys: Sequence[str], places: Sequence[Place], more: Iterable[str] = ()
) -> tuple[list[str], list[str]]:
    """Return the store keys of the sessions that have certainly ended, and what hid the others.

    ``more`` are addresses to ask besides those of the places.
    """
    obstacles = [why for place in places if (why := _obstacle(place))]
    if not places:
        obstacles.append("it is not known where they are kept")
    addresses = {address for place in places for address in _reached(place)}
    answers, silent = await _ask(store_keys, sorted(addresses.union(more)))
    ended = [
        key
        for key, told in zip(store_keys, answers, strict=True)
        if True in told or not (None in told or obstacles)
    ]
    return ended, [*obstacles, *(f"memcached at {address} does not answer" for address in silent)]


def _obstacle(place: Place) -> str | None:
    """Return why nobody can tell what is there."""
    if place.kind == MEMORY:
        return "they are in the memory of an application, and end with it"
    if place.is_elsewhere:
        return f"they are kept on the machine {place.machine}"
    return None


def _reached(place: Place) -> tuple[str, ...]:
    gone = place.kind == PRIVATE_MEMCACHED and not any(map(_listens, place.addresses))
    return () if place.is_elsewhere or gone else place.addresses


def _listens(path: str) -> bool:
    """Return False only if nobody listens: the memcached is gone."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_DEADLINE)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
    return True


async def _ask(
    store_keys: Sequence[str], addresses: Sequence[str]
) -> tuple[list[list[bool | None]], list[str]]:
    """Have each record deleted everywhere; return what each address told of it, and who did not."""
    columns = []
    for address in addresses:
        store = MemcachedStore([address], deadline=_DEADLINE)
        try:
            columns.append([await _delete(store, key) for key in store_keys])
        finally:
            await store.close()
    pairs = zip(addresses, columns, strict=True)
    silent = [address for address, column in pairs if None in column]
    return [[column[row] for column in columns] for row in range(len(store_keys))], silent


async def _delete(store: MemcachedStore, store_key: str) -> bool | None:
    """Return whether the record was there; None when nobody can tell."""
    try:
        return await store.delete(store_key)
    except StoreUnavailable:
        return None

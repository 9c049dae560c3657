"""How much of the store sessions may take: those in which nobody is signed in, and the others.

Anybody can begin one, as many as he likes, and who may register can sign in as often and fill them;
a store that is full ends sessions of others for them.

Rule 1: all of a sort together have ``room``, in bytes, and those of one network an eighth of it.
What is beyond is refused before it is sent: `TooManySessions` (429) to the network that has had its
share, `StoreRefused` (503) to everybody when there is no room at all. Whoever signs in, or out,
gives back what he had of the room for those who are not.
Rule 2: a network is an IPv4 address, or the first 48 bits of an IPv6 one: a customer may be given
that many (RFC 6177), and have 65,536 networks of 64 bits, each with a share. This machine has no
share but the room: it is its owner, or a proxy whose visitors are not known apart.
Rule 3: a process counts what it has seen: written here, or used here. What was not used for the
idle timeout is not there any more.
Rule 4: it takes no more memory than an entry for each of the records that there is room for.
Rule 5: records of at most ``free`` bytes are not counted, and never refused. Of people who are
signed in that is what most have, and their number is bounded by that of the accounts; so nobody's
neighbours keep him from signing in.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from typing import NamedTuple

from ..exceptions import StoreRefused, TooManySessions
from ..networks import SITE, is_loopback, network_of

#: Bytes that a store takes for a record beside what is in it: its key, and its own.
OVERHEAD = 150

#: Bytes: a name, and a cart of some things.
FREE_SIGNED_IN = 1024

#: How many networks have to be in it to take all of the room.
_SHARES = 8


class _Held(NamedTuple):
    network: str | None
    cost: int
    until: float


class Room:
    """See the module's rules. ``room`` is in bytes; times are seconds of any one clock."""

    def __init__(self, room: int, free: int = 0) -> None:
        self.room = room
        self.free = free
        self.share = room // _SHARES
        self.taken = 0
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._of: dict[str | None, int] = {}

    def take(self, address: str, key: str, size: int, now: float, until: float) -> None:
        """Take what a record of ``size`` bytes needs, or raise as rule 1 says."""
        self._forget(now)
        if size <= self.free:
            self.give_back(key)
            return
        network, cost = _sharer(address), size + OVERHEAD
        held = self._held.get(key)
        if held is None or cost > held.cost:
            had = held.cost if held else 0
            mine = self._of.get(network, 0) - (had if held and held.network == network else 0)
            wait = self._wait(now)
            if network is not None and mine + cost > self.share:
                raise TooManySessions(wait)
            if self.taken - had + cost > self.room:
                raise StoreRefused("there is no room for more of such sessions", wait)
        self._hold(key, _Held(network, cost, until))

    def keep(self, address: str, key: str, size: int, now: float, until: float) -> None:
        """Note that a record is used, which is never refused."""
        self._forget(now)
        if size > self.free:
            self._hold(key, _Held(_sharer(address), size + OVERHEAD, until))

    def give_back(self, key: str) -> None:
        """Note that the record is gone."""
        held = self._held.pop(key, None)
        if held is not None:
            self._count(held.network, -held.cost)

    def _hold(self, key: str, held: _Held) -> None:
        self.give_back(key)
        self._held[key] = held
        self._count(held.network, held.cost)

    def _count(self, network: str | None, cost: int) -> None:
        self.taken += cost
        self._of[network] = self._of.get(network, 0) + cost
        if not self._of[network]:
            del self._of[network]

    def _forget(self, now: float) -> None:
        while self._held:
            key, held = next(iter(self._held.items()))
            if held.until > now:
                return
            self.give_back(key)

    def _wait(self, now: float) -> int:
        """Return the seconds until the record that was not used for longest is gone."""
        oldest = next(iter(self._held.values()), None)
        return max(1, int(oldest.until - now)) if oldest else 1


class Rooms:
    """The rooms of an application, in bytes; None has no limit."""

    def __init__(self, anonymous: int | None = None, signed_in: int | None = None) -> None:
        self._anonymous = Room(anonymous) if anonymous else None
        self._signed_in = Room(signed_in, FREE_SIGNED_IN) if signed_in else None
        self.have_limit = bool(anonymous or signed_in)

    def of(self, *, anonymous: bool) -> Room | None:
        """Return the room of a session in which nobody is signed in, or of another."""
        return self._anonymous if anonymous else self._signed_in

    def give_back(self, key: str) -> None:
        """Note that a record is gone."""
        for room in (self._anonymous, self._signed_in):
            if room:
                room.give_back(key)


NO_LIMIT = Rooms()


@lru_cache(maxsize=4096)
def _sharer(address: str) -> str | None:
    """Return the network that has a share, None for this machine."""
    return None if is_loopback(address) else network_of(address, SITE)

"""Limits on wrong passwords and new accounts, kept in the database, so that no restart resets them.

Rule 1: a try is counted, committed, *before* its password is looked at. So guesses made in
parallel, by any number of processes, are counted before they are answered. A try made while waiting
is refused, not looked at, not counted. A right password takes back what was counted for it.
Rule 2: a stranger's try counts for the name, known or not, so the answers are alike; for the name
from this network; and for each network that the address is in, whatever the name. So neither one
name nor one password for many names can be tried at will.
Rule 3 (OWASP's device cookies; ASVS 5.0 6.3.1): who comes from a device that has signed in to the
account before is counted apart, and so is who is signed in. Strangers can keep neither out.
Rule 4: the first few wrong tries in a row cost nothing. Then one waits 1 s, 2 s, 4 s, up to 15 min
after each; after the last, nothing until 24 h after it; then the count starts afresh. So
nobody is ever locked out for good, and an account takes at most 100 in a row (NIST 800-63B 5.2.2):
80 of strangers, 10 from its devices, 10 of whoever is signed in.
Rule 5: a network has a budget of tries, which comes back by and by, and one of registrations, each
of which may have many sessions. This machine has no such limit: there is nobody but its owner, or a
proxy that is not believed.
Rule 6: nothing is kept as it was typed: people type passwords into the wrong field. A count that
nobody added to for 24 h is gone, and the oldest go when there are too many.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from math import ceil
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, insert, select, update
from tornado_state.networks import CUSTOMER, HOME, SITE, is_loopback, network_of

from .errors import TooManyTries
from .tables import sign_in_tries

LONGEST_WAIT = 15 * 60
FORGOTTEN_AFTER = 24 * 60 * 60
MOST_KEPT = 200_000

#: Counts that begin so, one of 256, are those at which the others are counted.
_LOOK = "00"

#: How many tries a network has, and in how many seconds one comes back; by bits of IPv6, the
#: smallest network last: an IPv4 address is the same one each time.
NETWORK_BUDGET = 100
COMES_BACK = {SITE: 9.0, HOME: 18.0, CUSTOMER: 36.0}

#: The same of registrations.
REGISTRATIONS = 100
REGISTRATION_COMES_BACK = {SITE: 150.0, HOME: 300.0, CUSTOMER: 600.0}


class Ladder(NamedTuple):
    """Wrong tries in a row: so many are ``free``, the ``most`` is the last for a day."""

    free: int
    most: int

    def wait(self, failures: int, since: float) -> float:
        """Return how many seconds are left to wait, ``since`` seconds after the last. Pure."""
        return wait_after(failures, self) - since if failures > self.free else 0

    def one_more(self, row: Row[Any] | None, now: float) -> dict[str, float]:
        """Return what is kept after one more. Pure."""
        return {"failures": row.failures + 1 if row else 1, "last_at": now}

    def taken_back(self, row: Row[Any]) -> dict[str, float] | None:
        """Return what is kept after a right one: nothing. Pure."""
        return None


class Budget(NamedTuple):
    """So many tries, one of which comes back every so many ``seconds``.

    ``last_at`` is when all would be back, ``failures`` counts for nothing.
    """

    seconds: float
    most: int = NETWORK_BUDGET

    def wait(self, _failures: int, since: float) -> float:
        """Return how many seconds are left to wait. Pure."""
        return -since - (self.most - 1) * self.seconds

    def one_more(self, row: Row[Any] | None, now: float) -> dict[str, float]:
        """Return what is kept after one more. Pure."""
        return {"failures": 1, "last_at": max(row.last_at if row else now, now) + self.seconds}

    def taken_back(self, row: Row[Any]) -> dict[str, float] | None:
        """Return what is kept after a right one. Pure."""
        return {"failures": 1, "last_at": row.last_at - self.seconds}


class Count(NamedTuple):
    """What a try is counted under, and by which rule."""

    key: str
    rule: Ladder | Budget


OF_STRANGERS = Ladder(free=8, most=80)
FROM_THERE = Ladder(free=4, most=80)
FROM_DEVICES = OF_ONESELF = Ladder(free=4, most=10)


def counts_of_stranger(name: str, remote: str | None) -> list[Count]:
    """Return what a try for the name is counted under; ``remote`` is None for nobody's address."""
    counts = [Count(_key("name", name), OF_STRANGERS)]
    if remote is not None:
        counts.append(Count(_key("from", network_of(remote), name), FROM_THERE))
        networks = {network_of(remote, bits): back for bits, back in COMES_BACK.items()}
        counts += (Count(_key("network", each), Budget(back)) for each, back in networks.items())
    return counts


def counts_of_device(name: str) -> list[Count]:
    """Return what a try from a device that the account knows is counted under."""
    return [Count(_key("device", name), FROM_DEVICES)]


def counts_of_oneself(name: str) -> list[Count]:
    """Return what a try of whoever is signed in is counted under."""
    return [Count(_key("oneself", name), OF_ONESELF)]


def counts_of_registration(remote: str | None) -> list[Count]:
    """Return what a registration is counted under; nothing for nobody's address, or our own."""
    if remote is None or is_loopback(remote):
        return []
    networks = {network_of(remote, bits): back for bits, back in REGISTRATION_COMES_BACK.items()}
    return [
        Count(_key("registrations", each), Budget(back, REGISTRATIONS))
        for each, back in networks.items()
    ]


def wait_after(failures: int, ladder: Ladder = OF_STRANGERS) -> int:
    """Return how many seconds pass after that many wrong tries in a row before the next. Pure."""
    if failures <= ladder.free:
        return 0
    if failures >= ladder.most:
        return FORGOTTEN_AFTER
    return min(1 << failures - ladder.free - 1, LONGEST_WAIT)


def reserve_try(connection: Connection, counts: Sequence[Count], now: float) -> None:
    """Count a try as a wrong one, or a registration; `TooManyTries` while one has to wait.

    ``now`` is in seconds since the epoch.
    """
    rows = _rows(connection, counts)
    young = {key: row for key, row in rows.items() if now - row.last_at < FORGOTTEN_AFTER}
    waits = [
        count.rule.wait(row.failures, now - row.last_at)
        for count in counts
        if (row := young.get(count.key))
    ]
    if (longest := max(waits, default=0)) > 0:
        raise TooManyTries(ceil(longest))
    for key, rule in counts:
        _keep(connection, key, key in rows, rule.one_more(young.get(key), now))
    if len(rows) < len(counts):
        _forget_old(connection, now)
    if any(count.key.startswith(_LOOK) for count in counts):
        _forget_too_many(connection)


def forget_tries(connection: Connection, counts: Sequence[Count]) -> None:
    """Take a try back that was right."""
    rows = _rows(connection, counts)
    for key, rule in counts:
        if key in rows:
            _keep(connection, key, True, rule.taken_back(rows[key]))


def _rows(connection: Connection, counts: Sequence[Count]) -> dict[str, Row[Any]]:
    """Return what is kept, locked in an order that all have in common."""
    kept = sign_in_tries.c.name_hash.in_([count.key for count in counts])
    query = select(sign_in_tries).where(kept).order_by(sign_in_tries.c.name_hash)
    return {row.name_hash: row for row in connection.execute(query.with_for_update())}


def _keep(connection: Connection, key: str, kept: bool, values: dict[str, float] | None) -> None:
    this = sign_in_tries.c.name_hash == key
    if values is None:
        connection.execute(delete(sign_in_tries).where(this))
    elif kept:
        connection.execute(update(sign_in_tries).where(this).values(**values))
    else:
        connection.execute(insert(sign_in_tries).values(name_hash=key, **values))


def _forget_old(connection: Connection, now: float) -> None:
    last_at = sign_in_tries.c.last_at
    connection.execute(delete(sign_in_tries).where(last_at <= now - FORGOTTEN_AFTER))


def _forget_too_many(connection: Connection) -> None:
    last_at = sign_in_tries.c.last_at
    query = select(last_at).order_by(last_at.desc()).offset(MOST_KEPT).limit(1)
    beyond = connection.execute(query).scalar_one_or_none()
    if beyond is not None:
        connection.execute(delete(sign_in_tries).where(last_at <= beyond))


def _key(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

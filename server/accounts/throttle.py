"""Back-off for wrong passwords, kept in the database.

Rule 1: it counts per name as submitted, known or not, so the answers are alike. A name is kept as
a hash: people type passwords into the wrong field.
Rule 2: a try is reserved, committed, *before* its password is looked at. So guesses made in
parallel, by any number of processes, are counted before they are answered.
Rule 3: the first four wrong tries in a row cost nothing. From the fifth on one waits 1 s, 2 s, 4 s
and so on up to 15 min after each. A try made while waiting is refused, not looked at, not counted.
Rule 4 (NIST 800-63B 5.2.2; ASVS 5.0 6.3.1): after the hundredth, nothing until 24 h after it; then
the count starts afresh. So at most 100 in a row, and nobody is ever locked out for good.
Rule 5: a right password starts the count afresh. A count nobody added to for 24 h is gone.
"""

from __future__ import annotations

from hashlib import sha256
from math import ceil

from sqlalchemy import Connection, delete, insert, select, update

from .errors import TooManyTries
from .tables import sign_in_tries

FREE_TRIES = 4
MOST_TRIES = 100
LONGEST_WAIT = 15 * 60
FORGOTTEN_AFTER = 24 * 60 * 60


def wait_after(failures: int) -> int:
    """Return how many seconds pass after that many wrong tries in a row before the next. Pure."""
    if failures <= FREE_TRIES:
        return 0
    if failures >= MOST_TRIES:
        return FORGOTTEN_AFTER
    return min(1 << failures - FREE_TRIES - 1, LONGEST_WAIT)


def reserve_try(connection: Connection, name: str, now: float) -> None:
    """Count a try for the name as a wrong one; `TooManyTries` while one has to wait.

    ``now`` is in seconds since the epoch.
    """
    name_hash = _hash(name)
    query = select(sign_in_tries).where(sign_in_tries.c.name_hash == name_hash).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None or now - row.last_at >= FORGOTTEN_AFTER:
        _forget_old(connection, now)
        first = insert(sign_in_tries).values(name_hash=name_hash, failures=1, last_at=now)
        connection.execute(first)
        return
    remaining = row.last_at + wait_after(row.failures) - now
    if wait_after(row.failures) and remaining > 0:
        raise TooManyTries(ceil(remaining))
    one_more = (
        update(sign_in_tries)
        .where(sign_in_tries.c.name_hash == name_hash)
        .values(failures=row.failures + 1, last_at=now)
    )
    connection.execute(one_more)


def forget_tries(connection: Connection, name: str) -> None:
    """Start the name's count afresh."""
    connection.execute(delete(sign_in_tries).where(sign_in_tries.c.name_hash == _hash(name)))


def _forget_old(connection: Connection, now: float) -> None:
    old = sign_in_tries.c.last_at <= now - FORGOTTEN_AFTER
    connection.execute(delete(sign_in_tries).where(old))


def _hash(name: str) -> str:
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()

"""What an error means that Redis answers or redis-py raises: the edge where foreign errors stop."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl

from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,
    InvalidResponse,
    MovedError,
    RedisError,
    ResponseError,
)

from ...exceptions import StoreRefused, StoreUnavailable, StoreUnfit
from ..exchanges.commands import OwnFault, StoreError, Unreachable
from .commands import ClusterDown, NoRecord, Redirection

_OWN_FAULTS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}

#: What an error of Redis begins with, and what it means for a session store.
_MEANINGS: dict[str, tuple[type[StoreRefused] | type[StoreUnavailable], str]] = {
    "OOM": (StoreRefused, "Redis has no room for the record"),
    "MISCONF": (StoreRefused, "Redis takes no writes, for it cannot save them"),
    "NOREPLICAS": (StoreRefused, "Redis takes no writes, for too few replicas follow"),
    "READONLY": (Unreachable, "this Redis only reads, for it is a replica"),
    "NOAUTH": (StoreUnfit, "this Redis wants a user and password"),
    "WRONGPASS": (StoreUnfit, "this Redis wants another user and password"),
    "NOPERM": (StoreUnfit, "this Redis lets the user not do what a session store does"),
    "CLUSTERDOWN": (ClusterDown, "the cluster of this Redis is down"),
    "WRONGTYPE": (NoRecord, "something that is no record stands under the store key"),
}

#: Where redis-py tells it by the type of the exception, and takes it off the text.
_TYPES = {
    "OutOfMemoryError": "OOM",
    "ReadOnlyError": "READONLY",
    "NoPermissionError": "NOPERM",
    "AuthenticationError": "WRONGPASS",
    "AuthenticationWrongNumberOfArgsError": "NOAUTH",
    "ClusterDownError": "CLUSTERDOWN",
}


_REDIRECTIONS = {"ASK": AskError, "MOVED": MovedError}


class HungUp(Unreachable):
    """What was reached has closed the connection."""


class CommandUnknown(StoreUnfit):
    """What answers does not know the command."""


def meaning_of(error: RedisError) -> StoreError:
    """Return what an answer that is an error means."""
    word, _, rest = str(error).partition(" ")
    if word in _REDIRECTIONS:  # redis-py 5 leaves them to its own client of a cluster
        error = _REDIRECTIONS[word](rest)
    if isinstance(error, AskError):  # of which MovedError is one
        asks = not isinstance(error, MovedError)
        return Redirection(error.slot_id, error.host, error.port, asks=asks)
    text = str(error)
    word = _TYPES.get(type(error).__name__, word)
    if word not in _MEANINGS:  # an error within the script is told in the midst of a sentence
        word = next((each for each in _MEANINGS if f"-{each} " in text), "")
        if "ACL failure in script" in text or "executing the script can't run" in text:
            word = "NOPERM"
    if word:
        kind, why = _MEANINGS[word]
        return kind(why)
    if "cluster support disabled" in text:
        return StoreUnfit("this Redis is no node of a cluster")
    if "unknown command" in text or "wrong number of arguments" in text:
        return CommandUnknown(
            "this Redis is older than 6.2, or a Sentinel (redis+sentinel://), "
            "or does not know what a store needs"
        )
    if "DB index" in text or "invalid DB" in text:
        return StoreUnfit("this Redis has no database of that number")
    return StoreUnavailable("Redis reports an error of its own")


def translated(error: Exception) -> StoreError:
    """Return the project's exception for a foreign one."""
    if isinstance(error, ConnectionError) and isinstance(error.__cause__, RedisError):
        error = error.__cause__  # on a socket redis-py wraps what Redis answers at first
    cause = error if isinstance(error, OSError) else error.__cause__ or error.__context__
    if isinstance(cause, OSError):
        return _unreachable(cause)
    if isinstance(cause, UnicodeError):
        return Unreachable("this can be no host's name")
    if isinstance(error, BusyLoadingError):
        return StoreUnavailable("Redis is loading its records")
    if isinstance(error, AuthenticationError | ResponseError):
        return meaning_of(error)
    if isinstance(error, ConnectionError) and not isinstance(error, InvalidResponse):
        return HungUp("Redis closed the connection")
    return StoreUnfit("what answers does not answer as Redis does")


def _unreachable(error: OSError) -> StoreError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return StoreUnfit(f"the certificate is not to be trusted: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        return StoreUnfit("what answers does not speak TLS as Redis does")
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return HungUp("Redis closed the connection")
    told = {error.strerror or f"{error}"}
    numbers = set() if error.errno is None else {error.errno}
    if not isinstance(error, socket.gaierror):
        if not numbers:  # of several addresses asyncio has them in one text
            numbers = {int(number) for number in re.findall(r"\[Errno (\d+)\]", f"{error}")}
        told = {os.strerror(number) for number in numbers} or told  # it also says which call it was
    why = f"no connection to Redis: {', '.join(sorted(told))}"
    return OwnFault(why) if numbers & _OWN_FAULTS else Unreachable(why)

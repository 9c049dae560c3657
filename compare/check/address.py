"""Whose address it is: another machine is tried only by whoever says that it is theirs."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from .description import Unusable


def refuse_others(url: str) -> None:
    """Raise `Unusable` unless ``url`` is an address of this machine."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise Unusable(f"{url}: {error}") from error
    for family, kind, protocol, _, address in found:
        with socket.socket(family, kind, protocol) as probe:
            try:
                probe.bind((address[0], 0))  # only one's own addresses can be bound
            except OSError as error:
                raise Unusable(
                    f"{url} is not this machine: say --i-own-this if you may attack it"
                ) from error

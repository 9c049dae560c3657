"""What a proxy on this machine says of a request: where it came from, and by http or https.

Rule 1: ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are read, and no others: what else looks like
that (``X-Real-Ip``, ``X-Scheme``, which Tornado's ``xheaders`` prefers) a client may have sent.
Rule 2: of a list the last one counts. Our own proxy wrote it; what is before it came with the
request.
Rule 3: it is believed of a peer on this machine only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tornado.httputil import HTTPHeaders
from tornado.netutil import is_valid_ip

from ..networks import is_loopback


@contextmanager
def as_forwarded(context: Any, headers: HTTPHeaders) -> Iterator[None]:
    """Have Tornado's ``context`` of a connection tell what the headers say, within the block."""
    peer = context.remote_ip, context.protocol
    if is_loopback(context.remote_ip):
        remote_ip, protocol = (
            _last(headers, name) for name in ("X-Forwarded-For", "X-Forwarded-Proto")
        )
        if is_valid_ip(remote_ip):
            context.remote_ip = remote_ip
        if protocol in {"http", "https"}:
            context.protocol = protocol
    try:
        yield
    finally:
        context.remote_ip, context.protocol = peer


def _last(headers: HTTPHeaders, name: str) -> str:
    return headers.get(name, "").rpartition(",")[2].strip()

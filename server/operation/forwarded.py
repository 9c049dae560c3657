"""What a proxy on this machine says of a request: where it came from, by http or https, to where.

Rule 1: ``X-Forwarded-For``, ``-Proto`` and ``-Port`` are read, and no others: what else looks like
that (``X-Real-Ip``, ``X-Scheme``, which Tornado's ``xheaders`` prefers) a client may have sent.
Rule 2: of a list the last one counts. Our own proxy wrote it; what is before it came with the
request.
Rule 3: it is believed of a peer on this machine only.
Rule 4: ``Host`` is as the browser asked for it, or no ``Origin`` would be equal to it: with the
port that nginx's ``$host`` leaves out, and without one that is the scheme's own. The name in it is
never taken from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tornado.httputil import HTTPHeaders
from tornado.netutil import is_valid_ip
from tornado_state.networks import is_loopback

#: The port that goes without saying.
_OWN_PORT = {"http": "80", "https": "443"}

_HOST = re.compile(r"(?P<name>[^:,\[\]]+|\[[^\]]*\])(?::(?P<port>[0-9]+))?")
_PORT = re.compile(r"[0-9]{1,5}")


@contextmanager
def as_forwarded(context: Any, headers: HTTPHeaders) -> Iterator[None]:
    """Have Tornado's ``context`` of a connection tell what the headers say, within the block."""
    peer = context.remote_ip, context.protocol
    if is_loopback(context.remote_ip):
        remote_ip, protocol, port = (
            _last(headers, f"X-Forwarded-{what}") for what in ("For", "Proto", "Port")
        )
        if is_valid_ip(remote_ip):
            context.remote_ip = remote_ip
        if protocol in {"http", "https"}:
            context.protocol = protocol
        if host := _HOST.fullmatch(headers.get("Host", "")):
            headers["Host"] = _asked_for(host, port, context.protocol)
    try:
        yield
    finally:
        context.remote_ip, context.protocol = peer


def _asked_for(host: re.Match[str], said: str, protocol: str) -> str:
    port = host["port"] or (said if _PORT.fullmatch(said) else "")
    suffix = f":{port}" if port and port != _OWN_PORT[protocol] else ""
    return f"{host['name']}{suffix}"


def _last(headers: HTTPHeaders, name: str) -> str:
    return headers.get(name, "").rpartition(",")[2].strip()

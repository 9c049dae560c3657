"""Where to listen, and with which certificate.

Whatever can be refused - a port in use, a certificate that cannot be read - is refused before
anything else is started.
"""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from tornado.netutil import bind_sockets

from ..settings import Settings
from ..start_error import StartError

#: Who may have connected, and not been accepted yet; the system has a limit of its own.
_BACKLOG = 4096


def bind_listeners(settings: Settings) -> list[socket.socket]:
    """Return the listening sockets; `StartError` when the port cannot be had."""
    try:
        return bind_sockets(settings.port, settings.address, backlog=_BACKLOG)
    except OSError as error:
        where = f"{settings.address} port {settings.port}"
        raise StartError(f"cannot listen on {where}: {error.strerror}") from error


def https_context(settings: Settings) -> ssl.SSLContext | None:
    """Return what https needs, None for plain http; `StartError` for an unusable certificate."""
    if settings.certfile is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # A password is never asked for: nobody may be there to answer.
        context.load_cert_chain(settings.certfile, settings.keyfile, password="")
    except (OSError, ValueError) as error:
        raise _unusable(settings, error) from error
    return context


def _unusable(settings: Settings, error: Exception) -> StartError:
    """Return which of the two files is to blame, where that can be told."""
    files = {"--certfile": settings.certfile, "--keyfile": settings.keyfile}
    for option, path in files.items():
        try:
            Path(str(path)).read_bytes()
        except OSError as unreadable:
            return StartError(f"{option}: {path}: {unreadable.strerror}")
    told = ", ".join(f"{option}: {path}" for option, path in files.items())
    why = getattr(error, "reason", None) or str(error)
    return StartError(f"{told}: no certificate and its key without a password, in PEM ({why})")

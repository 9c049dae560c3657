"""A connection that stands before another: what it does not do itself, the other one does.

Rule: what is public of Tornado's connection is forwarded by name, for reading and for setting. To
look for whatever else there may be (``__getattr__``) would slow down each attribute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tornado import httputil


def _forwarded(name: str) -> Any:
    def read(before: ConnectionBefore) -> Any:
        return getattr(before.connection, name)

    def set_(before: ConnectionBefore, value: Any) -> None:
        setattr(before.connection, name, value)

    return property(read, set_)


class ConnectionBefore(httputil.HTTPConnection):
    """See the module's rule. ``connection`` is the other one."""

    close = _forwarded("close")
    context = _forwarded("context")
    detach = _forwarded("detach")
    is_client = _forwarded("is_client")
    no_keep_alive = _forwarded("no_keep_alive")
    params = _forwarded("params")
    read_response = _forwarded("read_response")
    set_body_timeout = _forwarded("set_body_timeout")
    set_max_body_size = _forwarded("set_max_body_size")
    stream = _forwarded("stream")

    #: Whether an answer was given, though it may not have left.
    has_begun = False

    def __init__(self, connection: httputil.HTTPConnection) -> None:
        # More than Tornado's interface says: whoever serves, and who detaches it, knows what it is.
        self.connection: Any = connection

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Have ``callback`` called when the client leaves early."""
        self.connection.set_close_callback(callback)

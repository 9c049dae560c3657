"""How many connections the process has descriptors for."""

from __future__ import annotations

import logging
import resource

#: For all but connections: the store's lanes, the database, files, the log.
_KEPT_FREE = 64

#: A connection takes some 20 KB; more than these one process could not answer anyway.
_MOST = 16_384

_log = logging.getLogger(__name__)


def raise_limit() -> None:
    """Allow the process as many descriptors as it may allow itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:  # macOS tells a hard limit that it does not grant
            _log.warning("the limit of %d descriptors stays: %s", soft, error)


def room_for_connections() -> int:
    """Return how many connections may be open at once."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return _MOST
    return max(1, min(limit - max(_KEPT_FREE, limit // 8), _MOST))

"""The security log (ASVS 5.0 16.2.5, 16.3.1): who did what, and never an ID, cookie or password.

Each event goes to the logger ``server.events`` with its name and its facts as attributes of the
record, so that a formatter can write them as JSON. An account is told by its id: names and emails
stay in the database. What was typed at a refused sign-in is not told at all, because people type
passwords where names belong.
"""

from __future__ import annotations

import logging

_logger = logging.getLogger("server.events")


def log_event(event: str, remote: str | None, **facts: str | int | None) -> None:
    """Log ``event`` from the address ``remote``, with its ``facts``."""
    told = " ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
    _logger.info(
        "%s from %s %s", event, remote, told, extra={"event": event, "remote": remote, **facts}
    )

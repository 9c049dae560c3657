"""An exchange as HTML: the lines that tell something are set off from the others. Pure."""

from __future__ import annotations

import re

from tornado.escape import xhtml_escape

#: Request and status line, cookies, and what says when to come again.
_TELLING = re.compile(r"[A-Z]+ /|HTTP/|(set-)?cookie:|retry-after:", re.IGNORECASE)


def telling(message: str) -> str:
    """Return a message as HTML, with the lines that tell something set off from the others."""
    return "\n".join(
        f"<b>{xhtml_escape(line)}</b>" if _TELLING.match(line) else xhtml_escape(line)
        for line in message.split("\n")
    )

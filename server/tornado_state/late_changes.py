"""Changes inside a value that came when the answer had begun: too late to be kept, and told.

Rule: nobody can refuse such a change, so it is found out by comparing: when what the request made
is freed, as the handler is done, and once more where somebody keeps the value beyond that.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tornado.log import app_log

from .request_state import RequestState

#: Seconds after which a value that somebody keeps beyond its request is looked at once more.
_LATER = 1.0


def tell(state: RequestState, handler: str) -> None:
    """Say in the log what ``handler`` changed inside a value when it could not be kept any more."""
    for name in state.late_changes():
        app_log.warning(
            "%s changed a value of %s from within after its response began: it is not kept",
            handler,
            name,
        )


def tell_last(state: RequestState, handler: str) -> None:
    """Do so as the request is freed, and once more later, if somebody else has such a value."""
    tell(state, handler)
    if state.is_kept_by_others():
        with suppress(RuntimeError):  # no loop runs any more
            asyncio.get_running_loop().call_later(_LATER, tell, state, handler)

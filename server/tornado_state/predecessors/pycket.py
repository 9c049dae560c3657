"""Sessions of pycket: an ID in Tornado's signed cookie, a pickled dict in Redis or memcached.

Rule: no pickle is loaded, ever (ASVS 5.0 1.5.2): whoever can write to the store would run code.
What it says is read where it is plain data (:mod:`.plain_pickle`); anything else is nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ..cookies.signing import Secrets
from .adopted import Asked, Load, ask
from .plain_pickle import read_plain
from .signed_cookie import SignedCookie

log = logging.getLogger(__name__)


class Pycket(SignedCookie):
    """pycket's sessions. ``load`` gets what its store has under a session ID.

    A coroutine function of your own client's, such as ``redis.asyncio.Redis(db=0).get``. See
    `Predecessor` and `from_signed_cookie` for the rest; ``deadline`` is in seconds.
    """

    def __init__(
        self,
        load: Load,
        *,
        cookie: str = "PYCKET_ID",
        max_age_days: float = 30,
        cookie_secret: Secrets | None = None,
        deadline: float = 0.5,
        **options: Any,
    ) -> None:
        super().__init__(cookie, max_age_days=max_age_days, cookie_secret=cookie_secret, **options)
        self._load, self._deadline = load, deadline

    async def read(self, presented: str, asked: Asked) -> Mapping[str, Any] | None:
        """See `Predecessor.read`."""
        session_id = self.verify(presented, asked)
        if session_id is None:
            return None
        pickled = await ask(self._load, session_id, self._deadline)
        if pickled is None:
            return None
        try:
            found = read_plain(pickled)
        except ValueError as error:
            log.warning("a session of pycket is not taken over: %s", error)
            return None
        return found if isinstance(found, dict) else None

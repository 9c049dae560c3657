"""Sessions of express-session: ``s:<id>.<signature>`` in a cookie, JSON in the store.

The signature is that of npm's cookie-signature: HMAC-SHA256 of the ID, in base64 without its
padding; the cookie's value is percent-encoded.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from ..values import from_json
from .adopted import Asked, Load, Predecessor, ask


class ExpressSession(Predecessor):
    """express-session's sessions. ``load`` gets what its store has under ``prefix`` and an ID.

    A coroutine function of your own client's, such as ``redis.asyncio.Redis().get``. ``secret`` is
    what express-session was given, one or several; ``prefix`` is ``sess:`` in connect-redis, empty
    in connect-memcached. See `Predecessor` for the rest; ``deadline`` is in seconds. A store that
    encrypts (connect-memcached's ``secret``) is for ``load`` to decrypt.
    """

    def __init__(
        self,
        load: Load,
        secret: str | Sequence[str],
        *,
        cookie: str = "connect.sid",
        prefix: str = "sess:",
        deadline: float = 0.5,
        **options: Any,
    ) -> None:
        super().__init__(cookie, **options)
        self._secrets = (secret,) if isinstance(secret, str) else tuple(secret)
        self._load, self._prefix, self._deadline = load, prefix, deadline

    async def read(self, presented: str, asked: Asked) -> Mapping[str, Any] | None:
        """See `Predecessor.read`."""
        session_id = self._verify(unquote(presented))
        if session_id is None:
            return None
        text = await ask(self._load, self._prefix + session_id, self._deadline)
        try:
            found = from_json(text) if text is not None else None
        except ValueError:
            return None
        is_one = isinstance(found, dict) and not _is_over(found.get("cookie"), asked.clock())
        return found if is_one else None

    def _verify(self, value: str) -> str | None:
        session_id, dot, signature = value.removeprefix("s:").rpartition(".")
        if not value.startswith("s:") or not dot:
            return None
        for secret in self._secrets:
            digest = hmac.digest(secret.encode(), session_id.encode(), "sha256")
            if hmac.compare_digest(b64encode(digest).rstrip(b"="), signature.encode()):
                return session_id
        return None


def _is_over(cookie: Any, now: float) -> bool:
    """Return whether a record says that its time is over, which its store need not have seen."""
    expires = cookie.get("expires") if isinstance(cookie, dict) else None
    if not isinstance(expires, str):
        return False
    try:
        return datetime.fromisoformat(expires).timestamp() <= now
    except (ValueError, OverflowError):
        return True

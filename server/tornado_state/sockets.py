"""WebSockets with state, which end when the session does that they were opened in.

Rule 1: a socket is closed, with a code of its own, when its session ends: at once where this
process ends it, within ``session_look_every`` seconds where another one does, or time.
Rule 2: under another ID, after a sign-in or a renewal, it is another session: the browser opens the
socket anew and brings its new cookie.
Rule 3: a socket that is open is no use of the session, unless it says so.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from tornado.websocket import WebSocketHandler

from .handlers import StateHandler


class StateWebSocketHandler(  # pyright: ignore[reportUnsafeMultipleInheritance]
    StateHandler, WebSocketHandler
):
    """A `StateHandler` for a WebSocket. See the module's rules."""

    #: What the client is told when the session has ended; 4000 to 4999 are an application's own.
    session_ended_code: ClassVar[int] = 4401

    #: Whether an open socket keeps its session from ending for lack of use.
    keeps_session_alive: ClassVar[bool] = False

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Serve the socket, from the handshake to its end."""
        with self._watched():
            await super().get(*args, **kwargs)

    def on_session_end(self) -> None:
        """Close; override it to say something first."""
        self.close(self.session_ended_code, "the session has ended")

    def _watched(self) -> AbstractContextManager[None]:
        if not self.has_state:
            return nullcontext()
        keeps_alive = self.keeps_session_alive
        return self.state.when_ended(self.on_session_end, keeps_alive=keeps_alive)

"""WebSockets with state, which end when the session does that they were opened in.

Rule 1: a socket is closed, with a code of its own, when its session ends: at once where this
process ends it, within ``session_look_every`` seconds where another one does, or time. What a
client says from then on is not heard.
Rule 2: under another ID, after a sign-in or a renewal, it is another session: the browser opens the
socket anew and brings its new cookie.
Rule 3: a socket that is open is no use of the session, unless it says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
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

    def on_session_end(self) -> Awaitable[None] | None:
        """Close; override it, as a coroutine if need be, to say something first.

        Where it raises, the socket is closed all the same.
        """
        self.close(self.session_ended_code, "the session has ended")
        return None

    def _watched(self) -> AbstractContextManager[None]:
        if not self.has_state:
            return nullcontext()
        keeps_alive = self.keeps_session_alive
        return self.state.when_ended(self._session_ended, keeps_alive=keeps_alive)

    def _session_ended(self) -> Awaitable[None] | None:
        with self._deaf_once_closed():
            said = self.on_session_end()
        return None if said is None else self._said(said)

    async def _said(self, said: Awaitable[None]) -> None:
        with self._deaf_once_closed():
            await said

    @contextmanager
    def _deaf_once_closed(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close(self.session_ended_code, "the session has ended")
            raise
        finally:
            if self.ws_connection is None or self.ws_connection.is_closing():
                # Tornado hears a client until that has closed as well.
                self.on_message = _not_heard  # type: ignore[method-assign]


def _not_heard(message: str | bytes) -> None:
    """Drop what comes of a session that is over."""

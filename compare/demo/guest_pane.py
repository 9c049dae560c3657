"""The pane of a guest: what a thief, say, sees in a browser of theirs.

A request goes on with the guest's cookies, and what is set for them is kept with them: it never
reaches the visitor's browser, which has the same host.
"""

from __future__ import annotations

from tornado.httpclient import HTTPResponse

from ..browser import after
from .booth import Booth
from .pane import PaneHandler
from .side import Side


class GuestPaneHandler(PaneHandler):
    """Any path of the application, in front of somebody else."""

    async def pass_to(self, booth: Booth, side: Side) -> None:
        """Pass it on; without anybody there, say so."""
        if side.guest is None:
            self.set_header("Content-Security-Policy", f"default-src 'none'; {self.framing}")
            self.render("nobody.html")
        else:
            await super().pass_to(booth, side)

    def is_outdated(self, _side: Side) -> bool:
        """Hand over nothing: that is the visitor's."""
        return False

    def sends(self, side: Side) -> dict[str, str]:
        """Return the guest's cookies."""
        return side.guest.jar if side.guest else {}

    def keep(self, side: Side, answer: HTTPResponse) -> None:
        """Keep what is set with the guest."""
        if side.guest:
            side.guest.jar = after(side.guest.jar, answer.headers.get_list("Set-Cookie"))
        answer.headers.pop("Set-Cookie", None)

    def path_of(self, side: Side) -> str:
        """Return the page that the guest is at."""
        return side.guest.path if side.guest else "/"

    def be_at(self, side: Side, path: str) -> None:
        """Remember the page that the guest is at."""
        if side.guest:
            side.guest.path = path

    def notice(self, booth: Booth, side: Side, answer: HTTPResponse) -> None:
        """Tell nobody who signs in here: it is not the visitor."""
        if self.request.method == "GET":
            super().notice(booth, side, answer)

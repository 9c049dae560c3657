"""What every answer of the demo's page has in common.

Rule 1: nothing is loaded from anywhere else, and no script or style stands in the page.
Rule 2: state changes only by POST from the page itself, and only under the demo's own name:
whoever points another name at this machine gets nothing.
Rule 3: whatever cannot be done is one sentence, in ``{"error": …}``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from .booth import Booth
from .booths import Booths
from .troubles import TROUBLES, plainly
from .wire import VISITOR_COOKIE

WRONG_HOST = "The demo is not known by this name here. Open {}"


class Refused(HTTPError):
    """It cannot be done; ``sentence`` says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status)
        self.sentence = sentence


def visitor_cookie(demo: str) -> str:
    """Return the name of the cookie that tells the visitors of the demo at this URL apart."""
    return f"{VISITOR_COOKIE}-{urlsplit(demo).port}"


def is_meant_for(request: HTTPServerRequest, url: str) -> bool:
    """Return whether a request names the host and port of ``url``."""
    return request.host.lower() == urlsplit(url).netloc


class DemoHandler(RequestHandler):
    """Anything of the demo's page."""

    def initialize(self, booths: Booths) -> None:
        """Take the booths, and an ``Origin`` that cannot be read for nobody's."""
        self.booths = booths
        try:
            urlsplit(self.request.headers.get("Origin", ""))
        except ValueError:
            self.request.headers["Origin"] = "null"

    def set_default_headers(self) -> None:
        """Set the security headers."""
        panes = " ".join(self.settings["panes"].values())
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-src {panes}; "
            "frame-ancestors 'none'",
        )
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        """Refuse what is meant for somebody else."""
        if not is_meant_for(self.request, self.settings["demo"]):
            raise Refused(421, WRONG_HOST.format(self.settings["demo"]))

    @property
    def visitor(self) -> str | None:
        """Who asks."""
        return self.get_cookie(visitor_cookie(self.settings["demo"]))

    def booth(self) -> Booth:
        """Return the visitor's booth; 404 where it was closed meanwhile."""
        booth = self.booths.get(self.visitor)
        if booth is None:
            raise Refused(404, "Your demo was closed. Reload the page for a new one.")
        return booth

    def body(self) -> dict[str, Any]:
        """Return the JSON object that was sent; 400 for anything else."""
        try:
            value = json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise Refused(400, "Send JSON.") from error
        if not isinstance(value, dict):
            raise Refused(400, "Send a JSON object.")
        return value

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Tell what went wrong in a sentence."""
        self.finish({"error": self.sentence(**kwargs)})

    def sentence(self, exc_info: Any = (None, None, None), **_kwargs: Any) -> str:
        """Return what went wrong."""
        return exc_info[1].sentence if isinstance(exc_info[1], Refused) else self._reason

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log what nobody foresaw; a refusal, and a page that was left, are no news."""
        if not isinstance(value, HTTPError | StreamClosedError):
            super().log_exception(typ, value, tb)

    async def act(self, function: Callable[[Booth], Any]) -> Any:
        """Return what a blocking function returns; 409 while another is under way."""
        booth = self.booth()
        await booth.mend()
        if booth.busy.locked():
            raise Refused(409, "Something is still being tried. Wait for it to end.")
        async with booth.busy:
            booth.notice = ""
            await booth.notify()
            try:
                async with booth.looking:
                    return await asyncio.to_thread(function, booth)
            except TROUBLES as error:
                raise Refused(503, plainly(error)) from error
            finally:
                booth.results += 1

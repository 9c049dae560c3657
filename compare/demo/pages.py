"""The page, its events, and what it may ask for.

Rule 1: nothing is loaded from anywhere else, and no script or style stands in the page.
Rule 2: state changes only by POST from the page itself.
Rule 3: whatever cannot be done is one sentence, in ``{"error": …}``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler, StaticFileHandler

from ..browser import NoAnswer
from ..processes import ProcessFailed
from ..shop_visitor import Person, Unexpected
from . import actions
from .booth import Booth
from .booths import AllTaken, Booths
from .lab import You
from .matrix import declared_kind, matrix, placed, placements
from .store_view import records_shown
from .wire import VISITOR_COOKIE, described_cookie

_FOLDER = Path(__file__).parent
#: Seconds after which the page hears from us even when nothing has changed: records grow old.
_QUIET = 2.0


class DemoHandler(RequestHandler):
    """Anything of the demo's page."""

    def initialize(self, booths: Booths) -> None:
        """Take the booths."""
        self.booths = booths

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

    def booth(self) -> Booth:
        """Return the visitor's booth; 404 where it was closed meanwhile."""
        booth = self.booths.get(self.get_cookie(VISITOR_COOKIE))
        if booth is None:
            raise HTTPError(404, reason="Your demo was closed. Reload the page for a new one.")
        return booth

    def body(self) -> dict[str, Any]:
        """Return the JSON object that was sent; 400 for anything else."""
        try:
            value = json.loads(self.request.body)
        except ValueError as error:
            raise HTTPError(400, reason="Send JSON.") from error
        if not isinstance(value, dict):
            raise HTTPError(400, reason="Send a JSON object.")
        return value

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """Tell what went wrong in a sentence."""
        self.finish({"error": self._reason})

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log what nobody foresaw; a refusal, and a page that was left, are no news."""
        if not isinstance(value, HTTPError | StreamClosedError):
            super().log_exception(typ, value, tb)

    async def act(self, function: Callable[[], Any]) -> Any:
        """Return what a blocking function returns; 409 while another is under way."""
        booth = self.booth()
        if booth.busy.locked():
            raise HTTPError(409, reason="Something is still being tried. Wait for it to end.")
        async with booth.busy:
            await booth.notify()
            result = await asyncio.to_thread(function)
        await booth.notify()
        return result


class PageHandler(DemoHandler):
    """``GET /``: the page; opens the visitor's booth."""

    def head(self) -> None:
        """Say that the demo is there; open nothing."""

    async def get(self) -> None:
        """Show it."""
        if self.request.host_name != "localhost":
            # Cookies of 127.0.0.1 and of localhost are not the same.
            self.redirect(self.settings["demo"])
            return
        visitor = self.get_cookie(VISITOR_COOKIE)
        if visitor is None or self.booths.get(visitor) is None:
            visitor = self.booths.new_visitor()
        try:
            booth = await self.booths.open(visitor)
        except AllTaken:
            self.set_status(503)
            self.render("taken.html")
            return
        self.set_cookie(VISITOR_COOKIE, visitor, httponly=True, samesite="Strict", path="/")
        panes = self.settings["panes"]
        self.render("page.html", panes=panes, actions=actions.ACTIONS, person=booth.person)


class EventsHandler(DemoHandler):
    """``GET /events``: what the visitor's booth looks like, whenever it has changed."""

    async def get(self) -> None:
        """Send it until the page is left, or the booth closed."""
        booth = self.booth()
        self.set_header("Content-Type", "text/event-stream")
        booth.pages += 1
        try:
            while self.booths.get(self.get_cookie(VISITOR_COOKIE)) is booth:
                version = booth.version
                state = await _state(booth)
                self.write(f"data: {json.dumps(state, ensure_ascii=False)}\n\n")
                await self.flush()
                await booth.wait(version, _QUIET)
        except StreamClosedError:
            return
        finally:
            booth.pages -= 1


class ActionHandler(DemoHandler):
    """``POST /actions/NAME``: do something to both sides."""

    async def post(self, name: str) -> None:
        """Do it, and tell what was seen."""
        booth = self.booth()
        if name not in actions.DONE:
            raise HTTPError(404, reason="There is no such action.")
        if booth.frozen and name != "thaw":
            raise HTTPError(409, reason="memcached is frozen. Thaw it first.")
        booth.last = {"name": name, "result": await self.act(lambda: actions.DONE[name](booth))}
        await booth.notify()
        self.finish(booth.last)


class AccountHandler(DemoHandler):
    """``POST /account``: one sign-up, or one sign-in, for both sides."""

    async def post(self) -> None:
        """Register if an email is given, then sign in on both sides."""
        booth = self.booth()
        if booth.frozen:
            raise HTTPError(409, reason="memcached is frozen. Thaw it first.")
        fields = self.body()
        person = booth.person
        if fields:
            try:
                person = Person(*(str(fields[name]) for name in Person._fields))
            except KeyError as error:
                raise HTTPError(400, reason=f"{error.args[0]} is missing.") from error
        refusal = await self.act(lambda: _signed_in(booth, person, new=bool(fields)))
        if refusal:
            self.set_status(422)
            self.finish({"error": refusal})
        else:
            self.finish({"username": person.username})


class KindHandler(DemoHandler):
    """``POST /kind``: where a kind of one's own belongs."""

    def post(self) -> None:
        """Say it."""
        try:
            self.finish(placed(declared_kind(self.body())))
        except ValueError as error:
            raise HTTPError(422, reason=str(error)) from error


def _signed_in(booth: Booth, person: Person, *, new: bool) -> str | None:
    if new and (refusal := booth.register(person)):
        return refusal
    try:
        for side in booth.sides.values():
            you = You(side)
            if you.who():
                you.sign_out()
            you.sign_in(person)
    except (NoAnswer, Unexpected) as error:
        return f"{error}."
    return None


async def _state(booth: Booth) -> dict[str, Any]:
    session = booth.sides["session"]
    frozen = booth.frozen
    records = None
    if not frozen and not booth.busy.locked():
        try:
            records = await asyncio.to_thread(records_shown, session.target.memcached, session.jar)
        except (OSError, ProcessFailed):
            records = None
    return {
        "frozen": frozen,
        "busy": booth.busy.locked(),
        "person": booth.person.username,
        "last": booth.last,
        "store": records,
        "matrix": matrix(booth.measured),
        "placements": placements(),
        "sides": {
            name: {
                "pending": bool(side.pending),
                "jar": [described_cookie(each, value, name) for each, value in side.jar.items()],
                "exchanges": list(side.exchanges)[:12],
            }
            for name, side in booth.sides.items()
        },
    }


def make_demo(booths: Booths, demo: str, panes: dict[str, str]) -> Application:
    """Return what serves the page at ``demo``, with ``panes`` by application."""
    options = {"booths": booths}
    return Application(
        [
            (r"/", PageHandler, options),
            (r"/events", EventsHandler, options),
            (r"/actions/([a-z]+)", ActionHandler, options),
            (r"/account", AccountHandler, options),
            (r"/kind", KindHandler, options),
        ],
        template_path=str(_FOLDER / "templates"),
        static_path=str(_FOLDER / "static"),
        static_handler_class=StaticFileHandler,
        cross_origin_protection=True,
        panes=panes,
        demo=demo,
    )

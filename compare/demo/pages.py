"""The page itself, and the application that serves it."""

from __future__ import annotations

from typing import Any

from tornado.web import Application, StaticFileHandler

from .asked import (
    AccountHandler,
    ActionHandler,
    AnewHandler,
    GuestHandler,
    KindHandler,
    LeftHandler,
    TourHandler,
    VerifyHandler,
)
from .booths import AllTaken, Booths, CannotOpen
from .events import EventsHandler
from .handler import DemoHandler, Refused, is_meant_for, visitor_cookie
from .telling import FOLDER, LIVE, SCRIPTS, data_of_page, names_of_page, saved_page
from .tour.objections import READ

_TAKEN = (
    "Every visitor gets two shops of their own, and all of them are in use. This page tries again "
    "by itself."
)
_CANNOT_OPEN = "The two shops do not start: {}. This page tries again by itself."


class PageHandler(DemoHandler):
    """``GET /``: the page; opens the visitor's booth."""

    def prepare(self) -> None:
        """Send whoever comes by number to the name: cookies of the two are not the same."""
        demo = self.settings["demo"]
        if is_meant_for(self.request, demo.replace("localhost", "127.0.0.1")):
            self.redirect(demo)
        else:
            super().prepare()

    def head(self) -> None:
        """Say that the demo is there; open nothing."""

    async def get(self) -> None:
        """Show it to somebody who looks at it, and to no page that only names it."""
        if self.request.headers.get("Sec-Fetch-Dest", "document") != "document":
            raise Refused(403, "The demo is a page of its own. Open it by itself.")
        visitor = self.visitor
        if visitor is None or self.booths.get(visitor) is None:
            visitor = self.booths.new_visitor()
        try:
            booth = await self.booths.open(visitor)
        except AllTaken:
            raise Refused(503, _TAKEN) from None
        except CannotOpen as error:
            raise Refused(503, _CANNOT_OPEN.format(str(error).rstrip("."))) from None
        name = visitor_cookie(self.settings["demo"])
        self.set_cookie(name, visitor, httponly=True, samesite="Lax", path="/")
        self.render(
            "page.html",
            panes=self.settings["panes"],
            paths={application: side.path for application, side in booth.sides.items()},
            results=booth.results,
            recorded="",
            scripts=(*SCRIPTS, LIVE),
            data=data_of_page(),
            **names_of_page(),
        )

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Tell it on a page."""
        self.render("trouble.html", sentence=self.sentence(**kwargs), again=status_code == 503)


class SavedHandler(DemoHandler):
    """``GET /saved``: what has happened, as one file that needs no server."""

    def get(self) -> None:
        """Send it."""
        self.set_header("Content-Disposition", 'attachment; filename="cookie-or-session.html"')
        self.finish(saved_page(self.booth()))


class ReadHandler(DemoHandler):
    """``GET /read/NAME``: what answers of the tour rest on, as it is written."""

    def get(self, name: str) -> None:
        """Show it."""
        if name not in READ:
            raise Refused(404, "There is nothing to read by this name.")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish((FOLDER.parent / READ[name][0]).read_bytes())


def make_demo(booths: Booths, demo: str, panes: dict[str, str]) -> Application:
    """Return what serves the page at ``demo``, with ``panes`` by application."""
    options = {"booths": booths}
    return Application(
        [
            (r"/", PageHandler, options),
            (r"/events", EventsHandler, options),
            (r"/actions/([a-z]+)", ActionHandler, options),
            (r"/tour(?:/([a-z]+))?", TourHandler, options),
            (r"/guest", GuestHandler, options),
            (r"/left", LeftHandler, options),
            (r"/account", AccountHandler, options),
            (r"/kind", KindHandler, options),
            (r"/verify", VerifyHandler, options),
            (r"/saved", SavedHandler, options),
            (r"/read/([a-z]+)", ReadHandler, options),
            (r"/anew", AnewHandler, options),
        ],
        template_path=str(FOLDER / "templates"),
        static_path=str(FOLDER / "static"),
        static_handler_class=StaticFileHandler,
        cross_origin_protection=True,
        panes=panes,
        demo=demo,
    )

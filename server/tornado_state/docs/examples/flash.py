"""A flash message: said once, on the page after the one that left it."""

from typing import Any

from tornado.escape import xhtml_escape
from tornado_state import Kind, StateApplication, StateHandler

FLASH = Kind("flash", list[str], default=[], fresh=True)


class Page(StateHandler):
    flash = FLASH

    def get(self) -> None:
        for said in self.state.pop(FLASH):
            self.write(f"<p>{xhtml_escape(said)}</p>")

    def post(self) -> None:
        self.flash.append("It is done.")
        self.redirect("/", status=303)


def make_app(**settings: Any) -> StateApplication:
    return StateApplication([("/", Page)], **settings)

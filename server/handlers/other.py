"""Health, unknown paths, static files."""

from __future__ import annotations

from typing import Any

from tornado.escape import json_encode
from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError, StaticFileHandler
from tornado_state import Kind

from .base import ShopHandler
from .errors import error_answer
from .headers import SecureHeaders
from .negotiation import asks_for_html


class HealthHandler(ShopHandler):
    """``GET /health``: says that the process answers; touches no state and no store."""

    @classmethod
    def kinds_for(cls, request: HTTPServerRequest) -> tuple[Kind[Any], ...]:
        """Need nothing, whoever asks."""
        return ()

    def get(self) -> None:
        """Answer."""
        self.clear_header("Vary")
        self.write_json({"status": "ok"})


class NotFoundHandler(ShopHandler):
    """Any path that is nobody's. There is nothing to protect, so any origin is told the same."""

    def check_trusted_origin(self, origin: str) -> bool:
        """Let a foreign request have its 404."""
        return True

    def prepare(self) -> None:
        """Answer 404, whatever the method."""
        raise HTTPError(404)


class StaticHandler(SecureHeaders, StaticFileHandler):
    """The stylesheet, the script and the pictures."""

    @classmethod
    def get_version(cls, settings: dict[str, Any], path: str) -> str | None:
        """Return enough of the content's hash to tell versions apart: every page repeats it."""
        version = super().get_version(settings, path)
        return version and version[:16]

    async def get(self, path: str, include_body: bool = True) -> None:
        """Send the file; what is none is not found, wherever it points."""
        if "\0" in path:
            raise HTTPError(404)  # no file can be called that; asked for it, the system raises
        try:
            await super().get(path, include_body)
        except HTTPError as error:
            raise HTTPError(404 if error.status_code == 403 else error.status_code) from error

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Tell what went wrong, in the contract's shape or as a page."""
        told = error_answer(status_code, None)
        if asks_for_html(self.request.headers):
            self.set_header("Content-Type", "text/html; charset=UTF-8")
            pages = NotFoundHandler(self.application, self.request)
            self.finish(pages.render_string("error.html", error=told, title=told.title, notices=[]))
        else:
            self.set_header("Content-Type", "application/json; charset=UTF-8")
            self.finish(json_encode(told.json))

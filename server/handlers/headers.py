"""The security headers: every answer has them, errors and static files included (ASVS 5.0 3.4)."""

from __future__ import annotations

from tornado.web import RequestHandler

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors "
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TWO_YEARS = "max-age=63072000"


class SecureHeaders(RequestHandler):
    """Any handler of ours, with the headers that every answer has."""

    def set_default_headers(self) -> None:
        """Set the security headers, and do not tell the server's version."""
        frames = self.settings.get("frame_ancestors", "'none'")
        self.set_header("Content-Security-Policy", CONTENT_SECURITY_POLICY + frames)
        for name, value in HEADERS.items():
            self.set_header(name, value)
        if self.request.protocol == "https":
            self.set_header("Strict-Transport-Security", TWO_YEARS)
        self.clear_header("Server")

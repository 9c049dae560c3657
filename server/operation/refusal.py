"""The answer to a request that nobody will work at: made beforehand, told in both ways.

It has the headers that every answer has. ``busy`` tells it from a store that is away.
"""

from __future__ import annotations

from tornado.httputil import HTTPConnection, HTTPHeaders, ResponseStartLine

from ..handlers.headers import CONTENT_SECURITY_POLICY, HEADERS, TWO_YEARS
from ..handlers.negotiation import asks_for_html

_SENTENCE = "Too many people are here right now. Please try again in a moment."

_JSON = f'{{"error": {{"code": "busy", "message": "{_SENTENCE}"}}}}'.encode()
_PAGE = f"<!DOCTYPE html><html lang=en><title>One moment, please</title><p>{_SENTENCE}".encode()


_START = ResponseStartLine("HTTP/1.1", 503, "Service Unavailable")

_ALWAYS = {
    **HEADERS,
    "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}'none'",
    "Cache-Control": "no-store",
    "Retry-After": "1",
}


def refuse(connection: HTTPConnection, method: str, headers: HTTPHeaders, protocol: str) -> None:
    """Answer a request with 503, and when to come again."""
    kind, body = ("text/html", _PAGE) if asks_for_html(headers) else ("application/json", _JSON)
    told = HTTPHeaders(_ALWAYS)
    told["Content-Type"] = f"{kind}; charset=UTF-8"
    told["Content-Length"] = str(len(body))
    if protocol == "https":
        told["Strict-Transport-Security"] = TWO_YEARS
    connection.write_headers(_START, told, b"" if method == "HEAD" else body)
    connection.finish()

"""A contender on threads of this process, right or weak in one way, to be found out."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from compare.bench.cart import cart, one_more

#: What is wrong with one, and how it is told.
WEAKNESSES = {
    "open": "no cart without a cookie",
    "one_for_all": "the first visitor's cart",
    "first_for_all": "the second visitor's cart",
    "forgetful": "what was written, read back",
    "adopting": "no cart for a cookie that was changed",
    "failing": "was answered with 503",
}


@contextmanager
def contender(weakness: str = "") -> Iterator[str]:
    """Have one that serves; yield its URL. "closing" is one that does not answer all requests."""
    carts: dict[str, Any] = {"": cart(0)} if weakness == "open" else {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            name = "same" if weakness == "one_for_all" else secrets.token_hex(8)
            carts[name] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(carts[name], f"session={name}; Path=/")

        def do_GET(self) -> None:
            self.answer(carts.get(self.name()))

        def do_POST(self) -> None:
            written = one_more(carts[self.name()])
            if weakness != "forgetful":
                carts[self.name()] = written
            self.answer(written)

        def name(self) -> str:
            name = self.headers.get("Cookie", "").removeprefix("session=")
            if weakness == "adopting" and name and name not in carts:
                return next(iter(carts))
            return next(iter(carts), "") if weakness == "first_for_all" else name

        def answer(self, kept: Any, cookie: str = "") -> None:
            if weakness == "closing" and not cookie and secrets.randbelow(2):
                self.close_connection = True
                return
            body = json.dumps(kept).encode()
            failing = weakness == "failing" and secrets.randbelow(2)
            self.send_response(503 if failing else 200 if kept else 404)
            self.send_header("Content-Length", str(len(body)))
            if cookie:
                self.send_header("Set-Cookie", cookie)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

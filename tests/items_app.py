"""One answer in six ways, from a bare handler's to a session that is written.

``python tests/items_app.py PORT STORE``; see `campaign_items`.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TypedDict

from tornado.web import RequestHandler
from tornado_state import Kind, StateApplication, StateHandler

from compare.bench.cart import cart


class Line(TypedDict):
    """As the contenders of the bench have it."""

    sku: str
    name: str
    quantity: int
    price: int


class Cart(TypedDict):
    """As the contenders of the bench have it."""

    number: str
    items: list[Line]


ANSWER = cart(0)


class Bare(RequestHandler):
    """Tornado alone."""

    def get(self) -> None:
        self.write(ANSWER)


class Kept(StateHandler):
    """A cart in a session, and one in a signed cookie."""

    cart = Kind("cart", Cart, size=65_500, fresh=True, concurrent=True)
    basket = Kind("basket", Cart, size=2_900, outage_proof=True)


class Unread(Kept):
    """A handler with state that asks for none of it; PUT fills a session or a cookie."""

    def get(self) -> None:
        self.write(ANSWER)

    def put(self) -> None:
        setattr(self, self.get_argument("in"), cart(int(self.get_argument("number"))))


class Cookie(Kept):
    """Reads what is in the signed cookie."""

    def get(self) -> None:
        self.write(self.basket)


class Session(Kept):
    """Reads what is in the session, or changes it."""

    def get(self) -> None:
        self.write(self.cart)

    def post(self) -> None:
        line = self.cart["items"][0]
        line["quantity"] = line["quantity"] % 9 + 1
        self.write(self.cart)


async def main(port: str, store: str) -> None:
    """Serve until the process is ended."""
    app = StateApplication(
        [("/bare", Bare), ("/unread", Unread), ("/cookie", Cookie), ("/session", Session)],
        cookie_secret="a secret of the measurement, 32 bytes or more",
        cookie_secure=False,
        session_store=store,
    )
    app.listen(int(port), "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""Tornado with tornado-state: the store is a URL, or "cookie" for the signed cookie."""

import asyncio
import json
import os
from typing import TypedDict

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import HTTPError
from tornado_state import Kind, StateApplication, StateHandler

STORE = os.environ["STORE"]


class Line(TypedDict):
    sku: str
    name: str
    quantity: int
    price: int


class Cart(TypedDict):
    number: str
    items: list[Line]


if STORE == "cookie":
    CART = Kind("cart", Cart, size=2900, outage_proof=True)
else:
    CART = Kind("cart", Cart, size=65_500, fresh=True, concurrent=True)


class CartHandler(StateHandler):
    cart = CART

    def prepare(self):
        if self.cart is None and self.request.method != "PUT":
            raise HTTPError(404)

    def get(self):
        self.write(self.cart)

    def put(self):
        self.cart = json.loads(self.request.body)
        self.write(self.cart)

    def post(self):
        line = self.cart["items"][0]
        line["quantity"] = line["quantity"] % 9 + 1
        self.write(self.cart)


async def main():
    app = StateApplication(
        [("/cart", CartHandler)],
        cookie_secret="a secret of the measurement, 32 bytes or more",
        cookie_secure=False,
        session_store=None if STORE == "cookie" else STORE,
    )
    server = HTTPServer(app)
    # Several processes may share the port.
    server.add_sockets(bind_sockets(int(os.environ["PORT"]), "127.0.0.1", reuse_port=True))
    await asyncio.Event().wait()


asyncio.run(main())

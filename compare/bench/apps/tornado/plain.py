"""Tornado alone: a bare answer, and a cart in a signed cookie as in its user guide."""

import asyncio
import json
import os

import tornado

BARE = json.loads(os.environ["CART"])


class BareHandler(tornado.web.RequestHandler):
    def get(self):
        self.write(BARE)


class CartHandler(tornado.web.RequestHandler):
    def kept(self):
        value = self.get_signed_cookie("cart")
        if value is None:
            raise tornado.web.HTTPError(404)
        return json.loads(value)

    def keep(self, cart):
        self.set_signed_cookie("cart", json.dumps(cart))
        self.write(cart)

    def put(self):
        self.keep(json.loads(self.request.body))

    def get(self):
        self.write(self.kept())

    def post(self):
        cart = self.kept()
        line = cart["items"][0]
        line["quantity"] = line["quantity"] % 9 + 1
        self.keep(cart)


async def main():
    app = tornado.web.Application(
        [("/bare", BareHandler), ("/cart", CartHandler)],
        cookie_secret="a secret of the measurement, 32 bytes or more",
    )
    app.listen(int(os.environ["PORT"]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())

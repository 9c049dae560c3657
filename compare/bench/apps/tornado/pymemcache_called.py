"""Tornado with pymemcache called from its handlers, on the loop or (CALLS=threads) in threads.

The session ID is in a signed cookie and the cart in memcached as JSON: what people do today.
"""

import asyncio
import json
import os
import secrets
from urllib.parse import urlsplit

import tornado
from pymemcache import PooledClient

IDLE = 1800
client = PooledClient(urlsplit(os.environ["STORE"]).netloc, timeout=1)


async def on_the_loop(function, *arguments):
    return function(*arguments)


call = asyncio.to_thread if os.environ.get("CALLS") == "threads" else on_the_loop


class CartHandler(tornado.web.RequestHandler):
    async def prepare(self):
        name = self.get_signed_cookie("session")
        self.name = name.decode() if name else ""
        text = await call(client.get, self.name) if name else None
        if text is None and self.request.method != "PUT":
            raise tornado.web.HTTPError(404)
        self.cart = json.loads(text) if text else None

    async def keep(self):
        await call(client.set, self.name, json.dumps(self.cart).encode(), IDLE, False)
        self.write(self.cart)

    async def put(self):
        self.name = secrets.token_urlsafe(32)
        self.set_signed_cookie("session", self.name)
        self.cart = json.loads(self.request.body)
        await self.keep()

    def get(self):
        self.write(self.cart)

    async def post(self):
        line = self.cart["items"][0]
        line["quantity"] = line["quantity"] % 9 + 1
        await self.keep()


async def main():
    app = tornado.web.Application(
        [("/cart", CartHandler)],
        cookie_secret="a secret of the measurement, 32 bytes or more",
    )
    app.listen(int(os.environ["PORT"]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())

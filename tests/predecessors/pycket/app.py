"""pycket on Redis, as its README has it."""

import asyncio
import os

import tornado.web
from pycket.session import SessionMixin


class SignIn(tornado.web.RequestHandler, SessionMixin):
    def post(self):
        # One each request: of a first request's two it keeps the later one only.
        if self.session.get("user"):
            self.session.set("cart", ["tea"])
        else:
            self.session.set("user", "ann")


class Plain(tornado.web.RequestHandler):
    def post(self):
        self.set_signed_cookie("user", "ann")


async def main():
    storage = {"host": "127.0.0.1", "port": int(os.environ["STORE"])}
    settings = {
        "cookie_secret": os.environ["COOKIE_SECRET"],
        "pycket": {"engine": "redis", "storage": storage},
    }
    app = tornado.web.Application([("/in", SignIn), ("/plain", Plain)], **settings)
    app.listen(int(os.environ["PORT"]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())

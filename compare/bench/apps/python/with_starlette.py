"""Starlette under uvicorn: alone, or with starsessions on Redis, as in its README."""

import json
import os

import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starsessions import SessionAutoloadMiddleware, SessionMiddleware
from starsessions.stores.redis import RedisStore

BARE = json.loads(os.environ["CART"])
STORE = os.environ["STORE"]


async def bare(request):
    return JSONResponse(BARE)


async def begin(request):
    request.session["cart"] = await request.json()
    return JSONResponse(request.session["cart"])


async def read(request):
    cart = request.session.get("cart")
    return JSONResponse(cart) if cart else Response(status_code=404)


async def write(request):
    cart = request.session.get("cart")
    if not cart:
        return Response(status_code=404)
    line = cart["items"][0]
    line["quantity"] = line["quantity"] % 9 + 1
    request.session["cart"] = cart
    return JSONResponse(cart)


def sessions():
    if not STORE:
        return []
    # By default redis-py has a hundred connections, and every request beyond them fails.
    store = RedisStore(connection=Redis.from_url(STORE, max_connections=2000))
    options = {"lifetime": 1800, "cookie_https_only": False}
    return [
        Middleware(SessionMiddleware, store=store, **options),
        Middleware(SessionAutoloadMiddleware),
    ]


app = Starlette(
    routes=[
        Route("/bare", bare),
        Route("/cart", read),
        Route("/cart", begin, methods=["PUT"]),
        Route("/cart", write, methods=["POST"]),
    ],
    middleware=sessions(),
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning", access_log=False)

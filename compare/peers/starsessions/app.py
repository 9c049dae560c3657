"""starsessions on Redis under Starlette, as in its README."""

import os

import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starsessions import SessionAutoloadMiddleware, SessionMiddleware
from starsessions.stores.redis import RedisStore

IDLE_TIMEOUT = int(os.environ.get("IDLE_TIMEOUT", "1800"))

people: dict[str, str] = {}


async def register(request):
    body = await request.json()
    people[body["username"]] = body["password"]
    return Response(status_code=201)


async def login(request):
    body = await request.json()
    if people.get(body["username"]) != body["password"]:
        return Response(status_code=401)
    request.session["username"] = body["username"]
    return RedirectResponse("/me", 303)


async def logout(request):
    request.session.clear()
    return RedirectResponse("/me", 303)


async def me(request):
    if "username" not in request.session:
        return Response(status_code=401)
    return JSONResponse({"username": request.session["username"]})


async def password(request):
    body = await request.json()
    if people.get(request.session.get("username")) != body["current"]:
        return Response(status_code=401)
    people[request.session["username"]] = body["new"]
    return Response(status_code=204)


async def write(request):
    body = await request.json()
    notes = request.session.get("notes", {}) | {body["name"]: body["text"]}
    request.session["notes"] = notes
    return JSONResponse(notes)


async def read(request):
    return JSONResponse(request.session.get("notes", {}))


store = RedisStore(connection=Redis.from_url(f"redis://{os.environ['REDIS']}"))
app = Starlette(
    routes=[
        Route("/register", register, methods=["POST"]),
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route("/me", me),
        Route("/password", password, methods=["POST"]),
        Route("/notes", write, methods=["POST"]),
        Route("/notes", read),
    ],
    middleware=[
        Middleware(
            SessionMiddleware,
            store=store,
            lifetime=IDLE_TIMEOUT,
            rolling=True,
            cookie_https_only=False,
        ),
        Middleware(SessionAutoloadMiddleware),
    ],
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning")

"""Somebody signed in by the real predecessors, brought over: ``make campaign-predecessors``.

Tornado's signed cookies, pycket on Redis and express-session on memcached, each as it is installed,
each in a process of its own, sign somebody in. Then the guide's example, which adopts them, is
asked who that is; then for a sign-out; then with a copy of the old cookie.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import sys
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import redis.asyncio
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado_state.testing import CookieJar

from compare.app_process import ROOT
from compare.memcached_process import MemcachedProcess
from compare.peers.environments import install
from compare.processes import OwnProcess, environment_with
from compare.redis_process import RedisProcess
from compare.waiting import free_port, wait_until

FOLDER = Path(__file__).parent / "predecessors"
BUILT = ROOT / "build" / "predecessors"
sys.path.insert(0, str(ROOT / "server" / "tornado_state" / "docs"))

from examples import adopting  # noqa: E402 - the guide's, where it lies

SECRET = secrets.token_urlsafe(32)


async def main() -> bool:
    """Sign in with each, and return whether everybody was brought over."""
    for name in ("pycket", "express"):
        install(FOLDER / name, BUILT / name)
    with ExitStack() as stack:
        memcached = stack.enter_context(MemcachedProcess(tcp=True))
        store = stack.enter_context(RedisProcess(tcp=True))
        python, node = str(BUILT / "pycket" / "bin" / "python"), BUILT / "express" / "node_modules"
        pycket = started(stack, [python, str(FOLDER / "pycket" / "app.py")], STORE=str(store.port))
        express = started(
            stack,
            ["node", str(FOLDER / "express" / "app.js")],
            STORE=f"127.0.0.1:{memcached.port}",
            NODE_PATH=str(node),
        )
        client = redis.asyncio.Redis(port=store.port or 0)

        async def load(key: str) -> str | bytes | None:
            found = await client.get(key)
            return found or (await asyncio.to_thread(memcached.values, [key])).get(key)

        async with serving(load) as url:
            held = [
                await brought_over(url, "set_signed_cookie", f"{pycket}/plain", "nothing"),
                await brought_over(url, "pycket 0.3.0", f"{pycket}/in", "tea"),
                await brought_over(url, "express-session 1.19.0", f"{express}/in", "tea"),
            ]
        await client.aclose()
    return all(held)


def started(stack: ExitStack, command: list[str], **environment: str) -> str:
    """Start a predecessor, and return where it serves."""
    port = free_port()
    own = {"PORT": str(port), "COOKIE_SECRET": SECRET, **environment}
    process = OwnProcess(command, env=environment_with(own))
    stack.callback(process.end)

    def serves() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(serves, f"{command[1]} serves")
    return f"http://127.0.0.1:{port}"


@asynccontextmanager
async def serving(load: Any) -> Any:
    """Serve the example; gives where."""
    # connect-memcached has no prefix: the other stores have no such key.
    without_prefix = load_without_prefix(load)
    settings = {"cookie_secret": SECRET, "session_store": "memory://", "cookie_secure": False}
    server = HTTPServer(adopting.make_app(without_prefix, "keyboard cat", **settings))
    listener, port = bind_unused_port()
    server.add_socket(listener)
    yield f"http://127.0.0.1:{port}"
    server.stop()
    await server.close_all_connections()


def load_without_prefix(load: Any) -> Any:
    """Return ``load`` for keys that connect-redis would have begun with ``sess:``."""
    return lambda key: load(key.removeprefix("sess:"))


async def brought_over(url: str, name: str, sign_in: str, cart: str) -> bool:
    """Return whether who signs in there is signed in here, and a copy is dead after sign-out."""
    client, jar, account = AsyncHTTPClient(), CookieJar(), f"{url}/account"
    for _ in range(2):
        await jar.fetch(client, sign_in, method="POST", body="")
    copy = dict(jar.headers)
    seen = (await jar.fetch(client, account)).body.decode()
    await jar.fetch(client, account, method="POST", body="")
    after = await client.fetch(account, headers=copy, follow_redirects=False, raise_error=False)
    held = seen == f"signed in as ann, with {cart}" and not list(jar) and after.code == 302
    print(f"{name:<24} {seen}; after sign-out: {sorted(jar)}, a copy: {after.code}")
    return held


if __name__ == "__main__":
    sys.exit(not asyncio.run(asyncio.wait_for(main(), 120)))

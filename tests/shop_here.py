"""The recommended application in the test's own process, on parts that a test may make fail."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from accounts_in_folder import CountingArgon2, url_in
from running_shop import cookie_header
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from watched_store import Clock, WatchedStore

from compare.waiting import PATIENCE
from server.accounts import Accounts
from server.accounts.errors import AccountsUnavailable
from server.accounts.passwords import PasswordHashes
from server.app import make_app
from server.catalogue import PRODUCTS
from server.recommended_app import COMPOSITION
from server.settings import read_settings

SKU = PRODUCTS[0].sku
ANN = {"username": "ann", "email": "ann@post.example", "password": "violet-otter-91"}
NEW_PASSWORD = "amber-falcon-17"


class FailingAccounts(Accounts):
    """Accounts on a real database, which is away for the methods named in ``away``."""

    away: frozenset[str] = frozenset()

    def __getattribute__(self, name: str) -> Any:
        if name in super().__getattribute__("away"):
            raise AccountsUnavailable
        return super().__getattribute__(name)


class ShopHere:
    """The parts, and a visitor with a cookie jar."""

    def __init__(self, port: int, store: WatchedStore, accounts: FailingAccounts) -> None:
        self.port, self.store, self.accounts = port, store, accounts
        self.jar: dict[str, str] = {}

    async def send(self, method: str, path: str, value: Any = None) -> HTTPResponse:
        """Send ``value`` as JSON, and take the cookies of the answer."""
        headers = {"Accept": "application/json", "Cookie": cookie_header(self.jar)}
        body = None
        if method == "POST":
            headers["Content-Type"] = "application/json"
            body = json.dumps(value)
        url = f"http://127.0.0.1:{self.port}{path}"
        request = HTTPRequest(url, method=method, headers=headers, body=body)
        response = await AsyncHTTPClient().fetch(request, raise_error=False)
        for header in response.headers.get_list("Set-Cookie"):
            name, _, cookie = header.partition(";")[0].partition("=")
            self.jar[name] = cookie
        return response

    async def add(self, quantity: int = 1) -> int:
        """Put something into the cart; return the status."""
        return (await self.send("POST", "/cart", {"sku": SKU, "quantity": quantity})).code

    async def sign_in(self, password: str = ANN["password"]) -> int:
        """Sign Ann in; return the status."""
        return (await self.send("POST", "/login", {**ANN, "password": password})).code

    async def change_password(self) -> int:
        """Change Ann's password; return the status."""
        change = {"current": ANN["password"], "new": NEW_PASSWORD}
        return (await self.send("POST", "/password", change)).code

    async def status(self, path: str) -> int:
        """Return the status of a page."""
        return (await self.send("GET", path)).code

    async def quantity(self) -> int:
        """Return how many things are in the cart."""
        cart = json.loads((await self.send("GET", "/cart")).body)
        return sum(item["quantity"] for item in cart["items"])

    async def handles(self) -> list[str]:
        """Return the handles of the sessions that are listed as living."""
        answer = json.loads((await self.send("GET", "/sessions")).body)
        return [session["handle"] for session in answer["sessions"]]

    async def rows(self) -> list[str]:
        """Return the store keys that the database knows of Ann."""
        sign_in = await self.accounts.authenticate(ANN["username"], ANN["password"])
        assert sign_in is not None
        return [row.store_key for row in await self.accounts.sessions(sign_in.account.id)]


@asynccontextmanager
async def shop_here(folder: Path, store: WatchedStore | None = None) -> AsyncIterator[ShopHere]:
    """Serve the shop on an unused port, with Ann registered."""
    settings = read_settings("shop", 0, ["--dev", f"--run-dir={folder}"], {})
    hashes = PasswordHashes(CountingArgon2())
    accounts = await FailingAccounts.open(url_in(folder), hashes=hashes, deadline=PATIENCE)
    assert isinstance(accounts, FailingAccounts)
    await accounts.register(*ANN.values())
    store = store or WatchedStore(Clock())
    application = make_app(
        COMPOSITION.placement, settings, title="Shop", accounts=accounts, store=store
    )
    listener, port = bind_unused_port()
    server = HTTPServer(application)
    server.add_socket(listener)
    try:
        yield ShopHere(port, store, accounts)
    finally:
        server.stop()
        await server.close_all_connections()
        await accounts.close()

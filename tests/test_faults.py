"""The promises of reliability, as whole applications keep them: memcached away, restarted, full.

What takes many rounds is a campaign (``tests/campaign_*.py``); these are the rules themselves.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from impostor import CuttingProxy, Impostor
from running_shop import (
    DEFAULTS,
    ITEM,
    PASSWORD,
    SHOPS,
    SKUS,
    WITH_SESSIONS,
    Reply,
    Shop,
    Visitor,
    cookie_header,
    credentials_of,
    running_shop,
    shop_on,
)

from compare.memcached_process import MemcachedProcess
from compare.waiting import until, wait_until


@pytest.fixture(scope="module")
def shops() -> Iterator[Mapping[str, Shop]]:
    """All three, once for all tests of this file; each test leaves them and memcached in order."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(running_shop(name)) for name in SHOPS}


@pytest.fixture(params=WITH_SESSIONS)
def shop(request: pytest.FixtureRequest, shops: Mapping[str, Shop]) -> Iterator[Shop]:
    """Each application with sessions, its memcached answering before and after."""
    shop = shops[request.param]
    wait_until(lambda: is_back(shop), "the store is in reach")
    yield shop
    wait_until(lambda: is_back(shop), "the store is in reach again")


def is_back(shop: Shop) -> bool:
    """Return whether sessions can be written."""
    return shop.visitor().post("/cart", ITEM).status == 200


@contextmanager
def frozen(shop: Shop) -> Iterator[None]:
    """Have memcached take connections and answer nothing."""
    shop.memcached.freeze()
    try:
        yield
    finally:
        shop.memcached.thaw()
    wait_until(lambda: is_back(shop), "the store is in reach again")


@contextmanager
def gone(shop: Shop) -> Iterator[None]:
    """Have nobody where memcached was; a new and empty one after."""
    shop.memcached.kill()
    try:
        yield
    finally:
        shop.memcached.start()
    wait_until(lambda: is_back(shop), "the store is in reach again")


OUTAGES = pytest.mark.parametrize("outage", [frozen, gone])


def check_out_of_reach(reply: Reply) -> None:
    """Refused as the store's fault: 503, when to come back, and no cookie touched."""
    assert (reply.status, reply.code) == (503, "store_unavailable")
    assert int(reply.headers["Retry-After"]) >= 1
    assert reply.set_cookies == []


# Away


@OUTAGES
def test_what_needs_the_session_is_503_while_the_store_is_away(shop: Shop, outage: object) -> None:
    """Nobody is taken for signed in or out: 503 with ``Retry-After``, and the cookie is kept."""
    account = shop.account()
    visitor = shop.sign_in(account)
    with outage(shop):  # type: ignore[operator]
        for path in ("/cart", "/account", "/sessions"):
            check_out_of_reach(visitor.get(path))
            assert visitor.page(path).status == 503
        check_out_of_reach(visitor.post("/cart", ITEM))
        check_out_of_reach(visitor.send("DELETE", f"/cart/{SKUS[0]}"))
        check_out_of_reach(visitor.post("/logout"))
        check_out_of_reach(visitor.post("/sessions/end", {"handle": "others"}))
        check_out_of_reach(shop.visitor().post("/login", credentials_of(account)))


@OUTAGES
def test_what_needs_no_session_goes_on_while_the_store_is_away(shop: Shop, outage: object) -> None:
    """Health, products, registering and the pages around them never notice."""
    visitor = shop.sign_in()
    with outage(shop):  # type: ignore[operator]
        assert visitor.get("/health").status == 200
        assert shop.visitor().get("/cart").json["items"] == []
        assert shop.visitor().get("/products").status == 200
        assert shop.visitor().get("/account").status == 401
        shop.account()


@OUTAGES
def test_the_shop_s_page_says_what_is_out_of_reach(shop: Shop, outage: object) -> None:
    """``GET /`` is 200 with a banner, and search works; it says nothing it does not know."""
    visitor = shop.sign_in()
    with outage(shop):  # type: ignore[operator]
        page, told = visitor.page("/"), visitor.get("/")
    assert page.status == told.status == 200
    assert 'role="alert"' in page.text
    assert "out of reach right now" in page.text
    gone_kinds = ["cart", "credentials"]
    assert told.json["out_of_reach"] == (
        ["preferences", *gone_kinds] if shop.name == "session" else gone_kinds
    )
    assert (told.json["cart"], told.json["account"]) == (None, None)
    assert told.json["products"]
    assert page.set_cookies == told.set_cookies == []


@OUTAGES
def test_preferences_go_on_where_they_belong(shops: Mapping[str, Shop], outage: object) -> None:
    """In a signed cookie they are read and changed while the store is away; in a session not."""
    for name in WITH_SESSIONS:
        shop = shops[name]
        visitor = shop.sign_in()
        visitor.post("/preferences", {"theme": "dark"})
        with outage(shop):  # type: ignore[operator]
            read = visitor.get("/preferences")
            changed = visitor.post("/preferences", {"sort": "price"})
            products = visitor.get("/products")
        if name == "session":
            for reply in (read, changed, products):
                check_out_of_reach(reply)
        else:
            assert read.json == DEFAULTS | {"theme": "dark"}
            assert changed.json == DEFAULTS | {"theme": "dark", "sort": "price"}
            assert products.json["sort"] == "price"


def test_everything_is_there_again_after_the_thaw(shop: Shop) -> None:
    """A freeze ends no session and loses nothing; whoever was refused is still who they were."""
    visitor = shop.sign_in()
    visitor.post("/cart", ITEM)
    with frozen(shop):
        check_out_of_reach(visitor.get("/account"))
    wait_until(lambda: visitor.get("/account").status != 503, "it is back")
    assert visitor.get("/account").status == 200
    assert visitor.get("/cart").json["items"][0]["quantity"] == 2


@OUTAGES
def test_a_password_is_not_changed_while_other_sessions_cannot_be_ended(
    shop: Shop, outage: object
) -> None:
    """The change is refused as a whole: 503, and the old password is the password."""
    account = shop.account()
    visitor = shop.sign_in(account)
    with outage(shop):  # type: ignore[operator]
        change = {"current": PASSWORD, "new": "amber-falcon-17"}
        check_out_of_reach(visitor.post("/password", change))
    assert shop.sign_in(account).get("/account").status == 200


# Signing out


def test_sign_out_is_confirmed_by_the_store_or_not_at_all(shop: Shop) -> None:
    """memcached killed while a sign-out waits for it: 503, never 204; after that it is repeated."""
    visitor = shop.sign_in()
    copy = visitor.copy()
    shop.memcached.freeze()
    with ThreadPoolExecutor() as pool:
        signing_out = pool.submit(visitor.post, "/logout")
        with gone(shop):
            check_out_of_reach(signing_out.result())
    assert copy.get("/account").status == 401
    assert visitor.post("/logout").status == 204


@contextmanager
def shop_behind_proxy(name: str) -> Iterator[tuple[Shop, CuttingProxy]]:
    """Run an application whose memcached will be killed instead of answering one command."""
    with MemcachedProcess() as memcached:
        proxy = CuttingProxy(memcached.address)
        proxy.meanwhile = memcached.kill
        with Impostor(proxy) as impostor, shop_on(name, memcached, impostor.address) as shop:
            yield shop, proxy


@pytest.mark.parametrize("name", WITH_SESSIONS)
@pytest.mark.parametrize("carries_out", [True, False])
def test_memcached_killed_in_the_midst_of_a_sign_out(name: str, carries_out: bool) -> None:
    """The session was there, its end is not confirmed: 503, never 204, and no cookie touched."""
    with shop_behind_proxy(name) as (shop, proxy):
        visitor = shop.sign_in()
        copy = visitor.copy()
        assert visitor.get("/account").status == 200
        proxy.cut, proxy.carries_out = b"cas", carries_out
        check_out_of_reach(visitor.post("/logout"))
        assert proxy.cut is None
        assert visitor.cookies == copy.cookies
        shop.memcached.start()
        wait_until(lambda: visitor.post("/logout").status == 204, "the sign-out is confirmed")
        assert copy.get("/account").status == 401


@pytest.mark.parametrize("name", WITH_SESSIONS)
def test_memcached_killed_in_the_midst_of_a_change_of_password(name: str) -> None:
    """Sessions that could not be ended: 503, and the password is the old one."""
    with shop_behind_proxy(name) as (shop, proxy):
        account = shop.account()
        visitor, _ = shop.sign_in(account), shop.sign_in(account)
        proxy.cut = b"md"
        change = {"current": PASSWORD, "new": "amber-falcon-17"}
        check_out_of_reach(visitor.post("/password", change))
        assert proxy.cut is None
        shop.memcached.start()
        wait_until(lambda: is_back(shop), "it is back, and empty")
        assert shop.sign_in(account).get("/account").status == 200


def test_a_confirmed_sign_out_stays_one_whatever_runs_late(shop: Shop) -> None:
    """What a frozen memcached does after the thaw brings no signed-out session back."""
    visitor = shop.sign_in()
    visitor.post("/cart", ITEM)
    copies = [visitor.copy() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        with frozen(shop):
            late = [pool.submit(copy.post, "/cart", ITEM) for copy in copies]
            assert {reply.result().status for reply in late} == {503}
        wait_until(lambda: visitor.post("/logout").status == 204, "the sign-out is confirmed")
    for copy in copies:
        assert copy.get("/account").status == 401
        assert copy.get("/cart").json["items"] == []


# Restarted, and without room


def test_a_restart_shows_as_signed_out_and_as_no_error(shop: Shop) -> None:
    """Connections from before the restart cost nobody a 5xx, reading or writing."""
    visitors = [shop.sign_in() for _ in range(4)]

    def use(visitor: Visitor) -> set[int]:
        return {visitor.get("/cart").status, visitor.post("/cart", ITEM).status}

    with ThreadPoolExecutor(8) as pool:
        assert set.union(*pool.map(use, visitors * 8)) == {200}
        shop.memcached.restart()
        assert set.union(*pool.map(use, visitors * 8)) <= {200, 401}
    assert all(visitor.get("/account").status == 401 for visitor in visitors)


@pytest.mark.parametrize("name", WITH_SESSIONS)
def test_a_node_that_is_lost_concerns_its_own_users_alone(name: str) -> None:
    """Who is kept there gets 503 and is signed out when it returns; the others never notice."""
    with MemcachedProcess(tcp=True) as kept, MemcachedProcess(tcp=True) as lost:
        nodes = (kept, lost)
        with shop_on(name, lost, f"{kept.address},{lost.address}") as shop:
            visitors: list[Visitor] = []
            while any("curr_items 0" in node.ask("stats", b"END\r\n").decode() for node in nodes):
                visitors.append(shop.sign_in())
            lost.kill()
            statuses = [visitor.get("/account").status for visitor in visitors]
            assert set(statuses) == {200, 503}
            lost.start()
            concerned = visitors[statuses.index(503)]
            wait_until(lambda: concerned.get("/account").status == 401, "the node is back")
            after = [visitor.get("/account").status for visitor in visitors]
            assert after == [200 if status == 200 else 401 for status in statuses]


@pytest.mark.parametrize("name", WITH_SESSIONS)
def test_a_store_without_room_refuses_and_loses_nothing(name: str) -> None:
    """memcached that may not evict: new sessions are 503, the ones there are read as before."""
    with running_shop(name, memcached=("-m", "2", "-M")) as shop:
        visitor = shop.sign_in()
        visitor.post("/cart", ITEM)
        for number in range(10_000):
            if not fill(shop, number):
                break
        reply = shop.visitor().post("/cart", ITEM | {"note": "x" * 2_000})
        assert (reply.status, reply.set_cookies) == (503, [])
        assert "no room" in reply.json["error"]["message"]
        assert int(reply.headers["Retry-After"]) >= 1
        assert visitor.get("/cart").json["items"][0]["quantity"] == 2


def fill(shop: Shop, number: int) -> bool:
    """Put something as large as a session into memcached; False when there is no room."""
    return shop.memcached.ask(f"set x{number} 0 0 2200\r\n{'x' * 2200}") == b"STORED\r\n"


# Too large


def grow(visitor: Visitor) -> tuple[int, Reply]:
    """Put notes into the cart until one is refused; return whose second was refused, and how."""
    for number, sku in enumerate(SKUS):
        for length in (1_000, 2_000):
            reply = visitor.send("PUT", f"/cart/{sku}", {"quantity": 1, "note": "中" * length})
            if reply.status != 200:
                return number, reply
    raise AssertionError("everything fitted")


@pytest.mark.parametrize("name", SHOPS)
def test_what_does_not_fit_is_refused_and_the_old_value_stands(
    shops: Mapping[str, Shop], name: str
) -> None:
    """413 with the sizes, no cookie, and the cart as it was; a form sees a page."""
    visitor = shops[name].sign_in()
    visitor.post("/cart", ITEM)
    before = visitor.copy()
    changed, reply = grow(visitor)
    assert (reply.status, reply.code, reply.set_cookies) == (413, "too_large", [])
    assert changed == (0 if name == "cookie" else 10)
    limit = "4,096" if name == "cookie" else "65,500"
    assert f"there is room for {limit}" in reply.json["error"]["message"]
    cart = visitor.get("/cart").json
    notes = [len(item.get("note", "")) for item in cart["items"]]
    assert notes == ([0] if name == "cookie" else [2_000] * 10 + [1_000])
    page = visitor.submit(f"/cart/{SKUS[20]}", {"quantity": "1", "note": "中" * 2_000})
    assert page.status == 413
    assert visitor.get("/cart").json == cart
    assert visitor.send("DELETE", f"/cart/{SKUS[0]}").status == 200
    assert before.get("/account").status == 200


# Leaving early


def test_whoever_leaves_before_the_end_of_a_request_has_sent_none(shop: Shop) -> None:
    """A body that never came to its end changes nothing."""
    visitor = shop.visitor()
    visitor.post("/cart", ITEM)
    with sending(shop, cart_request(visitor)[:-1]):
        pass
    assert visitor.get("/cart").json["items"][0]["quantity"] == 2


def test_whoever_leaves_before_the_answer_has_been_served(shop: Shop) -> None:
    """What was asked for in whole is done in whole, though nobody waits for the answer."""
    visitor = shop.visitor()
    visitor.post("/cart", ITEM)
    with sending(shop, cart_request(visitor)):
        pass
    wait_until(lambda: visitor.get("/cart").json["items"][0]["quantity"] == 4, "it is done")
    assert "Traceback" not in shop.app.stderr


def cart_request(visitor: Visitor, sku: str = SKUS[0], quantity: int = 2) -> bytes:
    """Return all bytes of a request that adds to the cart."""
    body = json.dumps({"sku": sku, "quantity": quantity}).encode()
    head = (
        "POST /cart HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Cookie: {cookie_header(visitor.cookies)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def sending(shop: Shop, request: bytes) -> socket.socket:
    """Return a connection on which these bytes have been sent."""
    parts = urlsplit(shop.app.url)
    connection = socket.create_connection((parts.hostname, parts.port))
    connection.sendall(request)
    return connection


# Stopping, and workers


class Writer:
    """Adds to a cart of its own over one connection, until an answer says close."""

    def __init__(self, shop: Shop) -> None:
        self.visitor = shop.visitor()
        self.visitor.post("/cart", ITEM | {"quantity": 1})
        self.confirmed = 1

    async def write(self) -> None:
        parts = urlsplit(self.visitor.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = b""
        while b"connection: close" not in head:
            writer.write(cart_request(self.visitor, SKUS[self.confirmed % len(SKUS)], 1))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith(b"http/1.1 200 ")
            await reader.readexactly(int(head.partition(b"content-length: ")[2].split()[0]))
            self.confirmed += 1
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("name", WITH_SESSIONS)
async def test_sigterm_under_load_keeps_every_confirmed_write(name: str) -> None:
    """Writers on connections of their own are all answered, and what was confirmed is there."""
    with running_shop(name) as shop:
        writers = [Writer(shop) for _ in range(4)]
        writing = asyncio.gather(*(writer.write() for writer in writers))

        async def all_at_work() -> bool:
            return all(writer.confirmed > 5 for writer in writers)

        await until(all_at_work, "all are at work")
        shop.app.send(signal.SIGTERM)
        await writing
        assert shop.app.wait() == 0
        shop.app.start()
        for writer in writers:
            writer.visitor.url = shop.app.url
            items = writer.visitor.get("/cart").json["items"]
            assert sum(item["quantity"] for item in items) == writer.confirmed


@pytest.mark.parametrize("name", WITH_SESSIONS)
def test_a_worker_that_is_killed_takes_no_session_along(name: str) -> None:
    """Whoever was signed in and had a cart is, and has, whichever worker answers."""
    with running_shop(name, "--processes=2") as shop:
        visitors = [shop.sign_in() for _ in range(3)]
        for visitor in visitors:
            visitor.post("/cart", ITEM)
        workers = workers_of(shop)
        assert len(workers) == 2
        os.kill(min(workers), signal.SIGKILL)
        wait_until(lambda: min(workers) not in workers_of(shop), "it has ended")
        for visitor in visitors * 4:
            assert visitor.get("/account").status == 200
            assert visitor.get("/cart").json["items"][0]["quantity"] == 2
        assert shop.app.stop() == 0


def workers_of(shop: Shop) -> set[int]:
    pid = shop.app.pid
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


# The cookie application


@OUTAGES
def test_the_cookie_application_never_notices(shops: Mapping[str, Shop], outage: object) -> None:
    """Signing in, buying, changing the password and signing out work with memcached away."""
    shop = shops["cookie"]
    account = shop.account()
    visitor = shop.sign_in(account)
    with outage(shop):  # type: ignore[operator]
        assert visitor.get("/account").status == 200
        assert visitor.post("/cart", ITEM).json["items"]
        assert visitor.post("/preferences", {"theme": "dark"}).status == 200
        change = {"current": PASSWORD, "new": "amber-falcon-17"}
        assert visitor.post("/password", change).status == 204
        assert visitor.post("/logout").status == 204
        assert shop.sign_in(account | {"password": "amber-falcon-17"}).get("/cart").status == 200
        assert shop.visitor().get("/").json["out_of_reach"] == []

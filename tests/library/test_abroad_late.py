"""What comes after the answer began: an error where it can be told, a warning where it is found."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest
from abroad_app import ANN, CART, DRAFT, FILLED, ROUTES, THEME, VISITS, Everything, serving
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketHandler, websocket_connect
from tornado_state import ResponseStarted


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log says of late changes, once everything is let go."""
    gc.collect()
    records = caplog.records
    return sorted(r.getMessage() for r in records if "from within after" in r.getMessage())


#: Every way to change state.
CHANGES: dict[str, Callable[[Any], Any]] = {
    "assign": lambda h: h.state.__setitem__(VISITS, 9),
    "attribute": lambda h: setattr(h, "theme", "lost"),
    "delete": lambda h: h.state.__delitem__(CART),
    "delete attribute": lambda h: delattr(h, "draft"),
    "pop": lambda h: h.state.pop(CART),
    "sign in": lambda h: h.state.sign_in(ANN),
    "sign out": lambda h: h.state.destroy(),
    "renew": lambda h: h.state.renew_id(),
}


async def update(h: Any) -> None:
    await h.state.update(VISITS, lambda n: n + 1)


async def update_in_a_cookie(h: Any) -> None:
    await h.state.update(DRAFT, lambda draft: [*draft, "lost"])


# Row 5
@pytest.mark.parametrize("began", ["flush", "finish"])
@pytest.mark.parametrize("change", [*CHANGES, "update", "update in a cookie"])
async def test_a_change_after_the_answer_began_raises(change: str, began: str) -> None:
    """Whatever changes state after the first byte raises `ResponseStarted`, and nothing changes."""
    told: list[Exception] = []

    async def post(h: Any) -> None:
        h.write("a part")
        await (h.flush() if began == "flush" else h.finish())
        try:
            if change in CHANGES:
                CHANGES[change](h)
            else:
                await (update if change == "update" else update_in_a_cookie)(h)
        except ResponseStarted as error:
            told.append(error)

    async with serving(ROUTES | {"/run": type("Run", (Everything,), {"post": post})}) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        assert told
        assert await browser.values() == FILLED


@pytest.mark.parametrize("attribute", ["cart", "draft"])
async def test_a_commit_after_the_answer_began_confirms_nothing_that_needs_a_cookie(
    attribute: str,
) -> None:
    """A new session, or a value in a cookie: nobody would have either."""
    told: list[Exception] = []

    async def post(h: Any) -> None:
        value = getattr(h, attribute)
        await h.flush()
        value.append("late")
        try:
            await h.state.commit()
        except ResponseStarted as error:
            told.append(error)

    async with serving(ROUTES | {"/run": type("Run", (Everything,), {"post": post})}) as browser:
        assert (await browser.fetch("/run", "POST")).code == 200
        assert told
        assert not browser.store.keys


async def test_a_commit_after_the_answer_began_keeps_what_needs_no_cookie() -> None:
    """A session that the visitor has takes the change."""

    async def post(h: Any) -> None:
        cart = h.cart
        await h.flush()
        cart.append("late")
        await h.state.commit()

    async with serving(ROUTES | {"/run": type("Run", (Everything,), {"post": post})}) as browser:
        await browser.fetch("/fill", "POST")
        await browser.fetch("/run", "POST")
        assert (await browser.values())["cart"] == [*FILLED["cart"], "late"]


async def flush_first(h: Any) -> None:
    await h.flush()
    h.state[CART].append("late")
    h.draft.append("late")


async def read_first(h: Any) -> None:
    cart, draft = h.cart, h.state.get(DRAFT)
    h.visits = 1
    await h.flush()
    cart.append("late")
    draft.append("late")


async def finish_first(h: Any) -> None:
    cart, draft = h.cart, h.draft
    await h.finish("done")
    cart.append("late")
    draft.append("late")


async def change_before_and_after(h: Any) -> None:
    h.cart, h.draft = ["a"], ["d"]
    cart, draft = h.cart, h.draft
    await h.flush()
    cart.append("late")
    draft.append("late")


async def change_in_a_task(h: Any) -> None:
    answered = h.application.answered = asyncio.Event()

    async def later() -> None:
        await answered.wait()
        h.cart.append("late")
        h.draft.append("late")

    h.application.task = asyncio.create_task(later())


class Closing(Everything):
    def on_finish(self) -> None:
        if self.request.method == "POST":
            self.cart.append("late")
            self.draft.append("late")


async def nothing(h: Any) -> None:
    """Leave it to `on_finish`."""


# Row 5
@pytest.mark.parametrize("filled", [True, False], ids=["stored", "new"])
@pytest.mark.parametrize(
    "post",
    [flush_first, read_first, finish_first, change_before_and_after, change_in_a_task, nothing],
    ids=lambda post: post.__name__,
)
async def test_a_change_within_that_comes_too_late_is_in_the_log(
    post: Any, filled: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A value changed inside after the answer began is a warning that names handler and kind."""
    base = Closing if post is nothing else Everything
    async with serving(ROUTES | {"/run": type("Run", (base,), {"post": post})}) as browser:
        if filled:
            await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        if post is change_in_a_task:
            browser.application.answered.set()
            await browser.application.task
            del browser.application.task
        values = await browser.values()
        assert "late" not in values["cart"] + values["draft"]
    assert [line.split(" from within")[0] for line in warnings(caplog)] == [
        "Run changed a value of cart",
        "Run changed a value of draft",
    ]


# Row 5
async def test_reading_late_is_no_change(caplog: pytest.LogCaptureFixture) -> None:
    """Values that are read after the answer began, and stay as they are, are worth no line."""

    async def post(h: Any) -> None:
        h.cart.append("in time")
        h.write("a part")
        await h.flush()
        h.write(f"{h.cart}{h.draft}{h.theme}{h.state.get(CART, [])}{THEME in h.state}")

    async with serving(ROUTES | {"/run": type("Run", (Everything,), {"post": post})}) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        assert (await browser.values())["cart"] == ["a", "in time"]
    assert not warnings(caplog)


class Socket(Everything, WebSocketHandler):
    """Reads a value, and changes it when told to."""

    get = WebSocketHandler.get

    def on_message(self, message: str | bytes) -> None:
        try:
            if message == "assign":
                self.visits = 9
            elif message == "within":
                self.cart.append("late")
        except ResponseStarted as error:
            self.write_message(str(error))
        else:
            self.write_message(f"{self.visits} {self.theme}")


# Rows 5 and 29
@pytest.mark.parametrize("passed", [0, 900], ids=["just used", "to be kept alive"])
async def test_a_websocket_reads_and_is_told_that_it_cannot_write(
    passed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """An open socket has its state to read; an assignment raises, a change inside is in the log."""
    async with serving(ROUTES | {"/socket": Socket}) as browser:
        await browser.fetch("/fill", "POST")
        browser.application.settings["state_clock"].pass_(passed)
        socket = await open_socket(browser)
        assert await say(socket, "read") == "1 light"
        assert "open_state" in await say(socket, "assign")
        assert await say(socket, "within") == "1 light"
        socket.close()
        assert await socket.read_message() is None
        assert await browser.values() == FILLED
    assert len(warnings(caplog)) == 1


async def open_socket(browser: Any) -> Any:
    cookie = "; ".join(f"{name}={value}" for name, value in browser.jar.items())
    url = f"ws://127.0.0.1:{browser.port}/socket"
    return await websocket_connect(HTTPRequest(url, headers={"Cookie": cookie}))


async def say(socket: Any, message: str) -> str:
    await socket.write_message(message)
    return str(await socket.read_message())

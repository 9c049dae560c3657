"""``current_user`` within a request: who is signed in by now, also where that has just changed."""

from __future__ import annotations

from typing import Any

from abroad_app import ANN, ROUTES, Everything, handler, serving
from tornado.escape import json_encode, utf8
from tornado.web import authenticated

BOB = {"id": "bob"}


class Tells(Everything):
    """Says who was signed in before, and who is now."""

    def prepare(self) -> None:
        self.before = self.current_user

    def tell(self) -> None:
        self.write({"before": self.before, "now": self.current_user})

    def post(self) -> None:
        self.state.sign_in(BOB)
        self.tell()

    @authenticated
    def delete(self) -> None:
        self.state.destroy()
        self.tell()

    async def put(self) -> None:
        self.state.sign_in(BOB)
        await self.state.reload()
        self.tell()


def said(before: Any, now: Any) -> bytes:
    """Return what `Tells` writes."""
    return utf8(json_encode({"before": before, "now": now}))


async def test_who_signs_in_or_out_is_told_so_by_the_same_page() -> None:
    """And nobody is taken for whoever was there before."""
    async with serving(ROUTES | {"/who": Tells}) as browser:
        assert (await browser.values("/"))["user"] is None
        for method, before, now in (
            ("PUT", None, None),
            ("POST", None, BOB),
            ("PUT", BOB, BOB),
            ("DELETE", BOB, None),
        ):
            answer = await browser.fetch("/who", method)
            assert answer.code == 200
            assert answer.body == said(before, now)
        await browser.fetch("/login", "POST")
        assert (await browser.fetch("/who", "POST")).body == said(ANN, BOB)


async def test_what_a_handler_has_said_itself_stands() -> None:
    """As with Tornado: asked once, or set."""
    asked: list[Any] = []

    def get_current_user(h: Any) -> str:
        asked.append(h)
        return "of our own"

    def get(h: Any) -> None:
        h.write(f"{h.current_user} {h.current_user}")

    def set_user(h: Any) -> None:
        h.current_user = "set"
        h.state.sign_in(ANN)
        h.write(f"{h.current_user}")

    own = handler(Everything, get_current_user=get_current_user, get=get)
    async with serving({"/own": own, "/set": handler(Everything, get=set_user)}) as browser:
        assert (await browser.fetch("/own")).body == b"of our own of our own"
        assert len(asked) == 1
        assert (await browser.fetch("/set")).body == b"set"

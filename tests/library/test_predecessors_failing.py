"""What goes wrong where code of others adopts: an answer for all, nobody's value for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from abroad_app import handler, serving
from tornado.web import stream_request_body
from tornado_state import CompositionError, Kind, StoreUnavailable
from tornado_state.predecessors import Predecessor


class Cookie(Predecessor):
    """A cookie that says the value itself, or what ``reads`` makes of it."""

    def __init__(self, reads: Callable[[str], Any] = str) -> None:
        super().__init__("old")
        self._reads = reads

    async def read(self, presented: str, asked: Any) -> Mapping[str, Any] | None:
        return {"value": self._reads(presented)}


def fail(value: Any) -> Any:
    raise AttributeError("of our own")


def cancel(value: Any) -> Any:
    raise asyncio.CancelledError


def page(adopted: Any, **needs: Any) -> Any:
    """Return handlers that adopt, one with the whole body and one as it comes."""
    kind = Kind("kept", list[str], default=[], adopts=[adopted], **needs)

    def post(h: Any) -> None:
        h.kept.append("more")
        h.write({"kept": h.kept})

    early = handler(kept=kind, post=post, data_received=lambda h, chunk: None)
    return {"/": handler(kept=kind, post=post), "/early": stream_request_body(early)}


# Row 12
@pytest.mark.parametrize("path", ["/", "/early"])
@pytest.mark.parametrize("needs", [{"fresh": True}, {"outlives_logout": True}], ids=str)
@pytest.mark.parametrize(
    ("adopted", "status"),
    [
        (Cookie(fail).field("value"), 500),
        (Cookie().field("value", fail), 500),
        (Cookie(cancel).field("value"), 503),
    ],
    ids=["read", "convert", "cancelled"],
)
async def test_what_fails_while_it_is_brought_over_is_answered(
    adopted: Any, status: int, needs: Any, path: str
) -> None:
    """Nothing is kept, and nothing cleared; whoever has nothing old does not notice."""
    async with serving(page(adopted, **needs)) as browser, asyncio.timeout(5):
        browser.jar = {"old": "1"}
        answer = await browser.fetch(path, "POST", b"body")
        assert (answer.code, browser.jar) == (status, {"old": "1"})
        browser.jar = {}
        assert (await browser.fetch(path, "POST", b"body")).body == b'{"kept": ["more"]}'


# Row 10
@pytest.mark.parametrize("needs", [{"fresh": True}, {"outlives_logout": True}, {}], ids=str)
@pytest.mark.parametrize("use", ["POST", "PUT", "DELETE"])
async def test_what_cannot_be_told_yet_is_not_replaced(needs: Any, use: str) -> None:
    """In either tier, for as long as the predecessor does not answer."""
    is_away = True

    def read(value: str) -> list[str]:
        if is_away:
            raise StoreUnavailable("it is away")
        return [value]

    kind = Kind("kept", list[str], default=[], adopts=[Cookie(read).field("value")], **needs)

    def put(h: Any) -> None:
        h.kept = ["new"]

    def delete(h: Any) -> None:
        del h.kept

    use_it = handler(kept=kind, put=put, delete=delete, post=lambda h: h.kept.append("new"))
    async with serving({"/use": use_it}) as browser:
        browser.jar = {"old": "1"}
        assert (await browser.fetch("/use", use)).code == 503
        assert browser.jar == {"old": "1"}
        is_away = False
        assert (await browser.fetch("/use", use)).code == 200
        assert "old" not in browser.jar


@pytest.mark.parametrize(("is_done", "status"), [(True, 200), (True, 500), (False, 200)])
async def test_a_sign_out_that_is_forgotten_lets_go_of_an_old_cookie_if_it_was_done(
    is_done: bool, status: int
) -> None:
    """By an update: its cookie goes along with whoever is signed out, and with nobody else."""
    needs = {"identity": True, "confidential": True, "revocable": True}
    user = Kind("user", str, adopts=[Cookie().field("value")], **needs)
    count = Kind("count", int, default=0, fresh=True)

    async def post(h: Any) -> None:
        h.state.destroy()
        if is_done:
            await h.state.update(count, lambda n: n + 1)
        await h.state.reload()
        h.set_status(status)

    async with serving({"/": handler(user=user, count=count, post=post)}) as browser:
        browser.jar = {"old": "ann"}
        assert (await browser.fetch("/", "POST")).code == status
        assert ("old" in browser.jar) is not is_done


# Row 6
async def test_what_a_conversion_returns_is_nobodys_to_change() -> None:
    """It may return the same object to everybody: each has a copy."""
    given = ["given"]
    adopted = Cookie().field("value", lambda value: given)
    async with serving(page(adopted, fresh=True)) as browser:
        for each in ("1", "2"):
            browser.jar = {"old": each}
            assert (await browser.fetch("/", "POST")).body == b'{"kept": ["given", "more"]}'
    assert given == ["given"]


async def never(value: Any) -> Any:
    """Is not to be."""


# Row 34
@pytest.mark.parametrize("convert", [never, 5, "json"])
def test_a_conversion_is_a_plain_function(convert: Any) -> None:
    """Nothing would wait for a coroutine's, and every old value would be left behind."""
    with pytest.raises(CompositionError, match=r"^kept: what converts a value is"):
        page(Cookie().field("value", convert))

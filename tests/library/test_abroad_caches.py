"""What caches are told: what an answer depends on, and whom it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from abroad_app import (
    ANN,
    CART,
    ROUTES,
    VISITS,
    Everything,
    cookie_names,
    handler,
    serving,
)
from tornado.web import HTTPError, StaticFileHandler
from tornado_state import StateHandler


def parts(header: str) -> set[str]:
    return {part.strip().lower() for part in header.split(",") if part.strip()}


def read(h: Any) -> None:
    h.write(f"{h.visits}")


def read_and_fail(status: int) -> Callable[[Any], None]:
    def get(h: Any) -> None:
        h.write(f"{h.visits}")
        raise HTTPError(status)

    return get


def read_and_redirect(h: Any) -> None:
    h.redirect("/in" if h.current_user else "/out")


def read_and_vary(h: Any) -> None:
    h.set_header("Vary", "Accept-Encoding")
    read(h)


def look(how: Callable[[Any], Any]) -> Callable[[Any], None]:
    def get(h: Any) -> None:
        h.write(str(how(h)))

    return get


async def stream(h: Any) -> None:
    read(h)
    await h.flush()
    h.write("more")


#: Ways to let an answer depend on state.
LOOKS: dict[str, tuple[Callable[[Any], Any], int]] = {
    "a value": (read, 200),
    "a cookie's value": (look(lambda h: h.theme), 200),
    "get": (look(lambda h: h.state.get(CART, [])), 200),
    "contains": (look(lambda h: CART in h.state), 200),
    "iteration": (look(lambda h: list(h.state)), 200),
    "who": (look(lambda h: h.current_user), 200),
    "ended": (look(lambda h: h.state.ended), 200),
    "created_at": (look(lambda h: h.state.created_at), 200),
    "expires_at": (look(lambda h: h.state.expires_at), 200),
    "a redirect": (read_and_redirect, 302),
    "an error": (read_and_fail(404), 404),
    "a failure": (read_and_fail(500), 500),
    "a Vary of one's own": (read_and_vary, 200),
    "a stream": (stream, 200),
}


# Row 17
@pytest.mark.parametrize("filled", [True, False], ids=["with cookies", "without"])
@pytest.mark.parametrize("what", LOOKS)
async def test_an_answer_that_depends_on_cookies_says_so(what: str, filled: bool) -> None:
    """Where state was read, `Vary: Cookie` goes out, whatever the answer; no cookie is set."""
    get, status = LOOKS[what]
    async with serving(ROUTES | {"/run": handler(Everything, get=get, head=get)}) as browser:
        if filled:
            await browser.fetch("/fill", "POST")
        for method in ("GET", "HEAD"):
            response = await browser.fetch("/run", method)
            assert response.code == status
            assert "cookie" in parts(response.headers["Vary"])
            assert not cookie_names(response)


# Row 17
async def test_an_answer_that_is_not_modified_says_so_too() -> None:
    """A 304 has the Vary, and what it needs to stay out of shared caches, of the full answer."""

    def get(h: Any) -> None:
        h.set_header("Cache-Control", "public, max-age=60")
        h.write(f"{h.cart}")

    def put(h: Any) -> None:
        h.visits += 1
        h.set_status(304)

    async with serving(ROUTES | {"/run": handler(Everything, get=get, put=put)}) as browser:
        await browser.fetch("/fill", "POST")
        etag = (await browser.fetch("/run")).headers["Etag"]
        response = await browser.fetch("/run", If_None_Match=etag)
        assert response.code == 304
        assert "cookie" in parts(response.headers["Vary"])
        browser.jar.clear()
        response = await browser.fetch("/run", "PUT")
        assert response.code == 304
        assert cookie_names(response)
        assert "private" in parts(response.headers["Cache-Control"])


# Row 17
async def test_what_reads_nothing_says_nothing() -> None:
    """A page that looks at no state can be cached for everybody, cookies or not."""

    def get(h: Any) -> None:
        h.set_header("Cache-Control", "public, max-age=60")
        h.write("the same for all")

    async with serving(ROUTES | {"/run": handler(Everything, get=get)}) as browser:
        await browser.fetch("/fill", "POST")
        response = await browser.fetch("/run")
        assert "Vary" not in response.headers
        assert response.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(
    "given",
    ["public", "Public, max-age=60", "s-maxage=9, max-age=3", "max-age=60", "", "no-cache"],
)
@pytest.mark.parametrize("write", ["visits", "theme", "sign in", "sign out"])
async def test_an_answer_with_a_cookie_stays_out_of_shared_caches(write: str, given: str) -> None:
    """Beside a Set-Cookie nothing is public, and what may be kept is kept by the browser alone."""

    def post(h: Any) -> None:
        if given:
            h.set_header("Cache-Control", given)
        if write == "visits":
            h.visits += 1
        elif write == "theme":
            h.theme = "dark"
        elif write == "sign in":
            h.state.sign_in(ANN)
        else:
            h.state.destroy()

    async with serving(ROUTES | {"/run": handler(Everything, post=post)}) as browser:
        if write == "sign out":
            await browser.fetch("/fill", "POST")
        response = await browser.fetch("/run", "POST")
        assert cookie_names(response)
        said = parts(response.headers["Cache-Control"])
        assert said & {"private", "no-store"}
        assert not [part for part in said if part == "public" or part.startswith("s-maxage")]


# Rows 17 and 29
async def test_a_static_file_with_state_is_served_like_any_other(tmp_path: Path) -> None:
    """Tornado's StaticFileHandler as a base: ranges, 304 and HEAD work, and Vary is there."""
    (tmp_path / "file.txt").write_text("a file of some length")

    class Guarded(StateHandler, StaticFileHandler):
        visits = VISITS

        def prepare(self) -> None:
            if self.visits < 0:
                raise HTTPError(403)

    class Counting(StateHandler, StaticFileHandler):
        visits = VISITS

        def prepare(self) -> None:
            self.visits += 1

    class Routes(list[Any]):
        def items(self) -> Any:
            return [
                *ROUTES.items(),
                ("/guarded/(.*)", Guarded, {"path": str(tmp_path)}),
                ("/counting/(.*)", Counting, {"path": str(tmp_path)}),
            ]

    async with serving(Routes()) as browser:  # type: ignore[arg-type]
        for number, path in enumerate(("/guarded/file.txt", "/counting/file.txt")):
            plain = await browser.fetch(path)
            part = await browser.fetch(path, Range="bytes=0-3")
            same = await browser.fetch(path, If_None_Match=plain.headers["Etag"])
            head = await browser.fetch(path, "HEAD")
            assert (plain.code, part.code, same.code, head.code) == (200, 206, 304, 200)
            assert (plain.body, part.body) == (b"a file of some length", b"a fi")
            for response in (plain, part, same, head):
                assert "cookie" in parts(response.headers["Vary"])
            assert (await browser.values())["visits"] == 4 * number

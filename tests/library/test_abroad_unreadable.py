"""Values that a release cannot read, of its own kinds: told to whoever reads, in nobody's way."""

from __future__ import annotations

from typing import Any

import pytest
from abroad_app import FILLED, elsewhere, handler, serving
from commanded_store import Clock, CommandedStore
from tornado_state import CompositionError, InvalidValue, Kind

IN_SESSION: dict[str, Any] = {"fresh": True}
IN_COOKIE: dict[str, Any] = {"outlives_logout": True}


def lose(value: Any) -> Any:
    raise LookupError("no such field")


#: What the next release makes of a dict of numbers that the last one kept.
NO_WAY_UP: list[dict[str, Any]] = [
    {"version": 2, "migrations": {1: lose}},
    {"version": 2, "migrations": {1: lambda value: object()}},
    {"version": 2, "migrations": {1: lambda value: "text"}},
    {"version": 2, "migrations": {1: lambda value: [0] * 64}, "size": 64},
    {},
]


def page(kind: Kind[Any], value: Any) -> Any:
    """Return a handler that reads, sets, updates and drops a kind."""

    def get(h: Any) -> None:
        h.write(f"{h.cart}")

    def post(h: Any) -> None:
        h.cart = value

    def delete(h: Any) -> None:
        del h.cart

    return {"/": handler(cart=kind, get=get, post=post, delete=delete)}


# Row 15
@pytest.mark.parametrize("needs", [IN_SESSION, IN_COOKIE], ids=["session", "cookie"])
@pytest.mark.parametrize("release", NO_WAY_UP)
async def test_what_cannot_be_read_can_be_replaced_and_dropped(needs: Any, release: Any) -> None:
    """A migration that raises, makes no value or too large a one; a type that changed."""
    was = Kind("cart", dict[str, int], default={}, **needs)
    is_now = Kind("cart", list[int], default=[], **{**needs, **release})
    async with serving(page(was, {"a": 1})) as before, elsewhere(before, page(is_now, [7])) as now:
        for method, then in (("POST", b"[7]"), ("DELETE", b"[]")):
            await before.fetch("/", "POST")
            now.jar = before.jar
            assert (await now.fetch("/")).code in {413, 500}
            assert (await now.fetch("/", method)).code == 200
            assert (await now.fetch("/")).body == then
            before.jar.clear()


# Row 15
@pytest.mark.parametrize("release", [{}, {"version": 2, "migrations": {1: lose}}])
async def test_who_is_signed_in_as_nobody_can_tell_can_sign_in(release: Any) -> None:
    """Also where cookies are bound to whoever that was; they are not handed over."""
    draft = Kind("draft", str, default="")

    def app(user: Kind[Any], value: Any) -> Any:
        def get(h: Any) -> None:
            h.write(f"{h.current_user} {h.draft}")

        def post(h: Any) -> None:
            h.state.sign_in(value)
            h.draft = h.get_argument("draft", h.draft)

        return {"/": handler(user=user, draft=draft, get=get, post=post)}

    was = Kind("user", str, identity=True, fresh=True)
    is_now = Kind("user", dict[str, int], identity="id", fresh=True, **release)
    async with serving(app(was, "ann")) as before, elsewhere(before, app(is_now, {"id": 7})) as now:
        await before.fetch("/?draft=hers", "POST")
        now.jar = dict(before.jar)
        assert (await now.fetch("/")).code == 500
        assert (await now.fetch("/", "POST")).code == 200
        assert (await now.fetch("/")).body == b"{'id': 7} "
        assert (await before.fetch("/")).body == b"None "


def test_the_error_names_the_migration() -> None:
    """`InvalidValue` says which step it was, and what that raised."""
    kind = Kind("cart", int, version=3, migrations={1: lambda value: value, 2: lose})
    with pytest.raises(InvalidValue, match="the migration from version 2 raised LookupError"):
        kind.brought_up(b"1", 1)


async def never(value: Any) -> Any:
    """Is not to be."""


def test_a_migration_is_no_coroutine() -> None:
    """Nothing would wait for it."""
    with pytest.raises(CompositionError, match="a migration is a plain function"):
        Kind("cart", int, version=2, migrations={1: never})


class Sloppy(CommandedStore):
    """Says of what it cannot tell something that is false, and not None."""

    says: Any = None

    async def load(self, key: str) -> Any:
        return await super().load(key) if self.says is None else self.says


# Row 10
@pytest.mark.parametrize("says", [False, b"", (), 0])
async def test_only_none_is_no_record(says: Any) -> None:
    """What a store answers against its contract ends no session, and replaces none."""
    store = Sloppy(Clock())
    async with serving(session_store=store) as browser:
        await browser.fetch("/fill", "POST")
        jar, store.says = dict(browser.jar), says
        for path, method in (("/", "GET"), ("/fill", "POST"), ("/login", "POST")):
            assert (await browser.fetch(path, method)).code == 500
        store.says = None
        assert browser.jar == jar
        assert await browser.values() == FILLED

"""Who is signed in is only ever who `sign_in` said; what cannot name anybody signs nobody in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from abroad_app import ANN, EMPTY, ROUTES, USER, VISITS, Everything, handler, serving
from tornado_state import IdentityAssigned

BEN = {"id": "ben"}


async def update(h: Any) -> None:
    await h.state.update(USER, lambda user: {**(user or {}), "id": "ben"})


async def change_and_commit(h: Any) -> None:
    h.user["id"] = "ben"
    await h.state.commit()


async def change_and_update_another(h: Any) -> None:
    h.user["id"] = "ben"
    await h.state.update(VISITS, lambda n: n + 1)


async def change_after_a_commit(h: Any) -> None:
    user = h.user
    h.visits += 1
    await h.state.commit()
    user["id"] = "ben"


def change_and_sign_nobody_in(h: Any) -> None:
    user = h.user
    h.state.destroy()
    user["id"] = "ben"
    h.cart = ["bye"]


#: Every way to have another person signed in without `sign_in`, by somebody who is.
WAYS: dict[str, Callable[[Any], Any]] = {
    "assign": lambda h: h.state.__setitem__(USER, BEN),
    "assign the same": lambda h: h.state.__setitem__(USER, ANN),
    "attribute": lambda h: setattr(h, "user", BEN),
    "delete": lambda h: h.state.__delitem__(USER),
    "delete attribute": lambda h: delattr(h, "user"),
    "pop": lambda h: h.state.pop(USER, None),
    "assign None": lambda h: setattr(h, "user", None),
    "update": update,
    "within": lambda h: h.user.update(BEN),
    "within, the field gone": lambda h: h.user.clear(),
    "within, by current_user": lambda h: h.current_user.update(BEN),
    "within and commit": change_and_commit,
    "within and update another": change_and_update_another,
    "within after a commit": change_after_a_commit,
}
#: The same by somebody who is not: a default that is filled in, above all.
WAYS_IN: dict[str, Callable[[Any], Any]] = {
    "assign": WAYS["assign"],
    "attribute": WAYS["attribute"],
    "setdefault": lambda h: h.state.setdefault(USER, BEN),
    "default": lambda h: h.state.get(USER, {}).update(BEN),
    "update": update,
}


def running(post: Callable[[Any], Any]) -> dict[str, Any]:
    async def run(h: Any) -> None:
        if (made := post(h)) is not None and hasattr(made, "__await__"):
            await made

    return ROUTES | {"/run": handler(Everything, post=run)}


# Row 14
@pytest.mark.parametrize("way", WAYS)
async def test_nobody_becomes_somebody_else_but_by_sign_in(way: str) -> None:
    """Assigning, dropping, updating or changing the identity is refused; the session stands."""
    async with serving(running(WAYS[way])) as browser:
        await browser.fetch("/login", "POST")
        before = dict(browser.jar)
        assert (await browser.fetch("/run", "POST")).code == 500
        assert (await browser.values())["user"] == "ann"
        assert browser.jar == before


# Row 14
@pytest.mark.parametrize("planted", [True, False], ids=["planted", "new"])
@pytest.mark.parametrize("way", WAYS_IN)
async def test_nobody_is_signed_in_but_by_sign_in(way: str, planted: bool) -> None:
    """An identity that no `sign_in` set is never kept, least of all under an ID from before."""
    async with serving(running(WAYS_IN[way])) as browser:
        if planted:
            await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 500
        assert (await browser.values())["user"] is None


# Row 14
async def test_sign_in_takes_nothing_along_that_was_planted() -> None:
    """A sign-in has a new ID and nothing of what stood under the old one, which is dead."""
    async with serving() as browser:
        await browser.fetch("/fill", "POST")
        attacker = browser.copy()
        await browser.fetch("/login", "POST")
        assert await browser.values() == EMPTY | {"user": "ann", "theme": "system"}
        assert (await attacker.values())["user"] is None
        assert (await attacker.values())["cart"] == []


# Row 14
async def test_a_sign_in_that_fails_leaves_who_was_there() -> None:
    """After an exception, or a change back by `destroy`, nobody else is signed in."""

    def fail(h: Any) -> None:
        h.state.sign_in(BEN)
        raise RuntimeError

    async with serving(running(fail)) as browser:
        await browser.fetch("/login", "POST")
        assert (await browser.fetch("/run", "POST")).code == 500
        assert (await browser.values())["user"] == "ann"
    async with serving(running(change_and_sign_nobody_in)) as browser:
        await browser.fetch("/login", "POST")
        await browser.fetch("/run", "POST")
        assert (await browser.values())["user"] != "ben"


# Row 14
async def test_what_else_the_identity_says_may_change() -> None:
    """A change inside that names the same person is kept, by a person who was signed in."""

    async def rename(h: Any) -> None:
        h.user["name"] = "Ann"
        await h.state.update(USER, lambda user: {**user, "email": "ann@example.org"})

    def get(h: Any) -> None:
        h.write(h.user)

    async with serving(running(rename) | {"/who": handler(Everything, get=get)}) as browser:
        await browser.fetch("/login", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        assert await browser.values("/who") == ANN | {"name": "Ann", "email": "ann@example.org"}


# Row 14
async def test_two_sign_ins_of_one_request_leave_the_last() -> None:
    """Whoever is signed in last is; signing out after that leaves nobody."""

    def post(h: Any) -> None:
        h.state.sign_in(ANN)
        h.state.sign_in(BEN)
        h.cart = ["b"]
        if h.get_argument("out", ""):
            h.state.destroy()

    async with serving(running(post)) as browser:
        await browser.fetch("/run", "POST")
        assert await browser.values() == EMPTY | {"user": "ben", "cart": ["b"]}
        await browser.fetch("/run?out=1", "POST")
        assert await browser.values() == EMPTY


# Row 14
def test_the_error_says_what_to_do() -> None:
    """`IdentityAssigned` names the kind and `sign_in`."""
    assert "user says who is signed in: set it with state.sign_in" in str(IdentityAssigned("user"))

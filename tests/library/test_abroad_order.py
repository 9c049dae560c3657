"""What a handler did counts, in whatever order it awaited, assigned, changed and committed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from abroad_app import (
    CART,
    DRAFT,
    EMPTY,
    FILLED,
    ROUTES,
    THEME,
    VISITS,
    Everything,
    serving,
)

Program = Callable[[Any], Awaitable[None]]

#: The turns of the loop before somebody else comes in between: before, in and after a store call.
TURNS = range(9)


def up(count: int) -> int:
    return count + 1


def with_x(values: list[str]) -> list[str]:
    return [*values, "x"]


async def late(turns: int, action: Callable[[], Any]) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    action()


async def change_after_update(h: Any) -> None:
    cart, draft = h.cart, h.draft
    await h.state.update(VISITS, up)
    cart.append("x")
    draft.append("x")


async def change_around_update(h: Any) -> None:
    cart, draft = h.state[CART], h.state[DRAFT]
    cart.append("1")
    await h.state.update(VISITS, up)
    draft.append("x")
    cart[-1] = "x"


async def change_after_commit(h: Any) -> None:
    cart, draft = h.cart, h.draft
    h.visits += 1
    await h.state.commit()
    cart.append("x")
    draft.append("x")


async def undo_after_commit(h: Any) -> None:
    cart, draft = h.cart, h.draft
    h.visits += 1
    cart += ["x", "y"]
    draft.append("y")
    await h.state.commit()
    cart.remove("y")
    draft[-1] = "x"


async def change_what_was_assigned(h: Any) -> None:
    cart, draft = [*h.cart], [*h.draft]
    h.cart, h.draft = cart, draft
    await h.state.commit()
    await h.state.update(VISITS, up)
    cart.append("x")
    await h.state.commit()
    draft.append("x")


async def update_everything(h: Any) -> None:
    await h.state.update(CART, with_x)
    h.draft = [*h.draft, "x"]
    await h.state.update(VISITS, up)


async def update_together(h: Any) -> None:
    await asyncio.gather(
        h.state.update(VISITS, up), h.state.update(CART, with_x), h.state.update(DRAFT, with_x)
    )


async def assign_between_task_and_wait(h: Any) -> None:
    task = asyncio.create_task(h.state.update(VISITS, up))
    h.cart = [*h.cart, "x"]
    await task
    h.draft = [*h.draft, "x"]


async def leave_a_task_that_began(h: Any) -> None:
    h.task = asyncio.create_task(h.state.update(VISITS, up))
    h.cart.append("x")
    h.draft.append("x")
    await asyncio.sleep(0)


async def wait_with_a_limit(h: Any) -> None:
    h.draft.append("x")
    await asyncio.wait_for(h.state.update(VISITS, up), 60)
    async with asyncio.timeout(60):
        await asyncio.shield(h.state.update(CART, with_x))


async def commit_over_and_over(h: Any) -> None:
    h.visits += 1
    await asyncio.gather(*(h.state.commit() for _ in range(3)))
    h.cart.append("x")
    await h.state.commit()
    h.state.get(DRAFT).append("x")
    await h.state.commit()


async def default_of_ones_own(h: Any) -> None:
    cart, draft = h.state.get(CART, []), h.state.get(DRAFT, [])
    await h.state.update(VISITS, up)
    cart.append("x")
    draft.append("x")


PROGRAMS = [
    change_after_update,
    change_around_update,
    change_after_commit,
    undo_after_commit,
    change_what_was_assigned,
    update_everything,
    update_together,
    assign_between_task_and_wait,
    leave_a_task_that_began,
    wait_with_a_limit,
    commit_over_and_over,
    default_of_ones_own,
]


def running(program: Program) -> dict[str, Any]:
    """Return the routes, and one more whose POST runs ``program``."""
    return ROUTES | {"/run": type("Run", (Everything,), {"post": program})}


# Row 1


@pytest.mark.parametrize("filled", [True, False], ids=["stored", "new"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
async def test_what_was_done_before_the_answer_is_kept(program: Program, filled: bool) -> None:
    """In whatever order a handler awaits and changes: what a 200 answers is kept, all of it."""
    async with serving(running(program)) as browser:
        if filled:
            await browser.fetch("/fill", "POST")
        before = FILLED if filled else EMPTY
        assert (await browser.fetch("/run", "POST")).code == 200
        assert await browser.values() == before | {
            "visits": before["visits"] + 1,
            "cart": [*before["cart"], "x"],
            "draft": [*before["draft"], "x"],
        }


#: What somebody does while the store is at work, and what is left of it.
MEANWHILE: dict[str, tuple[Callable[[Any], Any], dict[str, Any]]] = {
    "assigns": (lambda h: setattr(h, "cart", ["b"]), {"cart": ["b"]}),
    "assigns in a cookie": (lambda h: setattr(h, "theme", "dark"), {"theme": "dark"}),
    "changes within": (lambda h: h.cart.append("b"), {"cart": ["a", "b"]}),
    "changes within a cookie": (lambda h: h.draft.append("b"), {"draft": ["d", "b"]}),
    "drops": (lambda h: h.state.pop(CART), {"cart": []}),
    "drops a cookie": (lambda h: h.state.pop(THEME), {"theme": "system"}),
    "drops and reads": (lambda h: (h.state.pop(CART), h.cart), {"cart": []}),
    "drops, reads and changes": (
        lambda h: (h.state.pop(CART), h.cart.append("b")),
        {"cart": ["b"]},
    ),
    "goes back": (lambda h: setattr(h, "cart", ["a"]), {"cart": ["a"]}),
    "goes back in a cookie": (lambda h: setattr(h, "theme", "light"), {"theme": "light"}),
}


# Row 1
@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("slow", ["commit", "update"])
async def test_what_comes_while_the_store_is_at_work_is_kept(
    slow: str, meanwhile: str, turns: int
) -> None:
    """What another coroutine of the request does during a commit or an update counts as well."""
    action, left = MEANWHILE[meanwhile]

    async def program(h: Any) -> None:
        if slow == "commit":
            h.visits, waited_for = 2, h.state.commit()
        else:
            waited_for = h.state.update(VISITS, up)
        await asyncio.gather(waited_for, late(turns, lambda: action(h)))

    async with serving(running(program)) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        assert await browser.values() == FILLED | {"visits": 2} | left


# Row 1
@pytest.mark.parametrize("filled", [True, False], ids=["stored", "new"])
@pytest.mark.parametrize("kind", [CART, DRAFT], ids=["session", "cookie"])
async def test_a_change_within_a_value_that_was_replaced_is_told(kind: Any, filled: bool) -> None:
    """What an update or a reload has taken out of the state may be changed no more: 500."""

    async def update_first(h: Any) -> None:
        held = h.state[kind]
        await h.state.update(kind, with_x)
        held.append("lost")

    async def reload_first(h: Any) -> None:
        held = h.state[kind]
        await h.state.reload()
        held.append("lost")

    for program in (update_first, reload_first):
        async with serving(running(program)) as browser:
            if filled:
                await browser.fetch("/fill", "POST")
            before = await browser.values()
            assert (await browser.fetch("/run", "POST")).code == 500
            after = await browser.values()
            assert "lost" not in after[kind.name]
            assert after | {kind.name: None} == before | {kind.name: None}

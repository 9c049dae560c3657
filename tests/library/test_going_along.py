"""Cookies go along with whom the store has signed in or out, whatever is forgotten after that."""

from __future__ import annotations

from typing import Any

import pytest
from visitor_with_draft import THEN, after, counted, counted_unheard


@pytest.mark.parametrize(("then", "status"), THEN)
@pytest.mark.parametrize("done", [counted, counted_unheard])
async def test_who_was_signed_in_by_an_update_has_his_draft(
    done: Any, then: Any, status: int
) -> None:
    """It is signed for whoever the store has signed in, and what is not inherited is gone."""

    async def post(h: Any) -> None:
        h.state.sign_in("ann")
        await done(h)
        await then(h)

    code, seen = await after({}, post)
    assert code == status
    assert seen == {"user": "ann", "draft": ["mine"], "hint": ""}


@pytest.mark.parametrize(("then", "status"), THEN)
async def test_who_was_signed_out_by_an_update_leaves_no_cookie(then: Any, status: int) -> None:
    """What ends with sign-out is cleared in the browser, though the request failed."""

    async def post(h: Any) -> None:
        h.state.destroy()
        await counted(h)
        await then(h)

    jar: dict[str, str] = {}
    code, seen = await after(jar, post, "ann")
    assert code == status
    assert seen == {"user": None, "draft": [], "hint": "seen"}
    assert not any("draft" in name for name in jar)


@pytest.mark.parametrize(("then", "status"), THEN)
async def test_who_was_not_signed_in_after_all_keeps_what_he_had(then: Any, status: int) -> None:
    """Nothing was confirmed, so nothing has changed hands."""

    async def post(h: Any) -> None:
        h.state.sign_in("ann")
        await then(h)

    code, seen = await after({}, post)
    assert code == status
    assert seen == {"user": None, "draft": ["mine"], "hint": "seen"}


async def test_what_came_after_a_sign_in_is_kept() -> None:
    """A commit has the cookies go along: what is assigned after it is not taken for older."""

    async def post(h: Any) -> None:
        h.state.sign_in("ann")
        await counted(h)
        h.hint = "mine"
        await h.state.commit()
        await h.state.reload()

    assert (await after({}, post))[1] == {"user": "ann", "draft": ["mine"], "hint": "mine"}


async def test_who_is_signed_out_elsewhere_sees_nothing_of_what_was_his() -> None:
    """After a reload that finds no session, a draft that was read before it is there no more."""
    seen: list[Any] = []

    async def post(h: Any) -> None:
        assert h.draft == ["mine"]
        store = h.application.settings["store"]
        await store.delete(h.state.store_key)
        h.hint = "kept"
        await h.state.commit()
        await h.state.reload()
        seen.extend((h.user, h.draft, h.hint))
        h.draft.append("anybody's")

    code, then = await after({}, post, "ann")
    assert (code, seen[:1], seen[2:]) == (200, [None], ["kept"])
    assert then == {"user": None, "draft": ["anybody's"], "hint": "kept"}


async def test_nor_does_whoever_signed_in_just_before_that() -> None:
    """What the request has kept for him is his, though his session is over since."""

    async def post(h: Any) -> None:
        h.state.sign_in("ann")
        h.draft = ["of ann"]
        await h.state.commit()
        await h.application.settings["store"].delete(h.state.store_key)
        await h.state.reload()
        assert (h.user, h.draft) == (None, [])

    code, then = await after({}, post)
    assert (code, then["draft"]) == (200, [])

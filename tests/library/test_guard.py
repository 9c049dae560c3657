"""What a handler may not do with kinds: use others than it names, or misplace them."""

from __future__ import annotations

import pytest
from state_app import ADA, BASKET, NOTES, PLACED, STEP, THEME, WHO, Visitor, World, with_session
from tornado_state import (
    SIGNED_COOKIE,
    CrossSite,
    InsecureTransport,
    Kind,
    MisplacedKind,
    UndeclaredKind,
)


async def test_a_kind_the_handler_does_not_name_is_refused() -> None:
    """Every use is, whether or not the application knows the kind."""
    state = await Visitor(World()).state(THEME)
    for kind in (STEP, Kind("unknown", str)):
        for use in (
            lambda kind=kind: state[kind],
            lambda kind=kind: state.get(kind, None),
            lambda kind=kind: kind in state,
            lambda kind=kind: state.__setitem__(kind, "a"),
            lambda kind=kind: state.__delitem__(kind),
            lambda kind=kind: state.pop(kind),
            lambda kind=kind: state.setdefault(kind),
        ):
            with pytest.raises(UndeclaredKind, match="the kinds of this handler"):
                use()
        with pytest.raises(UndeclaredKind):
            await state.update(kind, lambda value: value)


async def test_a_handler_without_the_session_cannot_end_or_renew_it() -> None:
    """A session that was not loaded cannot be destroyed, so nobody is told that it was."""
    visitor = await with_session()
    state = await visitor.state(THEME)
    for use in (state.destroy, state.renew_id, lambda: state.sign_in(ADA)):
        with pytest.raises(UndeclaredKind, match="session"):
            use()
    assert visitor.operations == {}


async def test_a_kind_outside_the_placement_is_refused() -> None:
    """A handler cannot name what the application places nowhere."""
    with pytest.raises(UndeclaredKind, match="the application's placement"):
        await Visitor(World()).state(NOTES)


async def test_the_guard_refuses_at_assignment() -> None:
    """Whoever got around the guard at composition meets it when a value is assigned."""
    world = World({**PLACED, STEP: SIGNED_COOKIE, WHO: SIGNED_COOKIE}, allow_misplaced=True)
    state = await Visitor(world).state(STEP, WHO, BASKET)
    state[STEP] = "a"
    state.placement._allow_misplaced = False
    with pytest.raises(MisplacedKind, match=r"unmet fresh.* the server session"):
        state[STEP] = "b"
    with pytest.raises(MisplacedKind, match=r"unmet confidential, revocable.* the server session"):
        state.sign_in(ADA)
    with pytest.raises(MisplacedKind):
        await state.update(STEP, lambda step: "c")


# Where no cookie may go


async def test_a_secure_cookie_does_not_go_out_over_plain_http() -> None:
    """The browser would drop it: it is refused aloud, and nothing is stored."""
    visitor = Visitor(World())
    for change in (
        lambda state: state.__setitem__(THEME, "dark"),
        lambda state: state.__setitem__(BASKET, 1),
        lambda state: state.sign_in(ADA),
    ):
        state = await visitor.state(THEME, BASKET, WHO, scheme="http")
        change(state)
        with pytest.raises(InsecureTransport, match="xheaders=True"):
            await state.commit()
    state = await visitor.state(BASKET, scheme="http")
    await state.update(BASKET, lambda number: number + 1)
    with pytest.raises(InsecureTransport):
        await state.commit()
    assert visitor.operations == {}


async def test_over_plain_http_no_session_is_renewed_or_signed_into() -> None:
    """Before anything of it is stored, by an update neither; what needs no cookie is kept."""
    visitor = await with_session(basket=1)
    state = await visitor.state(BASKET, scheme="http")
    state.renew_id()
    with pytest.raises(InsecureTransport):
        await state.update(BASKET, lambda number: number + 1)
    assert visitor.operations == {"load": 1}
    state = await visitor.state(BASKET, scheme="http")
    state[BASKET] = 2
    assert await visitor.answer(state) == []
    assert await visitor.data() == {"basket": 2}


async def test_signing_out_over_plain_http_is_done() -> None:
    """Deleting a cookie keeps none."""
    visitor = await with_session(basket=1)
    thief = visitor.copy()
    state = await visitor.state(BASKET, scheme="http")
    state.destroy()
    (cookie,) = await visitor.answer(state)
    assert cookie.max_age == 0
    assert (await thief.session()).ended


async def test_plain_http_is_enough_where_cookies_are_not_to_be_secure() -> None:
    """On loopback, in development."""
    visitor = Visitor(World(cookie_secure=False))
    state = await visitor.state(THEME, BASKET, scheme="http")
    state[THEME], state[BASKET] = "dark", 1
    assert len(await visitor.answer(state)) == 2


FROM_ELSEWHERE = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}


async def test_a_request_from_another_site_replaces_no_cookie() -> None:
    """It came without them, so nobody can tell what the browser has: nothing is stored."""
    visitor = Visitor(World())
    for change in (
        lambda state: state.__setitem__(THEME, "dark"),
        lambda state: state.__setitem__(BASKET, 1),
        lambda state: state.sign_in(ADA),
    ):
        state = await visitor.state(THEME, BASKET, WHO, **FROM_ELSEWHERE)
        change(state)
        with pytest.raises(CrossSite, match="must not replace them"):
            await state.commit()
    assert visitor.operations == {}


async def test_a_request_from_another_site_that_brings_its_cookies_is_like_any_other() -> None:
    """What the browser sent along, it may replace; what it did not, it may not."""
    visitor = Visitor(World())
    state = await visitor.state(THEME, BASKET)
    state[THEME], state[BASKET] = "dark", 1
    await visitor.answer(state)
    state = await visitor.state(THEME, BASKET, WHO, **FROM_ELSEWHERE)
    state[THEME] = "light"
    state.sign_in(ADA)
    assert len(await visitor.answer(state)) == 2
    del visitor.cookies["__Host-shop-theme"]
    state = await visitor.state(THEME, BASKET, WHO, **FROM_ELSEWHERE)
    state[THEME] = "light"
    with pytest.raises(CrossSite):
        await state.commit()


async def test_following_a_link_from_another_site_is_like_any_other_request() -> None:
    """``Lax`` cookies come along, so a page may begin a session; not where they are ``Strict``."""
    for samesite, begins in (("Lax", True), ("None", True), ("Strict", False)):
        visitor = Visitor(World(cookie_samesite=samesite))
        state = await visitor.state(BASKET, method="GET", **FROM_ELSEWHERE)
        state[BASKET] = 1
        if begins:
            assert len(await visitor.answer(state)) == 1
        else:
            with pytest.raises(CrossSite):
                await state.commit()

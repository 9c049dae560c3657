"""Values that are handed out, names that are there twice, sizes, and what only looks like state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from abroad_app import (
    ANN,
    CART,
    DRAFT,
    EMPTY,
    FILLED,
    ROUTES,
    THEME,
    VISITS,
    Everything,
    application,
    handler,
    serving,
)
from tornado_state import (
    SERVER_SESSION,
    CompositionError,
    InvalidValue,
    Kind,
    PlacementTable,
    TooLarge,
)

NESTED = Kind("nested", dict[str, list[int]], default={}, fresh=True)
NOTED = Kind("noted", dict[str, list[int]], default={"seen": [1]})
UNSET = Kind("unset", list[int], fresh=True)


class Nested(Everything):
    nested, noted, unset = NESTED, NOTED, UNSET

    def get(self) -> None:
        self.write({"nested": self.nested, "noted": self.noted, "unset": self.unset or []})


#: What a handler does with a default, and what must be there of it.
DEFAULTS: dict[str, tuple[Callable[[Any], Any], dict[str, Any]]] = {
    "attribute": (lambda h: h.nested.update(a=[1]), {"nested": {"a": [1]}}),
    "item": (lambda h: h.state[NESTED].update(a=[1]), {"nested": {"a": [1]}}),
    "nested": (lambda h: h.nested.setdefault("a", []).append(1), {"nested": {"a": [1]}}),
    "get": (lambda h: h.state.get(UNSET, []).append(1), {"unset": [1]}),
    "get in a cookie": (lambda h: h.state.get(NOTED, {}).update(b=[2]), {"noted": {"b": [2]}}),
    "get twice": (
        lambda h: (h.state.get(UNSET, []), h.state.get(UNSET, []).append(1)),
        {"unset": [1]},
    ),
    "get another": (
        lambda h: (h.state.get(UNSET, []), h.state.get(UNSET, [7]).append(1)),
        {"unset": [7, 1]},
    ),
    "setdefault": (lambda h: h.state.setdefault(UNSET, []).append(1), {"unset": [1]}),
    "setdefault is a value": (lambda h: h.state.setdefault(UNSET, [3]), {"unset": [3]}),
    "a default that has something": (
        lambda h: h.noted["seen"].append(2),
        {"noted": {"seen": [1, 2]}},
    ),
    "emptied": (lambda h: h.noted.clear(), {"noted": {}}),
    "after a drop": (
        lambda h: (h.state.pop(NESTED), h.nested.update(b=[2])),
        {"nested": {"b": [2]}},
    ),
    "only looked at": (lambda h: (h.nested, h.noted, h.state.get(UNSET, [])), {}),
}


# Row 6
@pytest.mark.parametrize("what", DEFAULTS)
async def test_a_default_that_was_changed_counts(what: str) -> None:
    """What is changed inside a default is kept like any other value, and no default changes."""
    change, left = DEFAULTS[what]
    routes = {"/": Nested, "/run": handler(Nested, post=lambda h: (change(h), None)[1])}
    fresh = {"nested": {}, "noted": {"seen": [1]}, "unset": []}
    async with serving(routes) as browser, serving(routes) as stranger:
        assert (await browser.fetch("/run", "POST")).code == 200
        assert await browser.values() == fresh | left
        assert bool(browser.jar) == bool(left)
        assert await stranger.values() == fresh


# Row 6
@pytest.mark.parametrize("default", [defaultdict(list), {"a": {"b": []}}], ids=["type", "shape"])
async def test_a_default_that_is_no_value_is_told_when_it_is_changed(default: Any) -> None:
    """A default that its kind cannot keep may be read; a change inside it is 500, not lost."""

    def post(h: Any) -> None:
        got = h.state.get(NESTED, default)
        if h.get_argument("change", ""):
            got["new"] = [1]

    async with serving(ROUTES | {"/run": handler(Nested, post=post)}) as browser:
        assert (await browser.fetch("/run", "POST")).code == 200
        assert (await browser.fetch("/run?change=1", "POST")).code == 500


# Row 7
def test_two_kinds_of_one_name_are_refused() -> None:
    """Two kinds of one name, wherever they are declared, are no application: both are named."""
    twin = Kind("cart", list[str], default=[], fresh=True)

    class Other(Everything):
        basket = twin

    class Base(Everything):
        one, two = Kind("n", int, fresh=True), Kind("n", int, fresh=True)

    for routes in ({"/": Everything, "/o": handler(basket=twin)}, {"/": Other}, {"/": Base}):
        with pytest.raises(CompositionError, match=r"two kinds of one name, (cart|n)"):
            application(routes)
    placed = {CART: SERVER_SESSION, twin: SERVER_SESSION}
    with pytest.raises(CompositionError, match="two kinds of one name, cart"):
        application({}, placement=PlacementTable(placed))
    with pytest.raises(CompositionError, match="two kinds of one name, cart"):
        application({"/": Everything}).add_handlers("other", [("/", handler(basket=twin))])


# Row 7
def test_two_identities_are_refused() -> None:
    """At most one kind says who is signed in: two are no application, and both are named."""
    admin = Kind("admin", str, identity=True, revocable=True)
    for routes in (
        {"/": Everything, "/admin": handler(admin=admin)},
        {"/": handler(Everything, admin=admin)},
    ):
        with pytest.raises(CompositionError, match=r"(user and admin|admin and user) both say"):
            application(routes)


#: Too large a value: what a handler does, and the kind that is named.
TOO_LARGE: dict[str, Callable[[Any], Any]] = {
    "assigned": lambda h: h.state.__setitem__(CART, ["x" * 1024]),
    "assigned by attribute": lambda h: setattr(h, "draft", ["x" * 1024]),
    "set as default": lambda h: h.state.setdefault(DRAFT, ["x" * 1024]),
    "text": lambda h: setattr(h, "theme", "x" * 1023),
}


# Row 8
@pytest.mark.parametrize("what", TOO_LARGE)
async def test_a_value_beyond_its_size_is_refused_where_it_is_assigned(what: str) -> None:
    """A kind's size is the largest value: more is `TooLarge` at once, with kind, size, limit."""
    told: list[TooLarge] = []

    def post(h: Any) -> None:
        with pytest.raises(TooLarge) as error:
            TOO_LARGE[what](h)
        told.append(error.value)
        h.visits = 2

    async with serving(ROUTES | {"/run": handler(Everything, post=post)}) as browser:
        assert (await browser.fetch("/run", "POST")).code == 200
        assert await browser.values() == EMPTY | {"visits": 2}
        assert told[0].limit == 1024 < told[0].size
        assert told[0].what in {"cart", "draft", "theme"}


# Row 8
@pytest.mark.parametrize("kind", [CART, DRAFT], ids=["session", "cookie"])
async def test_a_value_that_grows_beyond_its_size_is_413(kind: Any) -> None:
    """A change inside or an update that makes a value too large answers 413; the old one stands."""

    async def update(h: Any) -> None:
        await h.state.update(kind, lambda values: [*values, "x" * 1024])

    def within(h: Any) -> None:
        h.state[kind].append("x" * 1024)

    for post in (update, within):
        async with serving(ROUTES | {"/run": handler(Everything, post=post)}) as browser:
            await browser.fetch("/fill", "POST")
            assert (await browser.fetch("/run", "POST")).code == 413
            assert await browser.values() == FILLED


# Row 8
def test_a_default_beyond_the_size_is_refused() -> None:
    """A default is a value: one that is larger than its kind may be is no kind."""
    with pytest.raises(CompositionError, match="default of big"):
        Kind("big", str, default="x" * 100, size=64)


@pytest.mark.parametrize("value", ["three", 3.5, None, [1], True, {"n": 1}, object(), 1e400])
async def test_a_value_of_another_type_is_refused_where_it_is_assigned(value: Any) -> None:
    """What is declared is enforced: a value of another type raises, and the old one stands."""

    def post(h: Any) -> None:
        with pytest.raises(InvalidValue, match="visits"):
            h.visits = value

    async with serving(ROUTES | {"/run": handler(Everything, post=post)}) as browser:
        await browser.fetch("/fill", "POST")
        assert (await browser.fetch("/run", "POST")).code == 200
        assert await browser.values() == FILLED


#: What looks like state and is none.
MISTAKES: dict[str, Callable[[Any], Any]] = {
    "state.cart": lambda h: setattr(h.state, "cart", ["x"]),
    "state.visits": lambda h: setattr(h.state, "visits", 2),
    "state.update": lambda h: setattr(h.state, "update", 2),
    "state.ended": lambda h: setattr(h.state, "ended", True),
    "state.was_read": lambda h: setattr(h.state, "was_read", False),
    "state.__class__": lambda h: setattr(h.state, "__class__", dict),
    "handler.state": lambda h: setattr(h, "state", {}),
    "by name": lambda h: h.state.__setitem__("cart", ["x"]),
    "deleted by name": lambda h: h.state.__delitem__("cart"),
    "read by name": lambda h: h.state["cart"],
    "got by name": lambda h: h.state.get("cart", []),
    "set as default by name": lambda h: h.state.setdefault("cart", []),
}


# Row 9
@pytest.mark.parametrize("mistake", MISTAKES)
async def test_what_looks_like_state_is_refused(mistake: str) -> None:
    """An attribute of the state, or a kind's name, is no kind: using it fails, nothing is kept."""
    fail = MISTAKES[mistake]
    routes = ROUTES | {"/run": handler(Everything, post=lambda h: (fail(h), None)[1])}
    async with serving(routes) as browser:
        assert (await browser.fetch("/run", "POST")).code == 500
        assert await browser.values() == EMPTY


# Row 6
@pytest.mark.parametrize("use", ["POST", "PUT", "PATCH"])
async def test_the_default_of_a_kind_is_nobodys_to_change(use: str) -> None:
    """Whoever assigns it, or gives it for one, has a copy: nobody else sees what is put in."""
    given: list[str] = []
    goods = Kind("goods", list[str], default=given, fresh=True)

    def post(h: Any) -> None:
        h.goods = goods.default
        h.goods.append("mine")

    def put(h: Any) -> None:
        h.state.get(goods, goods.default).append("mine")

    def patch(h: Any) -> None:
        h.goods = given
        given.append("mine")

    def get(h: Any) -> None:
        h.write({"goods": h.goods})

    routes = {"/": handler(goods=goods, get=get, post=post, put=put, patch=patch)}
    async with serving(routes) as browser:
        assert (await browser.fetch("/", use)).code == 200
        assert await browser.values() == {"goods": ["mine"]}
        browser.jar.clear()
        assert await browser.values() == {"goods": []}
    assert goods.default == []


@dataclass
class Line:
    sku: str
    quantity: int = 1


# Row 9
@pytest.mark.parametrize("changed", [lambda lines: lines[0], lambda lines: Line("tea")])
async def test_an_attribute_of_a_value_that_is_no_field_is_refused(changed: Any) -> None:
    """It would not come back: neither in a value that was read, nor in one that was assigned."""
    lines = Kind("lines", list[Line], default=[], fresh=True)

    def put(h: Any) -> None:
        h.lines.append(Line("tea"))

    async def post(h: Any) -> None:
        line = changed(h.lines)
        await h.state.commit()
        line.quantiy = 3
        h.lines = [line]

    def patch(h: Any) -> None:
        h.lines[0].quantiy = 3

    routes = {"/": handler(lines=lines, put=put, post=post, patch=patch)}
    async with serving(routes) as browser:
        await browser.fetch("/", "PUT")
        for method in ("POST", "PATCH"):
            assert (await browser.fetch("/", method)).code == 500


@dataclass
class Order:
    lines: list[Line]


# Row 9
async def test_an_attribute_of_a_value_within_another_is_refused_as_well() -> None:
    """However deep it is: an answer of 200 would have lost it."""

    def put(h: Any) -> None:
        h.order = Order([Line("tea")])

    def patch(h: Any) -> None:
        h.order.lines[0].quantiy = 3

    order = Kind("order", Order, fresh=True)
    async with serving({"/": handler(order=order, put=put, patch=patch)}) as browser:
        assert (await browser.fetch("/", "PUT")).code == 200
        assert (await browser.fetch("/", "PATCH")).code == 500


async def test_a_plain_sign_in_is_what_it_says() -> None:
    """What is tried above is tried where a plain use of the same application works."""

    def post(h: Any) -> None:
        h.state.sign_in(ANN)
        h.state[THEME], h.state[VISITS] = "dark", 3

    async with serving(ROUTES | {"/run": handler(Everything, post=post)}) as browser:
        assert (await browser.fetch("/run", "POST")).code == 200
        assert await browser.values() == EMPTY | {"user": "ann", "theme": "dark", "visits": 3}

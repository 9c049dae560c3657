"""An application's state, put together: what is refused when it is made, and what it may be."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from state_app import BASKET, NOTES, OLD, PLACED, SEEN, STEP, THEME, WHO, handler
from tornado.routing import AnyMatches, Router, Rule, RuleRouter
from tornado.web import RequestHandler, url
from tornado_state import (
    DATABASE,
    SERVER_SESSION,
    SIGNED_COOKIE,
    CompositionError,
    Kind,
    PlacementTable,
    StateApplication,
    StateHandler,
    StateWebSocketHandler,
)
from tornado_state.stores import MemoryStore
from without_sockets import ask


def application(
    *handlers: Any, cls: type[StateApplication] = StateApplication, **settings: Any
) -> Any:
    routes = [(f"/{number}", made) for number, made in enumerate(handlers)]
    options = {"cookie_secret": OLD, "session_store": "memory://", **settings}
    return cls(routes, **options)


class Shop(StateHandler):
    basket = BASKET
    theme = THEME


class Checkout(Shop):
    who = WHO


def test_each_kind_goes_where_its_needs_are_met() -> None:
    """Without a word on placement."""
    made = application(Checkout, handler(NOTES))
    assert dict(made.composition.placement) == {
        WHO: SERVER_SESSION,
        BASKET: SERVER_SESSION,
        THEME: SIGNED_COOKIE,
        NOTES: SIGNED_COOKIE,
    }
    assert isinstance(made.session_store, MemoryStore)


def test_what_a_base_declares_and_a_class_hides_is_not_declared() -> None:
    """The first in the order of its bases counts, whatever it is."""

    class Hiding(Checkout):
        who = None  # type: ignore[assignment]
        cart = BASKET

    assert Hiding.declared_kinds == {"cart": BASKET, "basket": BASKET, "theme": THEME}


TWO = Kind("two", str), Kind("two", str)
EVERYWHERE = Kind("everywhere", str, cross_device=True)
OTHER = Kind("other", str, identity=True)


class A(StateHandler):
    a = TWO[0]


class B(StateHandler):
    b = TWO[1]


class Everywhere(StateHandler):
    kind = EVERYWHERE


class Other(StateHandler):
    kind = OTHER


class Named(StateHandler):
    request = THEME


class Cookies(StateHandler):
    cookies = THEME


class Has(StateHandler):
    has_state = THEME


def socket(name: str) -> Any:
    """Return a class of WebSockets with a kind of that name."""
    return type("Socket", (StateWebSocketHandler,), {name: THEME})


@pytest.mark.parametrize(
    ("handlers", "settings", "why"),
    [
        *(
            ((socket(name),), {}, f"Socket.{name}: Tornado's handlers have a {name!r} of their own")
            for name in ("close", "ping", "on_message", "close_reason", "on_session_end")
        ),
        ((Has,), {}, "Has.has_state: Tornado's handlers"),
        ((A, B), {}, r"B\.b and A\.a declare two kinds of one name, two"),
        ((handler(WHO), Other), {}, "Other: who and other both say who is signed in"),
        ((Everywhere,), {}, r"Everywhere\.kind: No one place meets every need of everywhere"),
        ((Checkout,), {"session_store": None}, "Checkout.who: who belongs in a server session"),
        ((Checkout,), {"placement": {THEME: SIGNED_COOKIE}}, "the placement does not name who"),
        ((Named,), {}, "Named.request: Tornado's handlers have a 'request' of their own"),
        ((Cookies,), {}, "Cookies.cookies: Tornado's handlers"),
        ((), {"placement": {BASKET: SERVER_SESSION}, "session_store": None}, "basket is placed in"),
        ((), {"placement": {EVERYWHERE: DATABASE}}, "everywhere is placed in the database"),
        ((), {"placement": dict.fromkeys(TWO, SIGNED_COOKIE)}, "two kinds of one name, two"),
        ((), {"placement": dict.fromkeys((WHO, OTHER), SERVER_SESSION)}, "both say who"),
        ((), {"placement": {WHO: SIGNED_COOKIE}}, "who must not live in the signed cookie"),
        ((), {"session_store": 5}, "session_store is a URL or a SessionStore, not 5"),
        ((), {"session_store": "nowhere://"}, "session_store: the URL of a session store begins"),
    ],
)
def test_what_cannot_be_is_refused_when_the_application_is_made(
    handlers: tuple[Any, ...], settings: dict[str, Any], why: str
) -> None:
    """In one sentence that names the class and the kind."""
    with pytest.raises(CompositionError, match=why):
        application(*handlers, **settings)


def test_what_only_sockets_have_may_be_a_kind_elsewhere() -> None:
    """It hides nothing there."""
    shut = type("Shut", (StateHandler,), {"close": THEME, "close_reason": THEME})
    assert list(application(shut).composition.placement) == [THEME]


def test_handlers_of_others_are_not_looked_into() -> None:
    """Whatever their attributes are called, and whatever they hold."""

    class Foreign(RequestHandler):
        kinds = ("Pod",)
        two = TWO[1]
        request_kind = EVERYWHERE

    made = application(A, Foreign)
    assert list(made.composition.placement) == [TWO[0]]


def test_a_handler_is_found_however_its_route_is_written() -> None:
    """As a pair, as a `url`, in a list, in routers within routers, and as the one for all else."""
    inner = RuleRouter([Rule(AnyMatches(), handler(SEEN))])
    inner.add_rules([(AnyMatches(), inner)])
    made = StateApplication(
        [
            ("/pair", handler(BASKET)),
            url("/url", handler(THEME), name="url"),
            (AnyMatches(), [("/deep", handler(STEP))]),
            Rule(AnyMatches(), inner),
        ],
        cookie_secret=OLD,
        session_store="memory://",
        default_handler_class=handler(NOTES),
    )
    assert set(made.composition.placement) == {BASKET, THEME, STEP, SEEN, NOTES}


def test_a_handler_that_is_added_later_is_looked_at_then() -> None:
    """And refused as it would have been."""
    made = application(A)
    made.add_handlers(".*", [("/later", handler(BASKET))])
    assert BASKET in made.composition.placement
    with pytest.raises(CompositionError, match="two kinds of one name"):
        made.add_handlers(".*", [("/b", B)])


async def test_a_handler_behind_a_router_of_ones_own_is_looked_at_when_it_is_asked_for() -> None:
    """Nobody can know of it before."""

    class Late(StateHandler):
        basket = BASKET

        def post(self) -> None:
            self.write("found")

    class Own(Router):
        def find_handler(self, request: Any, **_: Any) -> Any:
            return made.get_handler_delegate(request, Late)

    made = application(Own())
    assert BASKET not in made.composition.placement
    answer = await ask(made, "/0", {})
    assert answer.code == 200
    assert BASKET in made.composition.placement


def test_an_explicit_placement_may_leave_handlers_nothing_to_add() -> None:
    """A mapping is enough where nothing is misplaced."""
    made = application(Checkout, placement=PLACED)
    assert isinstance(made.composition.placement, PlacementTable)
    assert made.composition.placement.identity is WHO


def test_an_application_that_keeps_no_session_opens_none() -> None:
    """Not with a store that nobody needs, nor without one."""
    assert application(handler(THEME)).composition.sessions is None
    assert application(handler(THEME), session_store=None).composition.sessions is None


class MyShopApplication(StateApplication):
    pass


class HTTPShop(StateApplication):
    pass


class Application(StateApplication):
    pass


class _Ü(StateApplication):  # noqa: PLC2401 - nothing of its name may stand in a cookie's
    pass


@pytest.mark.parametrize(
    ("cls", "settings", "name"),
    [
        (StateApplication, {}, "__Host-state-theme"),
        (MyShopApplication, {}, "__Host-my-shop-theme"),
        (HTTPShop, {}, "__Host-httpshop-theme"),
        (Application, {}, "__Host-application-theme"),
        (_Ü, {}, "__Host-state-theme"),
        (MyShopApplication, {"state_name": "x_1"}, "__Host-x_1-theme"),
    ],
)
def test_cookies_are_named_after_the_application(
    cls: type[StateApplication], settings: dict[str, Any], name: str
) -> None:
    """By the words of its class, or as it says."""
    made = application(handler(THEME), cls=cls, **settings)
    assert made.composition.cookie_names == {name}


def test_cookies_that_are_not_secure_are_said_aloud(caplog: pytest.LogCaptureFixture) -> None:
    """At start, once."""
    application(handler(THEME), cookie_secure=False)
    assert "cookies are not Secure" in caplog.text
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    application(handler(THEME))
    assert caplog.text == ""


def test_an_existing_application_changes_its_base_class_and_nothing_else() -> None:
    """Its arguments and settings are Tornado's."""

    class Existing(StateApplication):
        def __init__(self) -> None:
            routes = [("/", handler(THEME), {}, "name")]
            super().__init__(routes, "example.org", None, cookie_secret=OLD, debug=False)

    made = Existing()
    assert made.default_host == "example.org"
    assert made.reverse_url("name") == "/"

"""What cannot be is refused when the application is made, in a sentence that names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from abroad_app import CART, ROUTES, Everything, application, handler, serving
from tornado import gen
from tornado.routing import AnyMatches, HostMatches, PathMatches, Rule, RuleRouter
from tornado.web import Application, RequestHandler, url
from tornado_state import (
    SERVER_SESSION,
    SIGNED_COOKIE,
    CompositionError,
    Kind,
    MisplacedKind,
    PlacementTable,
    StateApplication,
    StateHandler,
)

#: Kinds that cannot be.
NO_KINDS: dict[str, Callable[[], Any]] = {
    "a conflict rule": lambda: Kind("n", int, on_conflict="refues"),  # type: ignore[call-overload]
    "a name with a blank": lambda: Kind("my kind", int),
    "a name in capitals": lambda: Kind("N", int),
    "no name": lambda: Kind("", int),
    "a long name": lambda: Kind("n" * 33, int),
    "a name that is none": lambda: Kind(7, int),  # type: ignore[call-overload]
    "no size": lambda: Kind("n", int, size=0),
    "half a size": lambda: Kind("n", int, size=1.5),  # type: ignore[call-overload]
    "a need that is none": lambda: Kind("n", int, sekret=True),  # type: ignore[call-overload]
    "a need that is no bool": lambda: Kind("n", int, fresh="yes"),  # type: ignore[call-overload]
    "an identity that is none": lambda: Kind("n", int, identity=""),
    "a version": lambda: Kind("n", int, version=0),
    "a migration": lambda: Kind("n", int, version=2, migrations={2: lambda n: n}),
    "a default": lambda: Kind("n", int, default="three"),  # type: ignore[call-overload]
    "a type": lambda: Kind("n", object),
    "a type of functions": lambda: Kind("n", type(len)),
    "a migration that is no function": lambda: Kind("n", int, version=2, migrations={1: 7}),  # type: ignore[dict-item]
    "migrations that are none": lambda: Kind("n", int, migrations=[str]),  # type: ignore[arg-type]
    "adoption of what is none": lambda: Kind("n", int, adopts=7),  # type: ignore[arg-type]
    "adoption of a name": lambda: Kind("n", int, adopts="user"),
}


# Row 34
@pytest.mark.parametrize("what", NO_KINDS)
def test_a_kind_that_cannot_be_is_refused_where_it_is_made(what: str) -> None:
    """A kind's own mistakes are told when it is made, with its name."""
    with pytest.raises(CompositionError):
        NO_KINDS[what]()


@pytest.mark.parametrize("name", ["My App", "", "é", "a" * 33, "-a", "a=b", "a;b", None, 7])
def test_a_name_that_makes_no_cookie_is_refused(name: Any) -> None:
    """`state_name` is part of cookies' names."""
    with pytest.raises(CompositionError, match="state_name"):
        application(state_name=name)


class Undeclared(StateHandler):
    elsewhere = Kind("elsewhere", int, fresh=True)


class Large(StateHandler):
    large = Kind("large", str, size=100_000, fresh=True)


class Torn(StateHandler):
    torn = Kind("torn", str, confidential=True, outage_proof=True)


class Shadowing(StateHandler):
    request = CART


class Hiding(Undeclared):
    elsewhere = 7


class Brings:
    large = None


class Mixed(Brings, Large):
    pass


class Later(StateHandler):
    cart = CART

    async def get_current_user(self) -> Any:
        return None


class Yielding(StateHandler):
    cart = CART

    @gen.coroutine
    def get_current_user(self) -> Any:
        return None


#: Handlers that cannot be served, and what the sentence must name.
NO_HANDLERS: dict[str, tuple[Any, str]] = {
    "too large for any tier": (Large, "Large.large"),
    "no tier meets its needs": (Torn, "Torn.torn"),
    "an attribute of Tornado's": (Shadowing, "Shadowing.request"),
    "a kind hidden by a value": (Hiding, "Hiding.elsewhere hides the kind elsewhere of Undeclared"),
    "a kind hidden by a mixin": (Mixed, "Mixed.large hides the kind large of Large"),
    "a user to be waited for": (Later, "Later.get_current_user is a coroutine"),
    "a user to be yielded": (Yielding, "Yielding.get_current_user is a coroutine"),
}


def somewhere(found: Any) -> dict[str, Callable[[], Any]]:
    """Return applications that have a handler in any place that Tornado's routes have."""

    class Own(StateApplication):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__([("/", found)], **settings)

    def added() -> None:
        application(ROUTES).add_handlers("other", [("/", found)])

    rules: dict[str, Any] = {
        "a tuple": ("/", found),
        "a url": url("/", found, name="it"),
        "a rule": Rule(PathMatches("/"), found),
        "a list": (HostMatches("a"), [("/", found)]),
        "lists in lists": (HostMatches("a"), [(AnyMatches(), [("/", found)])]),
        "a name": ("/", f"{found.__module__}.{found.__name__}"),
        "a router": (PathMatches("/.*"), RuleRouter([Rule(PathMatches("/"), found)])),
    }

    def rule_of(rule: Any) -> Callable[[], Any]:
        class Ruled(StateApplication):
            def __init__(self, *args: Any, **settings: Any) -> None:
                super().__init__([rule], **settings)

        return lambda: application(of=Ruled)

    made = {where: rule_of(rule) for where, rule in rules.items()}
    return made | {
        "a subclass": lambda: application(of=Own),
        "added later": added,
        "the default": lambda: application({}, default_handler_class=found),
    }


# Row 34
@pytest.mark.parametrize("where", somewhere(Large))
@pytest.mark.parametrize("what", NO_HANDLERS)
def test_a_handler_that_cannot_be_is_refused_when_the_application_is_made(
    what: str, where: str
) -> None:
    """Wherever the routes lead to it: at start, with the class, its attribute and the kind."""
    found, named = NO_HANDLERS[what]
    with pytest.raises(CompositionError, match=named):
        somewhere(found)[where]()


# Row 34
def test_what_a_placement_leaves_out_is_refused() -> None:
    """A placement that does not name a declared kind, or misplaces it, is no application."""
    with pytest.raises(CompositionError, match=r"Undeclared\.elsewhere"):
        application({"/": Undeclared}, placement={CART: SERVER_SESSION})
    with pytest.raises(MisplacedKind, match="cart must not live in the signed cookie"):
        application({"/": Everything}, placement={CART: SIGNED_COOKIE})
    with pytest.raises(CompositionError, match="session_store"):
        application({"/": Undeclared}, session_store=None)
    with pytest.raises(CompositionError, match="session_store"):
        application({"/": Undeclared}, session_store="nonsense://here")
    with pytest.raises(CompositionError, match="session_store"):
        application({}, session_store=None, placement=PlacementTable({CART: SERVER_SESSION}))


# Row 34
async def test_a_subclass_keeps_its_bases_kinds() -> None:
    """What a base declares, its subclasses have; an attribute of another kind takes its place."""
    other = Kind("other", list[str], default=["o"], fresh=True)

    class Base(StateHandler):
        cart = CART

        def get(self) -> None:
            self.write({"cart": self.cart})

    class Sub(Base):
        more = Kind("more", int, fresh=True)

    class Another(Base):
        cart = other

    async with serving({"/": Base, "/sub": Sub, "/another": Another}) as browser:
        assert (await browser.fetch("/sub")).body == b'{"cart": []}'
        assert (await browser.fetch("/another")).body == b'{"cart": ["o"]}'


#: Settings of cookies that contradict each other, or are none.
NO_COOKIES: list[dict[str, Any]] = [
    {"cookie_samesite": "lax"},
    {"cookie_samesite": None},
    {"cookie_samesite": "None", "cookie_secure": False},
    {"cookie_partitioned": True, "cookie_secure": False},
    {"cookie_domain": "bad domain"},
    {"cookie_domain": ""},
    {"cookie_secure": "yes"},
    {"cookie_secure": 1},
    {"session_persistent": 1},
]


# Row 34
@pytest.mark.parametrize("settings", NO_COOKIES, ids=str)
def test_settings_of_cookies_are_checked_against_each_other(settings: dict[str, Any]) -> None:
    """What browsers would refuse or misread is refused at start."""
    with pytest.raises(CompositionError):
        application(**{"cookie_secure": True, **settings})


# Row 34
@pytest.mark.parametrize("name", ["session_idle_timout", "session_stores", "cookie_samesit"])
def test_a_setting_that_is_misspelt_is_refused(name: str) -> None:
    """What it says would go unheard; settings of the application's own are none of ours."""
    with pytest.raises(CompositionError, match=f"there is no setting {name}; is .* meant"):
        application(**{name: 5})
    assert application(session_color="red", login_url="/", cookies="many", store="shop")


# Row 34
@pytest.mark.parametrize("name", ["state_clock", "state_events"])
def test_what_is_to_be_called_can_be(name: str) -> None:
    """It is told at start, and not by the first request."""
    with pytest.raises(CompositionError, match=f"{name} is a function"):
        application(**{name: 5})


# Row 29
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_kind_of_a_handler_without_state_tells_what_is_missing(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Such handlers are not looked into; whoever uses the attribute is told."""

    class Stateless(RequestHandler):
        cart = CART

        def get(self) -> None:
            self.write({"cart": self.cart})

        def post(self) -> None:
            self.cart = ["a"]

        def delete(self) -> None:
            del self.cart

    async with serving({"/": Stateless}) as browser:
        assert (await browser.fetch("/", method=method)).code == 500
    assert "cart is not declared in Stateless, which is no StateHandler" in caplog.text


async def test_where_nobody_signs_in_nobody_is_signed_in() -> None:
    """``current_user`` is None in a handler without kinds, if the application has no identity."""

    class Plain(StateHandler):
        def get(self) -> None:
            self.write({"user": self.current_user})

    async with serving({"/": Plain}) as browser:
        assert (await browser.fetch("/")).body == b'{"user": null}'
    async with serving({**ROUTES, "/plain": Plain}) as browser:
        assert (await browser.fetch("/plain")).code == 500


# Row 34
def test_what_is_served_by_another_application_is_found_out() -> None:
    """A handler with state in a plain Application within has no state: told when it is made."""
    inner = Application([("/", Everything), ("/plain", RequestHandler)])

    class Outer(StateApplication):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__([(PathMatches("/in.*"), inner)], **settings)

    with pytest.raises(CompositionError, match="Everything"):
        application(of=Outer)


async def waited_for(cls: Any, request: Any) -> Any:
    """Is not to be."""


def use(of: Any) -> bool:
    """Is not to be."""
    return False


# Row 34
@pytest.mark.parametrize(
    "given",
    [{"cart": SERVER_SESSION}, {CART: "server session"}, {CART: None}, [CART], 0, PlacementTable],
)
def test_a_placement_that_is_none_is_refused(given: Any) -> None:
    """It maps kinds, not their names, to tiers, not to theirs."""
    with pytest.raises(CompositionError, match="a placement maps each kind to"):
        application({"/": handler(cart=CART)}, placement=given)


#: What is asked for each request, and cannot be.
NO_HOOKS: dict[str, dict[str, Any]] = {
    "Handler.kinds_for": {"kinds_for": lambda self, request: [CART]},
    "Handler.kinds_for is": {"kinds_for": classmethod(waited_for)},
    "Handler.kinds_for is a": {"kinds_for": ("cart",)},
    "Handler.counts_as_use": {"counts_as_use": use},
    "Handler.counts_as_use is": {"counts_as_use": property(use)},
    "Handler.keeps_session_alive": {"keeps_session_alive": use},
}


# Row 34
@pytest.mark.parametrize("sentence", NO_HOOKS)
def test_what_is_asked_for_each_request_can_be(sentence: str) -> None:
    """Told when the application is made; a function for a truth value would be taken for True."""
    with pytest.raises(CompositionError, match=sentence):
        application({"/": handler(cart=CART, **NO_HOOKS[sentence])})
    assert application({"/": handler(cart=CART, kinds_for=staticmethod(lambda request: [CART]))})


def test_the_smallest_handler_is_none_of_these() -> None:
    """What is tried above is tried where a plain application can be made."""
    assert application({"/": handler(cart=CART)})

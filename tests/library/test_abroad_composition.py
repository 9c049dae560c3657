"""What cannot be is refused when the application is made, in a sentence that names it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from abroad_app import CART, NEWER_SECRET, ROUTES, SECRET, Everything, application, handler, serving
from commanded_store import Clock
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
from tornado_state.stores import MemoryStore

PLACEHOLDERS = [
    "__TODO:_GENERATE_YOUR_OWN_RANDOM_VALUE_HERE__",
    "changeme-changeme-changeme-changeme",
    "change_me_before_you_go_to_production_1",
    "YOUR-SECRET-KEY-GOES-HERE-0123456789",
    "replace-this-with-a-real-secret-000",
    "replace-with-32-random-bytes-please",
    "insert-your-random-string-here-123456",
    "please generate your own cookie secret",
    "default-secret-do-not-use-0123456789",
    "s" * 64,
    "abab" * 16,
]


# Row 16
@pytest.mark.parametrize("secret", ["", "a", "changeme", b"short", "x" * 31, *PLACEHOLDERS])
@pytest.mark.parametrize("form", ["text", "bytes", "dict"])
def test_a_secret_that_can_be_guessed_is_refused(secret: Any, form: str) -> None:
    """Under 32 bytes, a placeholder, or a few characters over and over: no application."""
    data = secret.encode() if isinstance(secret, str) else secret
    given: Any = {"text": data.decode(), "bytes": data, "dict": {1: SECRET, 2: data}}[form]
    with pytest.raises(CompositionError, match="cookie_secret") as error:
        application(cookie_secret=given)
    assert not secret or len(secret) < 2 or str(secret) not in str(error.value)


# Row 16
@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        7,
        [SECRET],
        bytearray(SECRET.encode()),
        {"a": SECRET},
        {True: SECRET},
        {-1: SECRET},
        {1.0: SECRET},
        {1: None},
        {1: SECRET, 2: SECRET},
        {1: SECRET, 2: SECRET.encode()},
    ],
    ids=str,
)
def test_what_is_no_secret_is_refused(given: Any) -> None:
    """None, numbers, lists, versions that are no numbers, and the same secret twice."""
    with pytest.raises(CompositionError, match="cookie_secret"):
        application(cookie_secret=given)


# Row 16
@pytest.mark.parametrize(
    "given",
    [
        SECRET,
        SECRET.encode(),
        {0: SECRET},
        {3: SECRET, 1: NEWER_SECRET.encode()},
        secrets.token_urlsafe(32),
        secrets.token_hex(32),
        secrets.token_bytes(32),
        base64.b64encode(secrets.token_bytes(32)).decode(),
    ],
    ids=["text", "bytes", "dict", "versions", "urlsafe", "hex", "random", "base64"],
)
async def test_a_good_secret_works_in_any_form(given: Any) -> None:
    """Text, bytes and a dict of versions are all understood, and not only accepted."""
    async with serving(cookie_secret=given) as browser:
        await browser.fetch("/login", "POST")
        assert (await browser.values())["user"] == "ann"


@pytest.mark.parametrize("version", [1, "0", True, 0.0, -1])
def test_a_key_version_that_is_not_there_is_refused(version: Any) -> None:
    """`key_version` is one of the secret's versions."""
    with pytest.raises(CompositionError, match="key_version"):
        application(cookie_secret={0: SECRET}, key_version=version)


TIMES = ["session_idle_timeout", "session_absolute_timeout", "session_remember_timeout"]
NO_TIMES = [0, -1, 0.5, 43_200.5, True, "1800", None, Decimal(60), float("inf"), float("nan")]
NO_TIMES += [timedelta(0), timedelta(seconds=-1), timedelta(milliseconds=1500), 10**9, [60]]


# Row 30
@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("given", NO_TIMES, ids=repr)
def test_a_time_that_is_none_is_refused(name: str, given: Any) -> None:
    """Whole seconds or a timedelta of whole seconds, more than none: all else is no application."""
    with pytest.raises(CompositionError, match=name):
        application(**{name: given})


# Row 30
@pytest.mark.parametrize("make", [int, float, lambda n: timedelta(seconds=n)])
async def test_times_work_in_any_form_until_they_end(make: Callable[[int], Any]) -> None:
    """A number or a timedelta counts to the second, in the first idle window and in the last."""
    clock = Clock()
    times = {"session_idle_timeout": make(600), "session_absolute_timeout": make(1500)}
    store = MemoryStore(clock)
    async with serving(state_clock=clock, session_store=store, **times) as browser:
        await browser.fetch("/fill", "POST")
        for _ in range(2):
            clock.pass_(599)
            assert (await browser.values())["visits"] == 1
            assert (await browser.fetch("/fill", "POST")).code == 200
        clock.pass_(300)
        assert (await browser.fetch("/login", "POST")).code == 200
        clock.pass_(601)
        assert (await browser.values())["user"] is None


# Row 30
def test_times_that_contradict_each_other_are_refused() -> None:
    """A session cannot be unused for longer than it lives."""
    with pytest.raises(CompositionError, match="session_absolute_timeout"):
        application(session_idle_timeout=3600, session_absolute_timeout=timedelta(minutes=30))


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


#: Handlers that cannot be served, and what the sentence must name.
NO_HANDLERS: dict[str, tuple[Any, str]] = {
    "too large for any tier": (Large, "Large.large"),
    "no tier meets its needs": (Torn, "Torn.torn"),
    "an attribute of Tornado's": (Shadowing, "Shadowing.request"),
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
def test_what_is_served_by_another_application_is_found_out() -> None:
    """A handler with state in a plain Application within has no state: told when it is made."""
    inner = Application([("/", Everything), ("/plain", RequestHandler)])

    class Outer(StateApplication):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__([(PathMatches("/in.*"), inner)], **settings)

    with pytest.raises(CompositionError, match="Everything"):
        application(of=Outer)


def test_the_smallest_handler_is_none_of_these() -> None:
    """What is tried above is tried where a plain application can be made."""
    assert application({"/": handler(cart=CART)})

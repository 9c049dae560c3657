"""Handlers with state and what third parties mix into them, in either order."""

from __future__ import annotations

from typing import Any

import pytest
from abroad_app import (
    EMPTY,
    ROUTES,
    VISITS,
    application,
    serving,
)
from tornado_state import CompositionError, StateApplication, StateHandler


def served(*rules: Any) -> Any:
    class Served(StateApplication):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__([*rules, *ROUTES.items()], **settings)

    return Served


class Mixin:
    """What third parties mix in: hooks that call on."""

    mixed: list[str]

    def initialize(self, **kwargs: Any) -> None:
        self.mixed = []
        super().initialize(**kwargs)  # type: ignore[misc]

    async def prepare(self) -> None:
        self.mixed.append("prepare")
        made = super().prepare()  # type: ignore[misc]
        if made is not None:
            await made

    def set_default_headers(self) -> None:
        super().set_default_headers()  # type: ignore[misc]
        self.set_header("X-Mixed", "yes")  # type: ignore[attr-defined]

    def on_finish(self) -> None:
        super().on_finish()  # type: ignore[misc]

    def finish(self, chunk: Any = None) -> Any:
        return super().finish(chunk)  # type: ignore[misc]


class WithoutSuper:
    """A mixin whose hooks for subclasses call nobody."""

    def __init_subclass__(cls) -> None:
        """Do nothing."""


class Before(Mixin, StateHandler):
    visits = VISITS

    def post(self) -> None:
        self.visits += 1


class After(StateHandler, Mixin):
    visits = VISITS
    post = Before.post


class Silent(WithoutSuper, StateHandler):
    visits = VISITS
    post = Before.post


class MixedInKind:
    visits = VISITS


class Inherits(MixedInKind, StateHandler):
    post = Before.post


class Later(StateHandler):
    post = Before.post


Later.visits = VISITS  # type: ignore[attr-defined]


# Row 29
@pytest.mark.parametrize("found", [Before, After, Silent, Inherits, Later])
async def test_mixins_work_in_either_order(found: Any) -> None:
    """Kinds are found wherever they were assigned, and hooks of mixins are called as ever."""
    async with serving(of=served(("/mixed", found))) as browser:
        assert (await browser.fetch("/mixed", "POST")).code == 200
        assert await browser.values() == EMPTY | {"visits": 1}


class HasState:
    state = "the mixin's"


class HasDeclared:
    declared_kinds = ("the mixin's",)


class HasUser:
    def get_current_user(self) -> str:
        return "the mixin's"


class Hiding(HasState, StateHandler):
    visits = VISITS


# Row 29
async def test_a_mixin_that_hides_the_state_is_refused_at_start() -> None:
    """What would make every request fail is told when the application is made, with the class."""
    with pytest.raises(CompositionError, match=r"Hiding.*state"):
        application({"/": Hiding})

    class Declaring(HasDeclared, StateHandler):
        visits = VISITS

        def get(self) -> None:
            self.write(f"{self.visits}")

    class Known(HasUser, StateHandler):
        visits = VISITS

        def get(self) -> None:
            self.write(f"{self.current_user}")

    async with serving({"/": Declaring, "/known": Known}) as browser:
        assert (await browser.fetch("/")).body == b"0"
        assert (await browser.fetch("/known")).body == b"the mixin's"

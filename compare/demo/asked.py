"""What the page may ask for."""

from __future__ import annotations

import asyncio
from typing import Any

from ..shop_visitor import Person
from . import doing
from .actions import LESSONS
from .booths import AllTaken, CannotOpen
from .handler import DemoHandler, Refused
from .matrix import SIDES
from .placing import placed_as_told
from .reading import verified
from .tour.playing import OutOfOrder, bring_back, play, told
from .tour.steps import BY_NAME
from .troubles import TROUBLES, plainly

_FROZEN = "The store is away. Bring it back first."


class ActionHandler(DemoHandler):
    """``POST /actions/NAME``: do something to both sides."""

    async def post(self, name: str) -> None:
        """Do it, and tell what was seen."""
        booth = self.booth()
        if name not in doing.DONE:
            raise Refused(404, "There is no such action.")
        if booth.frozen and name != "thaw":
            raise Refused(409, _FROZEN)
        try:
            result = await self.act(doing.DONE[name])
            tried = all(side["word"] != doing.NOT_TRIED for side in result.values())
            lesson = LESSONS[name] if tried else ""
            booth.last = {"name": name, "lesson": lesson, "result": result}
            self.finish(booth.last)
        finally:
            await booth.notify()


class TourHandler(DemoHandler):
    """``GET /tour``: what it has told so far. ``POST /tour/STEP``: play a beat of a step."""

    def get(self, _name: str | None = None) -> None:
        """Tell all of it."""
        self.finish({name: told(story) for name, story in self.booth().stories.items()})

    async def post(self, name: str) -> None:
        """Play the ``beat`` of this number; the first one brings the visitor's ``guess``."""
        body = self.body()
        number, guess = body.get("beat"), body.get("guess", {})
        if name not in BY_NAME:
            raise Refused(404, "There is no such step.")
        if type(number) is not int or not _is_guess(guess):
            raise Refused(400, "Send the number of a beat, and a guess for each side.")
        try:
            self.finish(told(await self.act(lambda booth: play(booth, name, number, guess))))
        except OutOfOrder:
            raise Refused(409, "This step has been left. Begin it again.") from None
        finally:
            await self.booth().notify()


def _is_guess(guess: Any) -> bool:
    """Return whether it says yes or no for some of the sides; none are guessed in a hurry."""
    return isinstance(guess, dict) and all(
        name in SIDES and isinstance(answer, bool) for name, answer in guess.items()
    )


class GuestHandler(DemoHandler):
    """``POST /guest``: have the guest of a ``step`` that was seen before sit there again."""

    async def post(self) -> None:
        """Do it, unless somebody is needed there for a step that is being played."""
        booth, name = self.booth(), self.body().get("step")
        if not isinstance(name, str) or name not in BY_NAME:
            raise Refused(404, "There is no such step.")
        if booth.play is None and not booth.busy.locked():
            for side in booth.sides.values():
                side.guest = side.guests.get(BY_NAME[name].guest)
            await booth.notify()
        self.finish({})


class LeftHandler(DemoHandler):
    """``POST /left``: a step was left; the store that it may have taken away is brought back."""

    async def post(self) -> None:
        """Do it, where it is away."""
        if self.booth().frozen:
            try:
                await self.act(bring_back)
            finally:
                await self.booth().notify()
        self.finish({})


class VerifyHandler(DemoHandler):
    """``POST /verify``: what the shop of a ``side`` makes of the ``value`` of a cookie."""

    async def post(self) -> None:
        """Send it, and tell."""
        booth, body = self.booth(), self.body()
        side, name, value = (body.get(each) for each in ("side", "name", "value"))
        if side not in SIDES or not isinstance(name, str) or not isinstance(value, str):
            raise Refused(400, "Send a side, the name of a cookie and its value.")
        try:
            told = await asyncio.to_thread(verified, booth, side, name, value)
        except TROUBLES as error:
            raise Refused(503, plainly(error)) from error
        self.finish({"told": told})


class AccountHandler(DemoHandler):
    """``POST /account``: one sign-up, or one sign-in, for both sides."""

    async def post(self) -> None:
        """Register if an email is given, then sign in on both sides."""
        booth = self.booth()
        if booth.frozen:
            raise Refused(409, _FROZEN)
        fields, person = self.body(), None
        if fields:
            try:
                person = Person(*(str(fields[name]) for name in Person._fields))
            except KeyError as error:
                raise Refused(400, f"{error.args[0]} is missing.") from error
        try:
            refusal = await self.act(lambda booth: doing.signed_in(booth, person))
        finally:
            await booth.notify()
        if refusal:
            raise Refused(422, refusal)
        self.finish({"username": booth.person.username})


class KindHandler(DemoHandler):
    """``POST /kind``: where something of one's own belongs."""

    def post(self) -> None:
        """Say it."""
        try:
            self.finish(placed_as_told(self.body()))
        except ValueError as error:
            raise Refused(422, str(error)) from error


class AnewHandler(DemoHandler):
    """``POST /anew``: other applications, with nothing in them."""

    async def post(self) -> None:
        """End the visitor's, and start others."""
        self.booth()
        try:
            await self.booths.anew(self.visitor or "")
        except (AllTaken, CannotOpen) as error:
            raise Refused(503, "The two shops do not start again. Reload the page.") from error
        self.finish({})

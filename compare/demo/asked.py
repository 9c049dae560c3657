"""What the page may ask for."""

from __future__ import annotations

from ..shop_visitor import Person
from . import doing
from .actions import LESSONS
from .booths import AllTaken, CannotOpen
from .handler import DemoHandler, Refused
from .matrix import declared_kind, placed

_FROZEN = "memcached is frozen. Thaw it first."


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
    """``POST /kind``: where a kind of one's own belongs."""

    def post(self) -> None:
        """Say it."""
        try:
            self.finish(placed(declared_kind(self.body())))
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

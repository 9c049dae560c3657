"""Coming from three predecessors: who is signed in stays signed in, with what was in the cart."""

from collections.abc import Awaitable, Callable
from typing import Any

from tornado.web import authenticated
from tornado_state import Kind, StateApplication, StateHandler
from tornado_state.predecessors import ExpressSession, Pycket, from_signed_cookie

#: Gets what the predecessor's store has: ``redis.asyncio.Redis().get``, say.
Load = Callable[[str], Awaitable[str | bytes | None]]


def make_app(load: Load, express_secret: str, **settings: Any) -> StateApplication:
    pycket, express = Pycket(load), ExpressSession(load, express_secret)

    class Page(StateHandler):
        user = Kind(
            "user",
            str,
            identity=True,
            confidential=True,
            revocable=True,
            adopts=[from_signed_cookie("user"), pycket.field("user"), express.field("user")],
        )
        cart = Kind(
            "cart",
            list[str],
            default=[],
            fresh=True,
            adopts=[pycket.field("cart"), express.field("cart")],
        )

    class Account(Page):
        @authenticated
        def get(self) -> None:
            self.write(f"signed in as {self.user}, with {', '.join(self.cart) or 'nothing'}")

        def post(self) -> None:
            self.state.destroy()

    return StateApplication([("/account", Account)], login_url="/sign-in", **settings)

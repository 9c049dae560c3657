"""A payment provider's return: a form that another site posts here, without this site's cookies."""

from typing import Any

from tornado.web import RequestHandler
from tornado_state import Kind, StateApplication, StateHandler

ORDER = Kind("order", str, fresh=True)

PAID: set[str] = set()  # an application has a database


class Checkout(StateHandler):
    order = ORDER

    def post(self) -> None:
        self.order = "order-7"
        self.write("<form action='https://pay.example/' method=post>…</form>")


class Paid(RequestHandler):
    """What the provider posts to. It has no state: the browser sends none of it along."""

    def post(self) -> None:
        # Believe the provider's signature, and nothing else that is in here.
        PAID.add(self.get_body_argument("order"))
        self.redirect("/receipt", status=303)  # a GET, and that one brings the cookies


class Receipt(StateHandler):
    order = ORDER

    def get(self) -> None:
        self.write(f"{self.order}: {'paid' if self.order in PAID else 'open'}")


def make_app(**settings: Any) -> StateApplication:
    return StateApplication(
        [("/checkout", Checkout), ("/paid", Paid), ("/receipt", Receipt)], **settings
    )

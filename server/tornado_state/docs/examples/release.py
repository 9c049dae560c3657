"""A kind whose values change their shape while the old release still runs."""

from typing import Any, TypedDict

from tornado_state import Kind, StateApplication, StateHandler


class Line(TypedDict):
    sku: str
    quantity: int


#: As it was: a list of what is in the cart.
OLD_CART = Kind("cart", list[str], default=[], fresh=True)


def with_quantities(skus: list[str]) -> list[Line]:
    """Make version 2 of version 1; both are what JSON has."""
    return [{"sku": sku, "quantity": skus.count(sku)} for sku in dict.fromkeys(skus)]


CART = Kind("cart", list[Line], default=[], fresh=True, version=2, migrations={1: with_quantities})


class OldCart(StateHandler):
    cart = OLD_CART

    def get(self) -> None:
        self.write(", ".join(self.cart))

    def post(self) -> None:
        self.cart.append(self.get_argument("sku"))


class Cart(StateHandler):
    cart = CART

    def get(self) -> None:
        self.write(", ".join(f"{line['quantity']} {line['sku']}" for line in self.cart))

    def post(self) -> None:
        self.cart.append({"sku": self.get_argument("sku"), "quantity": 1})


def make_old_app(**settings: Any) -> StateApplication:
    return StateApplication([("/cart", OldCart)], **settings)


def make_app(**settings: Any) -> StateApplication:
    return StateApplication([("/cart", Cart)], **settings)

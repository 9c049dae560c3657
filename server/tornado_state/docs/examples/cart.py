"""A cart, an address and a voucher: values of a TypedDict, a dataclass and a Struct."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypedDict

import msgspec
from tornado_state import InvalidValue, Kind, StateApplication, StateHandler


class Line(TypedDict):
    sku: str
    quantity: int


@dataclass
class Address:
    city: str
    street: str = ""


class Voucher(msgspec.Struct):
    code: str
    worth: Decimal


CART = Kind("cart", list[Line], default=[], fresh=True, concurrent=True, size=8192)
ADDRESS = Kind("address", Address, confidential=True)
# Which one was entered here. That it is used up is for a database to know: it holds everywhere.
VOUCHER = Kind("voucher", Voucher, fresh=True)


class Cart(StateHandler):
    cart = CART
    address = ADDRESS
    voucher = VOUCHER

    def get(self) -> None:
        city = self.address.city if self.address else "nowhere"
        worth = self.voucher.worth if self.voucher else Decimal(0)
        lines = ", ".join(f"{line['quantity']} {line['sku']}" for line in self.cart)
        self.write(f"{lines or 'nothing'} to {city}, less {worth}")

    async def post(self) -> None:
        new: Line = {"sku": self.get_argument("sku"), "quantity": 1}
        # Any number of requests may do this at once, and each counts.
        await self.state.update(CART, lambda cart: [*cart, new])

    def put(self) -> None:
        self.address = Address(self.get_argument("city"))
        self.voucher = Voucher("WELCOME", Decimal("5.00"))
        for line in self.cart:
            line["quantity"] += 1  # a change inside a value counts

    def patch(self) -> None:
        lines: Any = [{"sku": "tea", "quantity": "two"}]
        try:
            self.cart = lines
        except InvalidValue as error:
            self.write(error.path)  # cart[0].quantity

    def delete(self) -> None:
        del self.cart


def make_app(**settings: Any) -> StateApplication:
    return StateApplication([("/cart", Cart)], **settings)

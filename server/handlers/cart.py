"""What a visitor means to buy.

HTML forms can only POST, so what PUT and DELETE do has a POST, too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..catalogue import BY_SKU
from ..shop import (
    CART,
    Cart,
    InvalidFields,
    StaleCart,
    check_item,
    described_cart,
    with_added,
    with_item,
    without_item,
)
from .base import ShopHandler
from .bodies import read_fields, require
from .cart_form import NUMBERS, is_cart_form, read_cart_form, refuse_unknown
from .errors import Refused

_STALE = (
    "The cart has changed since this page showed it, in another tab perhaps. Nothing was saved. "
    "This is what is in it now."
)


class CartBase(ShopHandler):
    """A handler of the cart."""

    kinds = (CART,)

    def item_fields(self, *required: str) -> dict[str, Any]:
        """Return the body's fields; the quantity and the note are what they may be."""
        fields = read_fields(self.request, numbers=NUMBERS)
        require(fields, *required, "quantity")
        refuse_unknown(fields, {*required, "quantity", "note"})
        if not isinstance(fields.get("sku", ""), str):
            raise InvalidFields({"sku": "Must be text."})
        check_item(fields["quantity"], fields.get("note"))
        return fields

    async def change(self, function: Callable[[Cart], Cart], fragment: str = "") -> None:
        """Apply a pure ``function`` to the cart, and answer with what now stands."""
        cart = await self.state.update(CART, function)
        self.answer_form(described_cart(cart), self.came_from(fragment))

    async def remove(self, sku: str) -> None:
        """Take the product out of the cart; one that is not in it costs the store nothing."""
        if known(sku) in self.cart:
            await self.change(partial(without_item, sku))
        else:
            self.answer_form(described_cart(self.cart), self.came_from())


class CartHandler(CartBase):
    """``GET`` and ``POST /cart``; what is posted is a product to add, or a form of the page."""

    def get(self) -> None:
        """Show the cart."""
        cart = described_cart(self.cart)
        self.answer(cart, "cart.html", title="Your cart", cart=cart)

    async def post(self) -> None:
        """Add a quantity of a product, with a note if there is one; or change what is there."""
        fields = read_fields(self.request, numbers=NUMBERS)
        if is_cart_form(fields):
            await self._change_what_is_there(fields)
            return
        fields = self.item_fields("sku")
        sku = known(fields["sku"])
        add = partial(with_added, sku, fields["quantity"], fields.get("note"))
        await self.change(add, fragment=sku)

    async def _change_what_is_there(self, fields: dict[str, Any]) -> None:
        self.form, self.entered = "cart.html", fields
        try:
            cart = await self.state.update(CART, read_cart_form(fields))
        except StaleCart:
            self.entered = {}
            raise Refused(409, "cart_changed", _STALE) from None
        self.answer_form(described_cart(cart), "/cart", notice="cart-saved")

    def form_names(self) -> dict[str, Any]:
        """Return the cart as it is: a form that was refused stands beside it."""
        return {"cart": described_cart(self.peek(CART))}


class ItemHandler(CartBase):
    """``POST`` and ``PUT /cart/<sku>`` set a quantity and a note, ``DELETE`` removes the item."""

    async def post(self, sku: str) -> None:
        """Have exactly this quantity in the cart."""
        fields = self.item_fields()
        put = partial(with_item, known(sku), fields["quantity"], fields.get("note"))
        await self.change(put, fragment=sku)

    put = post

    async def delete(self, sku: str) -> None:
        """Take the product out of the cart."""
        await self.remove(sku)


class RemoveItemHandler(CartBase):
    """``POST /cart/<sku>/remove``, for forms."""

    async def post(self, sku: str) -> None:
        """Take the product out of the cart."""
        await self.remove(sku)


def known(sku: str) -> str:
    """Return ``sku`` if the shop has it, otherwise 404."""
    if sku not in BY_SKU:
        raise Refused(404, "unknown_product", "There is no such product.")
    return sku

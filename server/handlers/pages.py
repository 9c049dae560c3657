"""The shop's page, and the products by themselves."""

from __future__ import annotations

from typing import Any

from ..catalogue import Results, search
from ..shop import (
    CART,
    CREDENTIALS,
    PREFERENCES,
    InvalidFields,
    described_cart,
    preferences_of,
)
from ..state import Kind, StoreUnavailable
from .base import ShopHandler

_LONGEST_QUERY = 200


class SearchHandler(ShopHandler):
    """A handler that searches for ``?q=``."""

    def query(self) -> str:
        """Return what is searched for; 422 when it is too long."""
        query = self.get_query_argument("q", "")
        if len(query) > _LONGEST_QUERY:
            raise InvalidFields({"q": f"Must have {_LONGEST_QUERY} characters at most."})
        return query


class IndexHandler(SearchHandler):
    """``GET /``: everything on one page, and whatever is in reach while the store is away."""

    kinds = (PREFERENCES, CART, CREDENTIALS)
    page = True

    def get(self) -> None:
        """Show the shop."""
        query = self.query()
        reach = self._in_reach()
        preferences = preferences_of(self.peek(PREFERENCES))
        results = search(query, preferences)
        cart = described_cart(self.peek(CART, {})) if reach["cart"] else None
        credentials = self.peek(CREDENTIALS)
        value = {
            **described_results(results, preferences),
            "preferences": preferences,
            "cart": cart,
            "account": described_account(credentials) if credentials else None,
            "out_of_reach": [name for name, there in reach.items() if not there],
        }
        self.answer(
            value,
            "index.html",
            query=query,
            results=results,
            cart=cart,
            reach=reach,
        )

    def _in_reach(self) -> dict[str, bool]:
        return {kind.name: self._is_in_reach(kind) for kind in self.kinds}

    def _is_in_reach(self, kind: Kind) -> bool:
        try:
            self.state.get(kind)
        except StoreUnavailable:
            return False
        return True


class ProductsHandler(SearchHandler):
    """``GET /products?q=``: needs preferences and nothing else, so it works without the rest."""

    kinds = (PREFERENCES,)

    def get(self) -> None:
        """Show what is found."""
        query = self.query()
        preferences = preferences_of(self.state.get(PREFERENCES))
        results = search(query, preferences)
        value = described_results(results, preferences)
        self.answer(value, "products.html", query=query, results=results)


def described_results(results: Results, preferences: dict[str, Any]) -> dict[str, Any]:
    """Return what a program is told of a search."""
    return {
        "products": [
            {"sku": product.sku, "name": product.name, "price": product.price}
            for product in results.products
        ],
        "results_per_page": preferences["results_per_page"],
        "sort": preferences["sort"],
    }


def described_account(credentials: dict[str, Any]) -> dict[str, Any]:
    """Return what a person may see of who is signed in."""
    return {name: credentials[name] for name in ("username", "email", "signed_in_at")}

"""The shop's page, and the products by themselves."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from msgspec.structs import asdict

from ..catalogue import Results, search
from ..shop import (
    CART,
    EVERYTHING,
    PREFERENCES,
    Credentials,
    InvalidFields,
    Preferences,
    described_cart,
)
from .base import ShopHandler

_LONGEST_QUERY = 200
_LAST_PAGE = 1000
_PAGE = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


class SearchHandler(ShopHandler):
    """A handler that searches for ``?q=``, and shows its ``?page=``."""

    def results(self, preferences: Preferences) -> Results:
        """Return what is found; 422 when the words are too long, or the page cannot be one."""
        return search(self.query, preferences, self._page())

    @cached_property
    def query(self) -> str:
        """What is searched for."""
        query = self.get_query_argument("q", "")
        if len(query) > _LONGEST_QUERY:
            raise InvalidFields({"q": f"Must have {_LONGEST_QUERY} characters at most."})
        return query

    def _page(self) -> int:
        page = self.get_query_argument("page", "1", strip=False)
        if not _PAGE.fullmatch(page) or int(page) > _LAST_PAGE:
            raise InvalidFields({"page": f"Must be a whole number from 1 to {_LAST_PAGE:,}."})
        return int(page)

    def address(self, page: int) -> str:
        """Return where another page of the same search is."""
        wanted = {"q": self.query} if self.query else {}
        query = urlencode(wanted | ({"page": page} if page > 1 else {}))
        return f"{self.request.path}?{query}" if query else self.request.path


class IndexHandler(SearchHandler):
    """``GET /``: everything on one page, and whatever is in reach while the store is away.

    What lacks then may be asked for again soon (``Retry-After``).
    """

    kinds = EVERYTHING
    page = True

    def get(self) -> None:
        """Show the shop."""
        reach = {kind.name: self.knows(kind) for kind in self.kinds}
        if not all(reach.values()):
            self.set_header("Retry-After", "1")
        preferences, user = self.peek(PREFERENCES), self.current_user
        results = self.results(preferences)
        cart = described_cart(self.peek(CART)) if reach["cart"] else None
        value = {
            **described_results(results, preferences),
            "preferences": asdict(preferences),
            "cart": cart,
            "account": described_account(user) if user else None,
            "out_of_reach": [name for name, there in reach.items() if not there],
        }
        self.answer(
            value,
            "index.html",
            query=self.query,
            address=self.address,
            results=results,
            cart=cart,
            reach=reach,
        )


class ProductsHandler(SearchHandler):
    """``GET /products?q=``: needs preferences and nothing else, so it works without the rest."""

    kinds = (PREFERENCES,)

    def get(self) -> None:
        """Show what is found."""
        results = self.results(self.preferences)
        value = described_results(results, self.preferences)
        names = {"query": self.query, "address": self.address, "results": results}
        self.answer(value, "products.html", title="Products", **names)


def described_results(results: Results, preferences: Preferences) -> dict[str, Any]:
    """Return what a program is told of a search."""
    return {
        "products": [
            {"sku": product.sku, "name": product.name, "price": product.price}
            for product in results.products
        ],
        "found": results.found,
        "page": results.page,
        "results_per_page": preferences.results_per_page,
        "sort": preferences.sort,
    }


def described_account(credentials: Credentials) -> dict[str, str]:
    """Return what a person may see of who is signed in."""
    return {
        "username": credentials.username,
        "email": credentials.email,
        "signed_in_at": credentials.signed_in_at,
    }

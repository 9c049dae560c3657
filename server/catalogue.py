"""The products, and how they are found. Pure: a search is a function of words and preferences.

Rule 1: every word of a query must begin a word of the product's name, shelf or text.
Rule 2: relevance counts where the words were found: name before shelf before text. What is equally
relevant, and everything when nothing was asked for, stands in the catalogue's own order.
Rule 3: safe search leaves out what is for adults.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct

_WORD = re.compile(r"\w+")
_IN_NAME, _IN_SHELF, _IN_TEXT = 9, 3, 1

MOST_PER_PAGE = 100

Sort = Literal["relevance", "price", "name"]


class SearchPreferences(Struct, frozen=True):
    """How somebody wants to search; the defaults are everybody's."""

    results_per_page: Annotated[int, Meta(ge=1, le=MOST_PER_PAGE)] = 20
    sort: Sort = "relevance"
    safe_search: bool = True


@dataclass(frozen=True, slots=True)
class Product:
    """Something to buy; ``price`` in cents, ``mature`` when it is for adults."""

    sku: str
    name: str
    price: int
    shelf: str
    text: str
    mature: bool = False


class Results(NamedTuple):
    """The products of one page, how many were found in all, and which page of how many it is."""

    products: tuple[Product, ...]
    found: int
    page: int
    pages: int


PRODUCTS: Final = (
    Product("lamp-01", "Paper lantern lamp", 4900, "light", "Warm, dimmable, folds flat"),
    Product("kettle-01", "Enamel kettle", 5400, "kitchen", "Whistles in two notes, 1.8 litres"),
    Product("book-01", "Dotted notebook", 1450, "desk", "Lies open by itself, 192 pages"),
    Product("wool-01", "Merino blanket", 12900, "textiles", "Undyed wool, woven in one piece"),
    Product("mug-01", "Stoneware mug", 1800, "table", "Ash glaze, a thumb's rest on the handle"),
    Product("herb-01", "Window herb box", 3600, "garden", "Cedar, with basil, thyme and chives"),
    Product("read-01", "The slow kitchen", 2900, "books", "Eighty recipes that wait for you"),
    Product("gin-01", "Juniper gin", 3900, "cellar", "Distilled in small batches, 44 %", True),
    Product("knife-01", "Paring knife", 4200, "kitchen", "Carbon steel, a pear-wood handle"),
    Product("pen-01", "Brass fountain pen", 6800, "desk", "Fine nib, turns golden with use"),
    Product("plate-01", "Supper plate", 2400, "table", "Speckled stoneware, 26 centimetres"),
    Product("linen-01", "Linen apron", 3900, "textiles", "Cross-back, deep pockets, softens"),
    Product("lamp-02", "Reading lamp", 8900, "light", "Bends where you look, three warmths"),
    Product("glove-01", "Garden gloves", 1900, "garden", "Goatskin, long cuffs against thorns"),
    Product("read-02", "A field guide to weeds", 2400, "books", "What grows uninvited, and why"),
    Product("wine-01", "Field blend red wine", 1650, "cellar", "Eleven grapes, one hill", True),
    Product("pan-01", "Iron skillet", 7200, "kitchen", "Seasoned thrice, lasts for ever"),
    Product("tray-01", "Letter tray", 3400, "desk", "Bent birch, stacks with its like"),
    Product("glass-01", "Tumbler, set of four", 3200, "table", "Mouth-blown, slightly unequal"),
    Product("towel-01", "Waffle towel", 2700, "textiles", "Dries quickly, and so do you"),
    Product("candle-01", "Beeswax candles", 2200, "light", "Six, hand-dipped, nine hours each"),
    Product("can-01", "Watering can", 4600, "garden", "Galvanised, a rose as fine as rain"),
    Product("read-03", "Letters to a gardener", 1900, "books", "A correspondence of four years"),
    Product("whisky-01", "Peated whisky", 7400, "cellar", "Ten years by the sea, 46 %", True),
    Product("board-01", "Chopping board", 5900, "kitchen", "End-grain oak, feet that grip"),
    Product("clip-01", "Brass clips", 950, "desk", "Twelve, for papers that stray"),
    Product("bowl-01", "Noodle bowl", 2600, "table", "Deep, with a place for chopsticks"),
    Product("cushion-01", "Floor cushion", 6400, "textiles", "Buckwheat husks, cotton canvas"),
    Product("lamp-03", "Storm lantern", 5200, "light", "Burns on when it blows, tin and glass"),
    Product("seed-01", "Meadow seeds", 1200, "garden", "Forty kinds for four square metres"),
    Product("read-04", "The paper atlas", 4800, "books", "Maps drawn by hand, for the table"),
    Product("bitter-01", "Orange bitters", 1900, "cellar", "A dash is plenty, 42 %", True),
    Product("grind-01", "Coffee grinder", 8400, "kitchen", "Steel burrs, by hand, quietly"),
    Product("ink-01", "Blue-black ink", 1600, "desk", "Fifty millilitres, dries waterproof"),
    Product("jug-01", "Milk jug", 2100, "table", "Pours without a drip, ash glaze"),
    Product("scarf-01", "Lambswool scarf", 5600, "textiles", "Two metres, fringed, oat and grey"),
    Product("bulb-01", "Filament bulb", 1100, "light", "LED, 2,200 kelvin, dims to amber"),
    Product("trowel-01", "Hand trowel", 2300, "garden", "Forged, marked in centimetres"),
    Product("read-05", "Knots, and how to tie them", 2200, "books", "Sixty knots, with a cord"),
    Product("cider-01", "Orchard cider", 890, "cellar", "Dry, from old trees, 6 %", True),
)

BY_SKU: Final = MappingProxyType({product.sku: product for product in PRODUCTS})


def search(query: str, preferences: SearchPreferences, page: int = 1) -> Results:
    """Return a page, from 1, of the products for ``query`` as ``preferences`` want them.

    Beyond the last page there are no products.
    """
    words = _words(query)
    safe = preferences.safe_search
    scored = [
        (score, product)
        for product in PRODUCTS
        if not (safe and product.mature) and (score := _relevance(words, product)) is not None
    ]
    match preferences.sort:
        case "price":
            scored.sort(key=lambda found: found[1].price)
        case "name":
            scored.sort(key=lambda found: found[1].name.casefold())
        case _:
            scored.sort(key=lambda found: -found[0])
    products = tuple(product for _, product in scored)
    length = preferences.results_per_page
    pages = max(1, -(-len(products) // length))
    return Results(products[(page - 1) * length : page * length], len(products), page, pages)


def _words(text: str) -> tuple[str, ...]:
    """Return the words of ``text`` without case and accents, so that "café" finds "Cafe"."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return tuple(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c))))


@lru_cache(maxsize=len(PRODUCTS))
def _searchable(product: Product) -> tuple[tuple[int, tuple[str, ...]], ...]:
    return (
        (_IN_NAME, _words(product.name)),
        (_IN_SHELF, _words(product.shelf)),
        (_IN_TEXT, _words(product.text)),
    )


def _relevance(words: tuple[str, ...], product: Product) -> int | None:
    """Return how well the product answers, None when a word is nowhere in it."""
    scores = [_score(word, product) for word in words]
    return sum(scores) if all(scores) else None


def _score(word: str, product: Product) -> int:
    return sum(
        weight
        for weight, there in _searchable(product)
        if any(candidate.startswith(word) for candidate in there)
    )

"""The shop with all of its state in signed cookies, to see what that does to it.

Two of its three kinds are misplaced, knowingly. It needs no session store and starts none.
"""

from __future__ import annotations

import sys

from tornado_state import SIGNED_COOKIE, PlacementTable

from .operation.start import Composition, main
from .shop import CART, CREDENTIALS, PREFERENCES

COMPOSITION = Composition(
    name="cookie",
    title="The signed-cookie shop",
    port=8001,
    placement=PlacementTable(
        {PREFERENCES: SIGNED_COOKIE, CART: SIGNED_COOKIE, CREDENTIALS: SIGNED_COOKIE},
        allow_misplaced=True,
    ),
)

if __name__ == "__main__":
    sys.exit(main(COMPOSITION))

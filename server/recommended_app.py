"""The shop as it should be: each kind of state where its needs are met. Nothing is misplaced."""

from __future__ import annotations

import sys

from tornado_state import SERVER_SESSION, SIGNED_COOKIE, PlacementTable

from .operation.start import Composition, main
from .shop import CART, CREDENTIALS, PREFERENCES

#: The name is short because it is part of every cookie's name: see `SIGNED_COOKIE`'s capacity.
COMPOSITION = Composition(
    name="shop",
    title="The shop",
    port=8003,
    placement=PlacementTable(
        {PREFERENCES: SIGNED_COOKIE, CART: SERVER_SESSION, CREDENTIALS: SERVER_SESSION}
    ),
)

if __name__ == "__main__":
    sys.exit(main(COMPOSITION))

"""The shop with all of its state in a server session, to see what that does to it.

Its preferences are misplaced, knowingly: they end with sign-out, and with the store.
"""

from __future__ import annotations

import sys

from tornado_state import SERVER_SESSION, PlacementTable

from .operation.start import Composition, main
from .shop import CART, CREDENTIALS, PREFERENCES

COMPOSITION = Composition(
    name="session",
    title="The server-session shop",
    port=8002,
    placement=PlacementTable(
        {PREFERENCES: SERVER_SESSION, CART: SERVER_SESSION, CREDENTIALS: SERVER_SESSION},
        allow_misplaced=True,
    ),
)

if __name__ == "__main__":
    sys.exit(main(COMPOSITION))

"""The store contract, run as an author of a store runs it; needs nothing but the library."""

from __future__ import annotations

import unittest

from tornado_state.stores import MemoryStore, SessionStore
from tornado_state.testing import StoreContract


class MemoryStoreTest(StoreContract, unittest.TestCase):
    """The store in memory passes; time is its own clock's."""

    def setUp(self) -> None:
        self.now = 0.0

    def make_store(self) -> SessionStore:
        """Return one whose clock stands."""
        return MemoryStore(lambda: self.now)

    async def let_time_pass(self) -> None:
        """Turn the clock on."""
        self.now += 1

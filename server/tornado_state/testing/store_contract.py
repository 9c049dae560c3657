"""The suite that every session store passes: the rules of `SessionStore`, each a test.

With pytest, a class whose name begins with Test; with unittest, the same beside a ``TestCase``::

    class TestMyStore(StoreContract):
        async def make_store(self):
            return MyStore("db.example")

    class MyStoreTest(StoreContract, unittest.TestCase):
        ...

The tests are plain methods, each runs an event loop of its own, so neither a plugin nor
``IsolatedAsyncioTestCase`` is needed, and both may be there. What a store needs around it, a server
say, is made where it always is: in a fixture, in ``setUp``.
"""

from __future__ import annotations

from .store_rules.arguments import ArgumentRules
from .store_rules.crowds import CrowdRules
from .store_rules.expiry import ExpiryRules
from .store_rules.outages import OutageRules
from .store_rules.records import RecordRules
from .store_rules.versions import VersionRules


class StoreContract(RecordRules, VersionRules, ExpiryRules, CrowdRules, ArgumentRules, OutageRules):
    """Override `make_store`, and what else of `StoreRules` is so for the store."""

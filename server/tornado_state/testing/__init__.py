"""What tests of applications, and authors of stores, use; it needs neither pytest nor unittest.

store_contract.py  the suite that every session store passes
store_rules/       its rules, a file per subject
"""

from .store_contract import StoreContract

__all__ = ["StoreContract"]

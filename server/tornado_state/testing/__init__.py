"""What tests of applications, and authors of stores, use; it needs neither pytest nor unittest.

signed_in.py       somebody who is signed in
cookie_jar.py      a jar that keeps cookies between requests
store_contract.py  the suite that every session store passes
store_rules/       its rules, a file per subject
"""

from .cookie_jar import CookieJar
from .signed_in import CookieHeader, sign_in
from .store_contract import StoreContract

__all__ = ["CookieHeader", "CookieJar", "StoreContract", "sign_in"]

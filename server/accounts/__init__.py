"""Accounts: who may sign in, and which sessions each account has; in a database.

accounts.py   the accounts themselves
errors.py     what can go wrong
fields.py     usernames and email addresses
look_alikes.py  usernames that print like another
passwords.py  the policy, and Argon2id off the event loop
fair_threads.py  threads shared fairly between remote addresses
throttle.py   back-off after wrong passwords
places.py     where sessions are kept
ending.py     ending sessions from outside of any application
tables.py     the tables
attempts.py   tries to sign in
rows.py       what is read from them and written to them
database_url.py   the database's address
database.py   one database, and its errors translated
__main__.py   the command for whoever runs the service
"""

from .accounts import Accounts
from .attempts import device_mark
from .rows import Account, AccountEntry, AccountSession, SignIn

__all__ = ["Account", "AccountEntry", "AccountSession", "Accounts", "SignIn", "device_mark"]

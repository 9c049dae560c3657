"""The accounts' four tables. Times are in seconds since the epoch.

No session ID and no password is in them: a session is there by its store key, which opens nothing.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, Integer, MetaData, String, Table, Text

schema = MetaData()

accounts = Table(
    "accounts",
    schema,
    Column("id", String(22), primary_key=True),
    Column("username", String(64), nullable=False),
    #: What usernames are compared by; case folding can make a name three times as long.
    Column("compared", String(255), nullable=False, unique=True),
    Column("email", String(254), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("password_version", Integer, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

account_sessions = Table(
    "account_sessions",
    schema,
    Column("handle", String(22), primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("store_key", String(64), nullable=False, unique=True),
    Column("created_at", Integer, nullable=False, index=True),
    Column("device", String(200), nullable=False),
)

session_places = Table(
    "session_places",
    schema,
    Column("place", Text, primary_key=True),
    Column("last_at", Double, nullable=False),
)

sign_in_tries = Table(
    "sign_in_tries",
    schema,
    Column("name_hash", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Double, nullable=False, index=True),
)

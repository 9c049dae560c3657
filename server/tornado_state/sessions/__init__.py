"""The server tier: one request's session, its record, and the ID that leads there."""

"""The session layers people use, each in a small application after its own documentation.

A folder is a peer: its application, ``check.toml``, and the versions it is pinned to, which are
installed into an environment of its own when they are first needed. ``ours_*.toml`` are this
project's applications, described as anybody's.

Every one has the same routes: ``POST /register``, ``/login``, ``/logout`` and ``/password``,
``GET /me``, and ``POST`` and ``GET /notes``, which are kept with the session. Passwords are
compared as they are; only what concerns sessions follows the documentation.

environments.py       what a peer needs, made on demand
command.py            ``python -m compare peers``: all of them in one table
"""

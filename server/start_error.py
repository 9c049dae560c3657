"""The one exception that keeps an application from starting."""

from __future__ import annotations


class StartError(Exception):
    """Why the application does not start: one sentence for standard error; the exit status is 2."""

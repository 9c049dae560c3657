"""A short description of a browser, for its owner to tell their sessions apart. Pure.

The ``User-Agent`` header is whatever a client likes to send, so nothing of it is ever kept or
shown: only words of the two tables are.
"""

from __future__ import annotations

#: The first that occurs counts: many browsers name the ones they descend from as well.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "a Python program"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def describe_device(user_agent: str) -> str:
    """Return a few words such as ``Firefox on Linux``."""
    browser = _first(_BROWSERS, user_agent) or "an unknown browser"
    system = _first(_SYSTEMS, user_agent)
    described = f"{browser} on {system}" if system else browser
    return described[0].upper() + described[1:]


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    lowered = user_agent[:512].lower()
    return next((words for mark, words in table if mark.lower() in lowered), None)

"""Where a form came from: one of our own pages, whatever a ``Referer`` says. Pure."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlencode, urlsplit

#: The pages a form may lead back to; those with a search keep it.
_PAGES = ("/", "/products", "/cart", "/preferences", "/sessions")
_WITH_SEARCH = {"/": ("q", "page"), "/products": ("q", "page")}


def page_of(referer: str, fragment: str = "") -> str:
    """Return the path of the page in ``referer``, the shop's page when it is not ours."""
    try:
        parts = urlsplit(referer)
    except ValueError:
        parts = urlsplit("")
    path = parts.path if parts.path in _PAGES else "/"
    given = parse_qs(parts.query)
    kept = {name: given[name][0] for name in _WITH_SEARCH.get(path, ()) if name in given}
    query = f"?{urlencode(kept)}" if kept else ""
    return f"{path}{query}#{quote(fragment)}" if fragment else path + query

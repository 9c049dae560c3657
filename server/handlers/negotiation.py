"""JSON or HTML: what a request's ``Accept`` prefers (RFC 9110 12.5.1). Pure.

Rule 1: HTML is for who names ``text/html`` and does not prefer JSON to it; browsers do, programs
send ``*/*``.
Rule 2: a route that is a page answers a page, unless JSON is named and preferred.
"""

from __future__ import annotations

import re

from tornado.httputil import HTTPHeaders

HTML, JSON = "text/html", "application/json"

_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def media_type(header: str) -> str:
    """Return the media type of a ``Content-Type`` without parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def prefers_html(accept: str, *, page: bool = False) -> bool:
    """Return whether to answer HTML; ``page`` says that the route is made for people."""
    weights = _weights(accept)
    if page and JSON not in weights:
        return True
    html = weights.get(HTML, weights.get("text/*", weights.get("*/*", 0.0)) if page else 0.0)
    json = weights.get(JSON, weights.get("application/*", weights.get("*/*", 0.0)))
    return html > 0 and html >= json


def asks_for_html(headers: HTTPHeaders, *, page: bool = False) -> bool:
    """Return whether a request's headers ask for a page; who sends JSON gets JSON."""
    if media_type(headers.get("Content-Type", "")) == JSON:
        return False
    return prefers_html(",".join(headers.get_list("Accept")), page=page)


def _weights(accept: str) -> dict[str, float]:
    """Return the weight of each range named; one with a malformed weight counts for nothing."""
    weights: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = part.split(";")
        weights[name.strip().lower()] = _weight(parameters)
    return weights


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            return float(value) if _WEIGHT.fullmatch(value := value.strip()) else 0.0
    return 1.0

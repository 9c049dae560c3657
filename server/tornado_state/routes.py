"""The handlers that an application's routes lead to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tornado.routing import ReversibleRouter, Rule, RuleRouter
from tornado.web import Application


def handlers_of(router: Any) -> Iterator[Any]:
    """Yield whatever the rules of a router lead to, in order, through other routers as well.

    An application within is yielded as it is.
    """
    return _within(router, set())


def _within(found: Any, seen: set[int]) -> Iterator[Any]:
    if id(found) in seen:
        return
    if isinstance(found, Application):
        yield found
    elif isinstance(found, RuleRouter | ReversibleRouter):
        seen.add(id(found))
        yield from _within(list(getattr(found, "rules", ())), seen)
    elif isinstance(found, Rule):
        yield from _within(found.target, seen)
    elif isinstance(found, list | tuple):
        for each in found:
            yield from _within(each, seen)
    else:
        yield found

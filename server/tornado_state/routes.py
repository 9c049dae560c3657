"""The handlers that an application's routes lead to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tornado.routing import ReversibleRouter, Rule, RuleRouter
from tornado.web import Application


def handlers_of(router: Any) -> Iterator[Any]:
    """Yield whatever the rules of a router lead to, through other routers as well.

    An application within is yielded as it is.
    """
    waiting, seen = [router], set()
    while waiting:
        found = waiting.pop()
        if isinstance(found, Application):
            yield found
        elif isinstance(found, RuleRouter | ReversibleRouter) and id(found) not in seen:
            seen.add(id(found))
            waiting += [rule.target for rule in getattr(found, "rules", ())]
        elif isinstance(found, Rule):
            waiting.append(found.target)
        elif isinstance(found, list | tuple):
            waiting += found
        else:
            yield found
